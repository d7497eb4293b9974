# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The forms in which users and the registry write instants."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import (
    DAY,
    HOUR,
    SECOND,
)
from pulumi_cgr._bridge import humanize_duration, parse_at
from pulumi_cgr.resolver import AtLike, Instant, InvalidInstant

SAME = {
    "2024-06-01": "2024-06-01T00:00:00Z",
    "2024-06-01T00:00": "2024-06-01T00:00:00Z",
    "2024-06-01 12:30:15": "2024-06-01T12:30:15Z",
    "2024-06-01t12:30:15z": "2024-06-01T12:30:15Z",
    "  2024-06-01T12:30:15Z ": "2024-06-01T12:30:15Z",
    "2024-06-01T12:30:15.120Z": "2024-06-01T12:30:15.120Z",
    "2024-06-01T12:30:15,5Z": "2024-06-01T12:30:15.5Z",
    "2024-06-01T12:30:15.123456789Z": "2024-06-01T12:30:15.123456789Z",
    "2024-06-01T00:30:00+02:00": "2024-05-31T22:30:00Z",
    "2024-05-31T23:30:00-0130": "2024-06-01T01:00:00Z",
    "2024-06-01T00:00:00+02": "2024-05-31T22:00:00Z",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z": "9999-12-31T23:59:59.999Z",
}

REFUSED: list[object] = [
    "", " ", "now", "yesterday", "2024", "20240601", "1717200000", "2024-6-1", "2024-06", "2024-06-31", "2024-06-01T24:00:00Z",
    "2024-06-01T12:60:00Z", "2016-12-31T23:59:60Z", "2024-06-01T12:30:15.1234567890Z", "2024-06-01T12:30:15 Europe/Berlin",
    "2024-06-01Z", "0000-01-01", "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00", "２０２４-06-01", "2024-06-01T00:00:00Z\n2",

    "2024-06-01\x00", "2024-W22", "-2024-06-01", "x" * 100_000, 2024, 1717200000.0, True, [], {}, b"2024-06-01", timedelta(1),
]  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_an_instant_has_one_text_form(text: str) -> None:
    assert str(parse_at(text)) == SAME[text]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: repr(value)[:30])
def test_what_is_no_instant_is_refused(value: AtLike) -> None:
    with pytest.raises(InvalidInstant) as caught:
        parse_at(value)
    assert str(caught.value).startswith("at '")
    assert str(caught.value).isprintable()


def test_dates_and_times_without_a_zone_mean_utc() -> None:
    midnight = Instant.parse("2024-06-01")
    summer = timezone(timedelta(hours=2))
    for value in (date(2024, 6, 1), datetime(2024, 6, 1), datetime(2024, 6, 1, 2, tzinfo=summer)):
        assert parse_at(value) == midnight
    assert str(parse_at(datetime(2024, 6, 1, 0, 0, 0, 120_000))) == "2024-06-01T00:00:00.120000Z"


instants = st.integers(-62_135_596_800 * SECOND, 253_402_300_799 * SECOND)


@given(instants, instants)
def test_instants_are_ordered_as_time_whatever_their_digits(one: int, other: int) -> None:
    first, second = Instant(one, 9), Instant(other, 9)
    assert Instant.parse(str(first)) == first
    assert (Instant.parse(str(first)) < Instant.parse(str(second))) == (one < other)
    assert str(Instant.parse(str(first))) == str(first)


@given(st.datetimes(timezones=st.timezones() | st.none()))
def test_every_datetime_is_the_instant_it_names(moment: datetime) -> None:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    try:
        instant = parse_at(moment)
    except InvalidInstant:
        assert not datetime.min + DAY_LONG < moment.replace(tzinfo=None) < datetime.max - DAY_LONG
        return
    assert (
        instant.nanoseconds == (aware - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1) * 1000
    )


DAY_LONG = timedelta(days=2)


@given(st.text() | st.text("0123456789-:.TZ+ ", max_size=35))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        assert Instant.parse(str(parse_at(text))) == parse_at(text)
    except InvalidInstant as refusal:
        assert str(refusal).isprintable()  # noqa: PT017


@pytest.mark.parametrize(
    ("span", "words"),
    [(0, "0 s"), (SECOND, "1 s"), (26 * HOUR, "1 d 2 h"), (90 * SECOND, "1 min 30 s"), (3 * DAY + SECOND, "3 d 1 s")],
)
def test_a_span_is_said_in_its_two_largest_units(span: int, words: str) -> None:
    assert humanize_duration(span) == words
