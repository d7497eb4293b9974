# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which builds share a rectangle of a drawing: those that are too narrow to be seen, or pointed at, on their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..._bridge import humanize_duration
from ...resolver import Instant, Interval, Timeline

NARROWEST = 3.0
"""The narrowest rectangle, in pixels."""
MANY = 400
"""The number of builds from which on each has a short text only, so that a drawing stays small."""


@dataclass(frozen=True)
class Band:
    """A rectangle for one build, or for several narrow ones.

    Attributes:
        left: where it begins, in pixels.
        right: where it ends.
        intervals: its builds, oldest first.
        kind: its class: `chosen`, `current`, `returned`, `even` or `odd`.
    """

    left: float
    right: float
    intervals: tuple[Interval, ...]
    kind: str

    @property
    def is_marked(self) -> bool:
        """Whether it is the build that the rule chooses, or that is deployed."""
        return self.kind in ("chosen", "current")

    @property
    def is_instant(self) -> bool:
        """Whether the tag moved on at the instant at which it had moved there: two builds of one instant."""
        only = self.intervals[0]
        return len(self.intervals) == 1 and only.until == only.updated_at


def bands_of(past: Timeline, x_of: Callable[[Instant], float]) -> list[Band]:
    """Returns the rectangles of a timeline, from left to right.

    Args:
        past: the timeline.
        x_of: returns the place of an instant, in pixels.
    """
    found: list[Band] = []
    for number, interval in enumerate(past.intervals):
        left, right = x_of(interval.updated_at), x_of(interval.until or past.end)
        band = Band(left, right, (interval,), _kind(past, interval, number))
        last = found[-1] if found else None
        if (
            last
            and not (last.is_marked or band.is_marked)
            and not band.is_instant
            and not last.is_instant
            and _is_narrow(last)
        ):
            kind = "returned" if "returned" in (last.kind, band.kind) and _is_narrow(band) else last.kind
            found[-1] = replace(last, right=right, intervals=(*last.intervals, interval), kind=kind)
        else:
            found.append(band)
    return found


def tooltip(past: Timeline, band: Band) -> str:
    """Returns what is shown when the mouse is over a rectangle."""
    if len(band.intervals) > 1 or len(past.intervals) > MANY:
        lines = [f"{interval.digest.partition(':')[2][:12]} {interval.updated_at}" for interval in band.intervals]
        return "\n".join(lines)
    (interval,) = band.intervals
    duration = humanize_duration(past.active_nanoseconds(interval))
    lines = [
        interval.digest,
        f"moved at {interval.updated_at}",
        f"stood for {duration}{'' if interval.until else ' so far'}",
    ]
    return "\n".join([*lines, *([f"returned; it had left at {interval.returned}"] if interval.returned else [])])


def places_of_instants(bands: list[Band]) -> Iterator[tuple[Band, float]]:
    """Yields the rectangles for builds of one instant, each with the left edge at which it is seen beside the others."""
    seen: dict[Instant, int] = {}
    for band in bands:
        if band.is_instant:
            instant = band.intervals[0].updated_at
            seen[instant] = seen.get(instant, 0) + 1
            yield band, band.left - (NARROWEST + 1) * seen[instant]


def _is_narrow(band: Band) -> bool:
    return band.right - band.left < NARROWEST


def _kind(past: Timeline, interval: Interval, number: int) -> str:
    if past.is_chosen(interval):
        return "chosen"
    if past.is_current(interval):
        return "current"
    return "returned" if interval.returned else ("even", "odd")[number % 2]
