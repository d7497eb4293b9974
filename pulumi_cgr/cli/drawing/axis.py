# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The dates on an axis of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from ..._bridge import SECOND
from ...resolver import Instant

_HOURS = (1, 3, 6, 12)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 1200)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def ticks(begin: Instant, end: Instant, most: int) -> list[tuple[Instant, str]]:
    """Returns round dates between two instants, in UTC.

    Args:
        begin: the earlier instant.
        end: the later one.
        most: how many there may be.

    Returns:
        Instants, each with its text: a date, or date and time where they are closer than a day; none if there is room for none.
    """
    first, last = (_EPOCH + timedelta(seconds=each.nanoseconds // SECOND) for each in (begin, end))
    for step in (*_HOURS, *(24 * days for days in _DAYS)):
        if timedelta(hours=step) * most >= last - first:
            form = "%Y-%m-%d" if step >= 24 else "%m-%d %H:%M"
            return [(_instant(moment), f"{moment:{form}}") for moment in _by_hours(first, last, step)][:most]
    for months in _MONTHS:
        found = list(_by_months(first, last, months))
        if len(found) <= most:
            return [(_instant(moment), f"{moment:%Y-%m-%d}") for moment in found]
    return []


def _by_hours(first: datetime, last: datetime, hours: int) -> Iterator[datetime]:
    # Weeks begin on a Monday, of which 1970-01-05 was one.
    step, anchor = timedelta(hours=hours), _EPOCH + timedelta(days=4)
    moment = anchor + step * -((anchor - first) // step)
    while moment <= last:
        yield moment
        moment += step


def _by_months(first: datetime, last: datetime, months: int) -> Iterator[datetime]:
    number = first.year * 12 + first.month - 1
    number -= number % months
    while (moment := datetime(number // 12, number % 12 + 1, 1, tzinfo=timezone.utc)) <= last:
        if moment >= first:
            yield moment
        number += months


def _instant(moment: datetime) -> Instant:
    return Instant.of(moment)
