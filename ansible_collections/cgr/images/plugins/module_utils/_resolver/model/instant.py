# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Instants: points in time, exact to the nanosecond, with one text form.

The text form is RFC 3339 in UTC with `Z`, and keeps as many fraction digits as were given: the registry writes none, one
or three.  Text is compared as time, never as text: `…:00Z` sorts after `…:00.5Z`.  `datetime` ends at microseconds, so
an instant is a count of nanoseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Union

AtLike = Union[str, date, datetime]
"""The forms in which a user may write an instant: text, a `date` (its midnight) or a `datetime`; UTC if it has no time zone."""

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FORM = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


@dataclass(frozen=True, order=True)
class Instant:
    """A point in time: `nanoseconds` since 1970-01-01T00:00:00Z, written with `digits` fraction digits (0 to 9)."""

    nanoseconds: int
    digits: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        day = self.nanoseconds // DAY + _EPOCH_DAY
        if not date.min.toordinal() <= day <= date.max.toordinal():
            raise ValueError("lies outside the years 1 to 9999")

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Parses an instant.

        Args:
            text: RFC 3339 or ISO 8601 in its extended form: a date (its midnight) or date and time, with at most nine
                fraction digits, with `Z`, an offset, or no zone, which means UTC.

        Raises:
            ValueError: `text` is something else; the message is a predicate, such as "is not an instant".
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError("is not an instant; write it like 2026-01-31T12:00:00Z or 2026-01-31")
        try:
            day = date.fromisoformat(match["day"]).toordinal() - _EPOCH_DAY
            time = _nanoseconds_of_day(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
            offset = _nanoseconds_of_offset(match["zone"])
        except ValueError as error:
            raise ValueError(f"is not an instant: {error}") from error
        fraction = match["fraction"] or ""
        return cls(day * DAY + time + int(fraction.ljust(9, "0")) - offset, len(fraction))

    @classmethod
    def of(cls, value: AtLike) -> Instant:
        """Makes an instant of text, a `date` (its midnight) or a `datetime`; without a zone each means UTC.

        Raises:
            ValueError: `value` is something else, such as a bare number, or is empty; the message is a predicate.
        """
        if isinstance(value, str):
            return cls.parse(value.strip())
        if isinstance(value, datetime):
            return cls._of_datetime(value)
        if isinstance(value, date):
            return cls((value.toordinal() - _EPOCH_DAY) * DAY)
        raise ValueError("is not an instant; write it as text, like '2026-01-31T12:00:00Z'")

    @classmethod
    def of_http_date(cls, text: str) -> Instant:
        """Reads an HTTP `Date` header (RFC 9110, section 5.6.7).

        Raises:
            ValueError: `text` is not such a date.
        """
        try:
            return cls._of_datetime(parsedate_to_datetime(text))
        except (TypeError, ValueError, OverflowError, IndexError) as error:
            raise ValueError("is not an HTTP date") from error

    @classmethod
    def _of_datetime(cls, value: datetime) -> Instant:
        aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        since = aware - datetime(1970, 1, 1, tzinfo=timezone.utc)
        microseconds = since // timedelta(microseconds=1)
        return cls(microseconds * 1000, 6 if microseconds % 1_000_000 else 0)

    def __add__(self, nanoseconds: int) -> Instant:
        """Returns the instant that many nanoseconds later (earlier, if negative), at the same precision."""
        return Instant(self.nanoseconds + nanoseconds, self.digits)

    def __sub__(self, other: Instant) -> int:
        """Returns the nanoseconds from `other` to this instant."""
        return self.nanoseconds - other.nanoseconds

    def with_digits(self, digits: int) -> Instant:
        """Returns the same instant, written with that many fraction digits (0 to 9)."""
        return Instant(self.nanoseconds, digits)

    def __str__(self) -> str:
        days, rest = divmod(self.nanoseconds, DAY)
        seconds, fraction = divmod(rest, SECOND)
        clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        decimals = f".{fraction:09}"[: self.digits + 1] if self.digits else ""
        return f"{date.fromordinal(days + _EPOCH_DAY).isoformat()}T{clock}{decimals}Z"


def _nanoseconds_of_day(hour: int, minute: int, second: int) -> int:
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time of day (leap seconds are not instants here)")
    return hour * HOUR + minute * MINUTE + second * SECOND


def _nanoseconds_of_offset(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    span = _nanoseconds_of_day(int(digits[:2]), int(digits[2:]), 0)
    return -span if zone[0] == "-" else span
