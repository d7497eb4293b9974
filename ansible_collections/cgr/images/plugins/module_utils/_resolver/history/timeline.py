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
from ..model.duration import parse_span
from ..model.instant import AtLike, Instant
from ..model.query import Question, parse_at
from ..model.reference import Reference
from ..model.resolution import Answer
from .reader import Record, Stretch

SINCE = "90d"
"""How far back one looks by default."""


@dataclass(frozen=True)
class Stay:
    """One stay of a tag at a digest.

    Attributes:
        digest: the digest.
        updated: when the tag moved to the digest, in UTC.
        until: when it moved on, in UTC; none where it has not, as far as was read.
        returned: when it had left this digest the last time before, in UTC; none where it had not been there, as far as was read.
    """

    digest: str
    updated: Instant
    until: Instant | None = None
    returned: Instant | None = None

    def holds(self, digest: str, updated: Instant) -> bool:
        """Whether this is the stay that a move to a digest began, or confirmed."""
        return digest == self.digest and updated >= self.updated and (self.until is None or updated < self.until)


@dataclass(frozen=True)
class Past:
    """A whole stretch of a tag's past.

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

    question: Question
    since: Instant
    until: Instant | None
    now: Instant | None
    stays: tuple[Stay, ...]
    chosen: Answer | None = None
    refusal: str | None = None
    current: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        question: Question,
        stretch: Stretch,
        warnings: tuple[str, ...],
        since: Instant,
        until: Instant | None,
        current: str | None,
    ) -> Past:
        """Makes the past of what was read of it."""
        stays = stays_of(stretch, since, until)
        warnings = (*warnings, *contradictions(stays))
        return cls(question, since, until, stretch.now, stays, current=current, warnings=warnings)

    @property
    def image(self) -> str:
        """The tag, `cgr.dev/ORG/IMAGE:TAG`."""
        return f"{self.question.reference.repository}:{self.question.reference.tag}"

    @property
    def cut_off(self) -> Instant | None:
        """The instant up to which builds count by the rule; none where all do."""
        if self.question.at is not None:
            return self.question.at
        return self.now + -self.question.min_age if self.question.min_age and self.now is not None else None

    @property
    def begin(self) -> Instant:
        """The instant from which on the tag is shown: `since`, or its first move if that was later."""
        return max(self.since, self.stays[0].updated) if self.stays else self.since

    @property
    def end(self) -> Instant:
        """The instant up to which time went by: `until`, the present, or the last move where there is no clock."""
        moves = [self.since, *(stay.updated for stay in self.stays)]
        return self.until or max([*moves, *([self.now] if self.now else [])])

    def is_chosen(self, stay: Stay) -> bool:
        """Whether it is the one the rule takes."""
        answer = self.chosen
        return bool(answer and answer.updated and stay.holds(answer.digest, answer.updated))

    def is_current(self, stay: Stay) -> bool:
        """Whether it is the last stay at the digest that is deployed."""
        return stay.digest == self.current and not any(
            other.digest == stay.digest and other.updated > stay.updated for other in self.stays
        )

    def age(self, stay: Stay) -> int | None:
        """Returns how many nanoseconds ago the tag moved there; `None` where there is no clock."""
        return None if self.now is None else self.now - stay.updated

    def stood(self, stay: Stay) -> int:
        """Returns the nanoseconds for which the tag stood there, up to the end of what was read."""
        return max((stay.until or self.end) - stay.updated, 0)


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
        return parse_span(since), end
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


def stays_of(stretch: Stretch, since: Instant, until: Instant | None) -> tuple[Stay, ...]:
    """Returns the stays of a stretch between two instants, with the one that had begun before; oldest first."""
    runs = [list(run) for _digest, run in groupby(stretch.records, lambda record: record.digest)]
    stays = list(_stays(runs))
    return tuple(
        stay
        for stay in stays
        if (until is None or stay.updated <= until) and (stay.until is None or stay.until > since)
    )


def contradictions(stays: Sequence[Stay]) -> tuple[str, ...]:
    """Returns a warning about each instant for which the registry gives several digests."""
    found = [list(group) for _instant, group in groupby(stays, lambda stay: stay.updated)]
    return tuple(
        f"The tag history gives {len(same)} digests for the instant {same[0].updated}, in no order."
        for same in found
        if len(same) > 1
    )


def _stays(runs: Sequence[Sequence[Record]]) -> list[Stay]:
    left: dict[str, Instant] = {}
    stays = []
    for number, run in enumerate(runs):
        until = runs[number + 1][0].updated if number + 1 < len(runs) else None
        stays.append(Stay(run[0].digest, run[0].updated, until, left.get(run[0].digest)))
        if until is not None:
            left[run[0].digest] = until
    return stays
