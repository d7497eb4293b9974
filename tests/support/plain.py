# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A second implementation of the rules, a plain scan of the recorded data, which tests compare with the resolver.

It shares no code with the resolver.  Times are `datetime`, which is exact to the microsecond; the data has milliseconds.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

RECORDED = Path(__file__).parent.parent / "data/recorded-histories.json"

Moves = list[tuple[datetime, str]]


def load() -> dict[str, Moves]:
    """Returns the moves of each recorded tag, as time and digest."""
    data = json.loads(RECORDED.read_text())
    return {
        image: [
            (datetime.fromisoformat(r["updateTimestamp"].replace("Z", "+00:00")), r["digest"]) for r in value["history"]
        ]
        for image, value in data.items()
    }


def expected(moves: Moves, at: datetime | None) -> str | None:
    """Returns the digest that the tag pointed at, the latest if `at` is `None`; `None` before the first move."""
    found = None
    for moved, digest in moves:
        if at is None or moved <= at:
            found = digest
    return found


def instants(moves: Moves) -> list[datetime]:
    """Returns interesting instants: each move, a millisecond before it, between two moves, before the first, after the last."""
    times = [moved for moved, _digest in moves]
    between = [earlier + (later - earlier) / 2 for earlier, later in pairwise(times)]
    outside = [times[0] - timedelta(days=400), times[-1] + timedelta(hours=1), times[-1] + timedelta(days=60)]
    return [*times, *(time - timedelta(milliseconds=1) for time in times), *between, *outside]


def by_rule(
    moves: Moves,
    present: datetime,
    at: datetime | None = None,
    min_age: timedelta = timedelta(0),
    builds_back: int = 0,
    exclude: frozenset[str] = frozenset(),
    current: str | None = None,
) -> str | None:
    """Returns the digest that a rule chooses, by one pass over the moves; `None` if no build matches."""
    held: list[tuple[datetime, str]] = []
    for moved, digest in moves:
        too_late = moved > (at or present) or (min_age and present - moved < min_age)
        if too_late or digest in exclude:
            continue
        if held and held[-1][1] == digest:
            held.pop()
        held.append((moved, digest))
    if len(held) <= builds_back:
        return None
    moved, digest = held[-1 - builds_back]
    newer = [other for when, other in moves if when > moved]
    return current if current in newer and current not in exclude and not builds_back else digest
