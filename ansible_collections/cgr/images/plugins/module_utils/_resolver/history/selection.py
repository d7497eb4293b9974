# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which build answers the question, and why.  Pure: no I/O, no clock; everything it knows is in its arguments.

The rules, in the order in which they apply:

1. `at`: only records not after the instant count.  `min_age`: only those at least that old by the registry's clock.
   Otherwise all do, unless the question belongs to a set: then those up to the set's instant.
2. `exclude`: records of these digests do not count.
3. The build is the record with the greatest `updated_at` of those that count.
4. `builds_back`: as many builds before it.  A digest may return (A, B, A): records are moves of the tag, never deduplicated
   by digest; only a move to the digest at which the tag already stood is none.
5. `current`: with `min_age`, a pin to a newer build stays, so that nothing ever goes back in time; unless `builds_back` asks
   for just that, or the pin is excluded.

Two moves to different digests at one instant have no order.  If the choice depends on it, it is refused.  So is a latest
build that lies more than a day in the registry's own future: one of its clocks is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ..errors import UntrustworthyAnswer
from ..model.duration import format_duration
from ..model.instant import DAY, Instant, humanize_duration
from ..model.query import Query
from .reader import CLOCK_TOLERANCE, Build, HistoryRange

LOOK_FOR_CURRENT = 100 * DAY
"""How far before the choice a current pin is looked for, before it is called unknown."""

REPLACED = ", and was replaced"
"""What the reason ends with where the current pin was unknown."""


@dataclass(frozen=True)
class Choice:
    """The chosen record and a `reason` a person understands.

    The reason says nothing that changes while the answer does not: it is kept in the state of deployments.
    """

    record: Build
    reason: str
    warnings: tuple[str, ...] = ()


def choose(stretch: HistoryRange, query: Query, until: Instant | None = None) -> Choice | None:
    """Chooses the build that answers a question.

    Args:
        stretch: a whole stretch of the tag's history that reaches up to the instant of the question.
        question: what is asked.
        until: the instant to take for the present; by default the present is what the stretch ends with.

    Returns:
        The choice, or `None` where the stretch does not hold it: it begins too late, or there is no such build.

    Raises:
        UntrustworthyAnswer: records contradict each other, the latest is in the future, or there is no clock to count from.
    """
    limit = _limit(query, until or stretch.now)
    end = limit or until
    old_enough = [r for r in stretch.records if end is None or r.updated_at <= end]
    builds = _steps([r for r in old_enough if r.digest not in query.exclude])
    if len(builds) <= query.builds_back:
        return None
    chosen = builds[-1 - query.builds_back]
    _refuse_contradiction(builds[-1 - query.builds_back :], old_enough, query)
    if limit is None:  # whatever is taken for the present: the registry contradicts itself
        latest = _steps([r for r in stretch.records if r.digest not in query.exclude])[-1 - query.builds_back]
        _refuse_records_of_the_future(latest, stretch.now)
    choice = Choice(chosen, _reason(chosen, query, stretch))
    return keep_current(choice, query, stretch) if query.current else choice


def keep_current(choice: Choice, query: Query, stretch: HistoryRange) -> Choice | None:
    """Holds a choice against the current pin.

    Returns:
        The choice; or the current pin, if that is a newer build; or `None` where the stretch begins too late to tell.
    """
    current = query.current
    if current == choice.record.digest or current in query.exclude or query.builds_back:
        return choice
    known = [record for record in stretch.records if record.digest == current]
    if known and known[-1].updated_at > choice.record.updated_at:
        return Choice(
            known[-1],
            f"the current pin, to which the tag had moved at {known[-1].updated_at}, is newer than {_aged(query)}, and stays:"
            " a pin never goes back in time",
        )
    if known:
        return choice
    if not stretch.has_first_build and choice.record.updated_at - stretch.start < LOOK_FOR_CURRENT:
        return None
    unknown = f"the current pin {current} is not in the tag's history since {stretch.start}"
    if stretch.has_first_build:
        unknown = f"the current pin {current} is not in the tag's history"
    warning = f"{query.reference.image}: {unknown}; it is replaced by {choice.record.digest}."
    return Choice(choice.record, f"{choice.reason}; {unknown}{REPLACED}", (warning,))


def refusal(stretch: HistoryRange, query: Query, until: Instant | None = None) -> str | None:
    """Says why no build fits, for a stretch from the tag's first record on; `None` if there is none up to `at`."""
    limit = _limit(query, until or stretch.now) or until
    fitting = [record for record in stretch.records if record.digest not in query.exclude]
    counting = _steps([record for record in fitting if limit is None or record.updated_at <= limit])
    if query.min_age and fitting and not counting:
        first = fitting[0].updated_at + query.min_age
        return f"no build is {format_duration(query.min_age)} old yet; the first will be at {first}."
    if stretch.records and not fitting:
        return f"every build of the tag is excluded, {len({r.digest for r in stretch.records})} in all."
    if counting:
        return f"builds_back {query.builds_back} goes back too far: there are {len(counting) - 1} builds before it."
    return None


def stale(record: Build, newest: bool, now: Instant | None, stale_after: int) -> str | None:
    """Returns a warning about a tag that no longer moves, if it is worth one."""
    if not stale_after or not newest or now is None or now - record.updated_at <= stale_after:
        return None
    return (
        f"the tag has not moved since {record.updated_at}, for {humanize_duration(now - record.updated_at)}, which is more than"
        f" {format_duration(stale_after)}. It may no longer be built: choose another tag."
    )


def _limit(query: Query, present: Instant | None) -> Instant | None:
    if not query.min_age:
        return query.at
    if present is None:
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (no Date header), so it cannot be told how old a build is. A proxy may have"
            " removed it."
        )
    return present + -query.min_age


def _steps(records: Sequence[Build]) -> list[Build]:
    """Returns the builds at which the tag stood, one after another, each with the last record of it."""
    return [
        record
        for number, record in enumerate(records)
        if number + 1 == len(records) or records[number + 1].digest != record.digest
    ]


def _refuse_contradiction(stepped_over: Sequence[Build], records: Sequence[Build], query: Query) -> None:
    for build in stepped_over:
        same = [r.digest for r in records if r.updated_at == build.updated_at and r.digest not in query.exclude]
        if len(same) > 1:
            raise UntrustworthyAnswer(
                f"The tag history gives {len(same)} digests for the instant {build.updated_at} ({', '.join(same)}), in no order."
                " Ask for an instant before it, or pin one of them yourself."
            )


def _refuse_records_of_the_future(chosen: Build, now: Instant | None) -> None:
    if now is not None and chosen.updated_at > now + CLOCK_TOLERANCE:
        raise UntrustworthyAnswer(
            f"The tag history says that the tag will move to {chosen.digest} at {chosen.updated_at}, but the registry's own clock"
            f" says {now}. No build of the future is taken; ask for an instant that has passed."
        )


def _aged(query: Query) -> str:
    return f"the newest build at least {format_duration(query.min_age)} old"


def _reason(chosen: Build, query: Query, stretch: HistoryRange) -> str:
    base = f"the build at {query.at}" if query.at else _aged(query) if query.min_age else "the latest build"
    if query.exclude:
        base += ", excluded ones left out"
    if query.builds_back:
        base = f"{query.builds_back} build{'s' * (query.builds_back > 1)} before {base}"
    if query.at is None:
        return f"{base}: the tag moved to it at {chosen.updated_at}"
    age = humanize_duration(query.at - chosen.updated_at)
    return f"{base}: the tag had moved to it at {chosen.updated_at}, {age} before; {_stood(chosen, stretch)}"


def _stood(chosen: Build, stretch: HistoryRange) -> str:
    later = next((r for r in stretch.records if r.updated_at > chosen.updated_at and r.digest != chosen.digest), None)
    if later is not None:
        return f"it stood for {humanize_duration(later.updated_at - chosen.updated_at)}, until {later.updated_at}"
    if stretch.now is not None and stretch.now < stretch.end:
        return "it was the latest build when it was looked up"
    return f"it stood for at least {humanize_duration(stretch.end - chosen.updated_at)}"
