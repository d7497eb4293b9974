# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The measured numbers as a file, from which the page and the plots are made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .measure import Check, Cost, Part, Plot, Row


@dataclass(frozen=True)
class Numbers:
    """The measurements of one run, and facts about the machine and the programs, as name and value."""

    facts: dict[str, str]
    rows: list[Row]
    plots: list[Plot]

    @classmethod
    def of(cls, facts: Mapping[str, str], parts: Sequence[Part]) -> Numbers:
        """Joins the parts of all kinds of work."""
        return cls(dict(facts), [row for part in parts for row in part.rows], [p for part in parts for p in part.plots])

    def save(self, file: Path) -> None:
        """Writes a file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Numbers:
        """Reads a file."""
        data = json.loads(file.read_text(encoding="utf-8"))
        return cls(data["facts"], [_row(row) for row in data["rows"]], [_plot(plot) for plot in data["plots"]])


def _row(data: dict[str, Any]) -> Row:
    checks = [Check(**check) for check in data["checks"]]
    costs = {name: Cost(**data[name]) for name in ("ours", "theirs")}
    return Row(data["work"], data["against"], checks, where=data["where"], **costs)


def _plot(data: dict[str, Any]) -> Plot:
    curves = {way: [(number, Cost(**cost)) for number, cost in curve] for way, curve in data["curves"].items()}
    return Plot(data["name"], data["number"], curves)
