# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which build answers the question, and why.  Pure: no I/O, no clock; everything it knows is in its arguments.

The rules:

1. The build at an instant is the record with the greatest `updated` that is not after the instant.
2. The latest build is the record with the greatest `updated` of all.
3. A digest may return (A, B, A): records are moves of the tag, never deduplicated by digest.
4. Two moves to different digests at one instant have no order.  If the choice falls on them, it is refused.
5. A latest build that lies more than a day in the registry's own future is refused: one of its clocks is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import UntrustworthyAnswer
from .history import CLOCK_TOLERANCE, Record, Stretch
from .instant import Instant, duration


@dataclass(frozen=True)
class Choice:
    """The chosen record and a `reason` a person understands.

    The reason says nothing that changes while the answer does not: it is kept in the state of deployments.
    """

    record: Record
    reason: str


def choose(stretch: Stretch, at: Instant | None) -> Choice | None:
    """Chooses the build at an instant, or the latest where `at` is `None`.

    Args:
        stretch: a whole stretch of the tag's history that reaches up to the instant.
        at: the instant asked for.

    Returns:
        The choice, or `None` where the stretch has no record up to the instant.

    Raises:
        UntrustworthyAnswer: two records of one instant contradict each other, or the latest is in the future.
    """
    records = [record for record in stretch.records if at is None or record.updated <= at]
    if not records:
        return None
    chosen = records[-1]
    _refuse_contradiction(chosen, records)
    if at is None:
        _refuse_records_of_the_future(chosen, stretch.now)
        return Choice(chosen, f"the latest build: the tag moved to it at {chosen.updated}")
    return Choice(chosen, _reason_at(chosen, at, stretch))


def _refuse_contradiction(chosen: Record, records: list[Record]) -> None:
    same = [record.digest for record in records if record.updated == chosen.updated]
    if len(same) > 1:
        raise UntrustworthyAnswer(
            f"The tag history gives {len(same)} digests for the instant {chosen.updated} ({', '.join(same)}), in no order."
            " Ask for an instant before it, or pin one of them yourself."
        )


def _refuse_records_of_the_future(chosen: Record, now: Instant | None) -> None:
    if now is not None and chosen.updated > now + CLOCK_TOLERANCE:
        raise UntrustworthyAnswer(
            f"The tag history says that the tag will move to {chosen.digest} at {chosen.updated}, but the registry's own clock"
            f" says {now}. No build of the future is taken; ask for an instant that has passed."
        )


def _reason_at(chosen: Record, at: Instant, stretch: Stretch) -> str:
    age = duration(at - chosen.updated)
    later = next((record for record in stretch.records if record.updated > at), None)
    if later is not None:
        stood = f"it stood for {duration(later.updated - chosen.updated)}, until {later.updated}"
    elif stretch.now is not None and stretch.now < stretch.end:
        stood = "it was the latest build when it was looked up"
    else:
        stood = f"it stood for at least {duration(stretch.end - chosen.updated)}"
    return f"the build at {at}: the tag had moved to it at {chosen.updated}, {age} before; {stood}"
