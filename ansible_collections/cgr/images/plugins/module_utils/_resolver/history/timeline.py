# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The timeline of a tag: which digests it pointed at, when and for how long, and which of them a rule chooses.

Pure: no I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import Mapping, Sequence

from ..errors import InvalidImage, InvalidRule
from ..model.build import Build, HistoryRange
from ..model.details import Details
from ..model.duration import parse_duration
from ..model.instant import AtLike, Instant
from ..model.kinds import parse_at
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution

SINCE = "90d"
"""How far back to look by default."""


@dataclass(frozen=True)
class Interval:
    """An interval in which a tag pointed at one digest.

    Attributes:
        digest: the digest.
        updated_at: when the tag moved to the digest, in UTC.
        until: when it moved on, in UTC; none if it has not, as far as was read.
        returned: when it left this digest the last time before, in UTC; none if it had not been there, as far as was read.
    """

    digest: str
    updated_at: Instant
    until: Instant | None = None
    returned: Instant | None = None

    def holds(self, digest: str, updated_at: Instant) -> bool:
        """Whether a move to a digest began this interval, or happened within it."""
        if digest != self.digest or updated_at < self.updated_at:
            return False
        # An interval of no duration ends at the instant at which it began.
        return self.until is None or updated_at < self.until or updated_at == self.updated_at


@dataclass(frozen=True)
class Timeline:
    """A complete part of a tag's history.

    Attributes:
        query: the tag and the rule.
        since: the beginning, in UTC; the interval that had begun before is included.
        until: the end, in UTC; none for the present.
        now: the time by the registry's clock; none if it gave none.
        intervals: the intervals, oldest first.
        chosen: what the rule chooses; none if it chooses no build.
        refusal: why it chooses no build.
        current: the digest that is deployed, if it is known.
        warnings: what the user should look at.
        details: what the manifests of the builds say, by their digests, if that was asked for.
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
    details: Mapping[str, Details] = field(default_factory=dict)

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
        """Makes the timeline of what was read."""
        intervals = intervals_of(history, since, until)
        warnings = (*warnings, *contradictions(intervals))
        return cls(query, since, until, history.now, intervals, current=current, warnings=warnings)

    @property
    def image(self) -> str:
        """The tag, `cgr.dev/ORG/IMAGE:TAG`."""
        return f"{self.query.reference.repository}:{self.query.reference.tag}"

    @property
    def cut_off(self) -> Instant | None:
        """The instant up to which the rule considers builds; none if it considers all."""
        if self.query.rule.at is not None:
            return self.query.rule.at
        return self.now + -self.query.rule.min_age if self.query.rule.min_age and self.now is not None else None

    @property
    def begin(self) -> Instant:
        """The instant from which on the timeline is shown: `since`, or the tag's first move if that was later."""
        return max(self.since, self.intervals[0].updated_at) if self.intervals else self.since

    @property
    def end(self) -> Instant:
        """The instant up to which the timeline is shown: `until`, the present, or the last move without a clock."""
        moves = [self.since, *(interval.updated_at for interval in self.intervals)]
        return self.until or max([*moves, *([self.now] if self.now else [])])

    def is_chosen(self, interval: Interval) -> bool:
        """Whether the rule chooses this interval's build."""
        resolution = self.chosen
        return bool(resolution and resolution.updated_at and interval.holds(resolution.index, resolution.updated_at))

    def is_current(self, interval: Interval) -> bool:
        """Whether it is the last interval with the digest that is deployed."""
        return interval.digest == self.current and not any(
            other.digest == interval.digest and other.updated_at > interval.updated_at for other in self.intervals
        )

    def age(self, interval: Interval) -> int | None:
        """Returns how many nanoseconds ago the tag moved to the digest; `None` without a clock."""
        return None if self.now is None else self.now - interval.updated_at

    def active_nanoseconds(self, interval: Interval) -> int:
        """Returns for how many nanoseconds the tag pointed at the digest, up to the end of the timeline."""
        return max((interval.until or self.end) - interval.updated_at, 0)


def parse_window(since: AtLike, until: AtLike | None) -> tuple[Instant | int, Instant | None]:
    """Parses the bounds of a timeline.

    Args:
        since: an instant, or a duration before the end, such as `90d`.
        until: an instant; `None` for the present.

    Returns:
        The bounds; the earlier one as nanoseconds before the end, if it was a duration.

    Raises:
        InvalidRule, InvalidInstant: a bound is malformed, or there is nothing between them.
    """
    end = None if until is None else parse_at(until, "until")
    try:
        return parse_duration(since), end
    except ValueError:
        start = parse_at(since, "since")
    if end is not None and start >= end:
        raise InvalidRule(f"since {start} is not before until {end}: swap them, or omit one.", "since")
    return start, end


def tag_of(named: Reference) -> str:
    """Returns the image with its tag and without its digest.

    Raises:
        InvalidImage: it has no tag.
    """
    if named.tag is None:
        raise InvalidImage(f"{named.image} has no tag, so it has no history: write {named.repository}:TAG.")
    return f"{named.repository}:{named.tag}"


def intervals_of(history: HistoryRange, since: Instant, until: Instant | None) -> tuple[Interval, ...]:
    """Returns the intervals between two instants, oldest first, with the one that had begun before."""
    runs = [list(run) for _digest, run in groupby(history.builds, lambda build: build.digest)]
    intervals = list(_intervals(runs, history.deletions))
    return tuple(
        interval
        for interval in intervals
        if (until is None or interval.updated_at <= until) and (interval.until is None or interval.until > since)
    )


def contradictions(intervals: Sequence[Interval]) -> tuple[str, ...]:
    """Returns a warning for each instant with several digests."""
    found = [list(group) for _instant, group in groupby(intervals, lambda interval: interval.updated_at)]
    return tuple(
        f"The tag history gives {len(same)} digests for the instant {same[0].updated_at}, in no order."
        for same in found
        if len(same) > 1
    )


def _intervals(runs: Sequence[Sequence[Build]], deletions: Sequence[Instant]) -> list[Interval]:
    last_left: dict[str, Instant] = {}
    intervals = []
    for number, run in enumerate(runs):
        moved = [runs[number + 1][0].updated_at] if number + 1 < len(runs) else []
        until = min([*moved, *(each for each in deletions if each >= run[-1].updated_at)], default=None)
        intervals.append(Interval(run[0].digest, run[0].updated_at, until, last_left.get(run[0].digest)))
        if until is not None:
            last_left[run[0].digest] = until
    return intervals
