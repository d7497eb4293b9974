# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The page docs/maintaining/performance.md."""

from __future__ import annotations

from .measure import Check, Cost, Row
from .numbers import Numbers

PLOTS = "performance"
"""The directory of the plots and the numbers, next to the page."""

HEAD = """# Performance

Written by `make bench` from a run of `tests/bench`. Both sides of a row are measured in the same run, alternately, against the
embedded registry in its own process, with 50 ms added to every response. Each figure is a median, so the ratios hold on other
machines, too. Requests and bytes (of response bodies) come from the registry's log: this project's on the left of the colon, the
other way's on the right. All ways must find the same digests, or nothing is measured.
"""

NOTES = """- *The documented way* is `tests/bench/by-hand.sh`: it gets a token and the whole history, page after page if it has more than
  1,000 records, and chooses with jq.
- *The limit* for images is the time of a round trip on an open connection, twice for each image (token, history), 16 at a time. It is
  compared with a process that has made a resolver but has asked nothing yet; the loops are compared with a whole process.
- The histories of images and hosts have 200 records, one a day; the longest recorded history of a real tag has 216.
- Nothing uses credentials. The playbooks run with Ansible's defaults (5 forks) and local connections.
- Memory is measured with Python's `tracemalloc`, after requests is imported.
"""


def rendered(numbers: Numbers) -> str:
    """Returns the page."""
    table = ["| work | against | goal | measured | met | requests | bytes |", "|---|---|---|---|---|---|---|"]
    table += [_line(row) for row in numbers.rows]
    parts = [HEAD, "\n".join(table) + "\n", *_missed(numbers.rows)]
    parts += [
        f"## By {plot.number}\n\n![time and bytes by {plot.number}]({PLOTS}/{plot.name}.svg)\n"
        for plot in numbers.plots
    ]
    facts = "\n".join(f"- {name}: {value}" for name, value in numbers.facts.items())
    return "\n".join([*parts, "## How it was measured\n", NOTES + facts + "\n"])


def _line(row: Row) -> str:
    cells = [row.work, row.against, *(_joined(row.checks, part) for part in ("goal", "measured", "met"))]
    cells += [_pair(str(row.ours.requests), str(row.theirs.requests)), _pair(_size(row.ours), _size(row.theirs))]
    return f"| {' | '.join(cells)} |"


def _joined(checks: list[Check], part: str) -> str:
    words = {True: "yes", False: "**no**", None: ""}
    if part == "met":
        return "<br>".join(words[check.met] for check in checks)
    return "<br>".join(getattr(check, part) for check in checks)


def _pair(ours: str, theirs: str) -> str:
    return "" if ours == theirs == "0" else f"{ours} : {theirs}"


def _size(cost: Cost) -> str:
    if cost.bytes < 1000:
        return str(cost.bytes)
    return f"{cost.bytes / 1e6:.2f} MB" if cost.bytes >= 1e6 else f"{cost.bytes / 1e3:.1f} kB"


def _missed(rows: list[Row]) -> list[str]:
    missed = [row for row in rows if any(check.met is False for check in row.checks)]
    if not missed:
        return ["Every goal is met.\n"]
    return [f"### Missed: {row.work}, against {row.against}\n\n{row.where or 'Not profiled.'}\n" for row in missed]
