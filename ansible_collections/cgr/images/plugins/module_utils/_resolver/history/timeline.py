# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The past of a tag, to look at: at which digests it stood, when and for how long, and what a rule takes of them.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Sequence

from ..errors import InvalidImage, InvalidRule
from ..model.build import Build, HistoryRange
from ..model.duration import parse_duration
from ..model.instant import AtLike, Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..model.rule import parse_at

SINCE = "90d"
"""How far back one looks by default."""


@dataclass(frozen=True)
class Interval:
    """One stay of a tag at a digest.

    Attributes:
        digest: the digest.
        updated_at: when the tag moved to the digest, in UTC.
        until: when it moved on, in UTC; none where it has not, as far as was read.
        returned: when it had left this digest the last time before, in UTC; none where it had not been there, as far as was read.
    """

    digest: str
    updated_at: Instant
    until: Instant | None = None
    returned: Instant | None = None

    def holds(self, digest: str, updated_at: Instant) -> bool:
        """Whether this is the interval that a move to a digest began, or confirmed."""
        if digest != self.digest or updated_at < self.updated_at:
            return False
        # An interval of no duration ends at the instant at which it began.
        return self.until is None or updated_at < self.until or updated_at == self.updated_at


@dataclass(frozen=True)
class Timeline:
    """A whole history of a tag's past.

    Attributes:
        question: what the rule asks.
        since: the instant from which on the stays are listed, in UTC; the one that had begun before is among them.
        until: the instant up to which they are, in UTC; none for the present.
        now: the time by the registry's clock; none if it gave none.
        stays: the stays, oldest first.
        chosen: the answer to the question; none where it is refused.
        refusal: why it is refused.
        current: the digest that is deployed, if it is known.
        warnings: what the user should mend.
    """

    query: Query
    since: Instant
    until: Instant | None
    now: Instant | None
    intervals: tuple[Interval, ...]
    chosen: Resolution | None = None
    refusal: str | None = None
    current: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        query: Query,
        history: HistoryRange,
        warnings: tuple[str, ...],
        since: Instant,
        until: Instant | None,
        current: str | None,
    ) -> Timeline:
        """Makes the past of what was read of it."""
        intervals = intervals_of(history, since, until)
        warnings = (*warnings, *contradictions(intervals))
        return cls(query, since, until, history.now, intervals, current=current, warnings=warnings)

    @property
    def image(self) -> str:
        """The tag, `cgr.dev/ORG/IMAGE:TAG`."""
        return f"{self.query.reference.repository}:{self.query.reference.tag}"

    @property
    def cut_off(self) -> Instant | None:
        """The instant up to which builds count by the rule; none where all do."""
        if self.query.rule.at is not None:
            return self.query.rule.at
        return self.now + -self.query.rule.min_age if self.query.rule.min_age and self.now is not None else None

    @property
    def begin(self) -> Instant:
        """The instant from which on the tag is shown: `since`, or its first move if that was later."""
        return max(self.since, self.intervals[0].updated_at) if self.intervals else self.since

    @property
    def end(self) -> Instant:
        """The instant up to which time went by: `until`, the present, or the last move where there is no clock."""
        moves = [self.since, *(interval.updated_at for interval in self.intervals)]
        return self.until or max([*moves, *([self.now] if self.now else [])])

    def is_chosen(self, interval: Interval) -> bool:
        """Whether it is the one the rule takes."""
        resolution = self.chosen
        return bool(resolution and resolution.updated_at and interval.holds(resolution.digest, resolution.updated_at))

    def is_current(self, interval: Interval) -> bool:
        """Whether it is the last stay at the digest that is deployed."""
        return interval.digest == self.current and not any(
            other.digest == interval.digest and other.updated_at > interval.updated_at for other in self.intervals
        )

    def age(self, interval: Interval) -> int | None:
        """Returns how many nanoseconds ago the tag moved there; `None` where there is no clock."""
        return None if self.now is None else self.now - interval.updated_at

    def active_nanoseconds(self, interval: Interval) -> int:
        """Returns the nanoseconds for which the tag stood there, up to the end of what was read."""
        return max((interval.until or self.end) - interval.updated_at, 0)


def read_window(since: AtLike, until: AtLike | None) -> tuple[Instant | int, Instant | None]:
    """Reads the bounds of what is to be listed.

    Args:
        since: an instant, or how long before the end, such as `90d`.
        until: an instant; `None` for the present.

    Returns:
        The bounds; the earlier as nanoseconds before the end, if it was such a span.

    Raises:
        InvalidRule, InvalidInstant: a bound is malformed, or nothing lies between them.
    """
    end = None if until is None else parse_at(until, "until")
    try:
        return parse_duration(since), end
    except ValueError:
        start = parse_at(since, "since")
    if end is not None and start >= end:
        raise InvalidRule(f"since {start} is not before until {end}: exchange them, or leave one out.", "since")
    return start, end


def tag_of(named: Reference) -> str:
    """Returns the tag that a reference names, without its pin.

    Raises:
        InvalidImage: it names none.
    """
    if named.tag is None:
        raise InvalidImage(f"{named.image} names no tag, so it has no history: write {named.repository}:TAG.")
    return f"{named.repository}:{named.tag}"


def intervals_of(history: HistoryRange, since: Instant, until: Instant | None) -> tuple[Interval, ...]:
    """Returns the stays of a history between two instants, with the one that had begun before; oldest first."""
    runs = [list(run) for _digest, run in groupby(history.builds, lambda record: record.digest)]
    intervals = list(_intervals(runs))
    return tuple(
        interval
        for interval in intervals
        if (until is None or interval.updated_at <= until) and (interval.until is None or interval.until > since)
    )


def contradictions(intervals: Sequence[Interval]) -> tuple[str, ...]:
    """Returns a warning about each instant for which the registry gives several digests."""
    found = [list(group) for _instant, group in groupby(intervals, lambda interval: interval.updated_at)]
    return tuple(
        f"The tag history gives {len(same)} digests for the instant {same[0].updated_at}, in no order."
        for same in found
        if len(same) > 1
    )


def _intervals(runs: Sequence[Sequence[Build]]) -> list[Interval]:
    left: dict[str, Instant] = {}
    intervals = []
    for number, run in enumerate(runs):
        until = runs[number + 1][0].updated_at if number + 1 < len(runs) else None
        intervals.append(Interval(run[0].digest, run[0].updated_at, until, left.get(run[0].digest)))
        if until is not None:
            left[run[0].digest] = until
    return intervals
