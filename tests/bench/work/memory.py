# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the memory to resolve a tag with a long history: it depends on the range that is read, not on the whole history."""

from __future__ import annotations

from pathlib import Path

from ..measure import Check, Cost, Part, Row
from ..served import made_up, served

SHORT, LONG = 1000, 10_000
BOUND = 1.1


def part(folder: Path, short: int = SHORT, long: int = LONG) -> Part:
    """Measures this kind of work."""
    histories = {f"chainguard/image:of-{number}": made_up(str(number), number) for number in (short, long)}
    peaks = []
    costs = []
    with served(histories, folder / "memory", delay=0) as registry:
        for image in histories:
            before = len(registry.log())
            peaks.append(registry.ask(f"cgr.dev/{image}", "--memory")["peak"])
            sizes = registry.log()[before:]
            costs.append(Cost(0, len(sizes), sum(sizes)))
    ratio = peaks[1] / peaks[0]
    check = Check(f"≤ {BOUND}×: bounded by the window, not by the history", f"{ratio:.2f}×", ratio <= BOUND)
    return Part(
        [Row(f"peak of memory, history of {long:,} records", f"of {short:,} records", [check], costs[1], costs[0])]
    )
