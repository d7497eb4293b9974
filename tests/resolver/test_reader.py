# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which stretches of a history are asked for, one after another, and what is believed of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import (
    MAX_REQUESTS,
    fetch_between,
    fetch_earlier,
    fetch_first_build,
    fetch_until,
    reject_future,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build, HistoryRange, Page
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import DAY, HOUR, MINUTE, SECOND
from pulumi_cgr.resolver import Instant, InvalidInstant, UntrustworthyAnswer

NOW = Instant.parse("2026-11-24")
A = "sha256:" + 64 * "a"
NEVER_WHOLE = (
    "The registry's tag history cannot be read: whatever range is requested, it answers so many records that others may be"
    " missing, so no digest is taken from it. Tell the registry's owner that 'start' and 'end' may not be honoured."
)


@dataclass
class Source:
    """A source with a clock, which of many records answers the newest or the oldest 100 only."""

    moves: list[Instant]
    cuts_the_newest: bool = False
    newest_first: bool = False
    now: Instant | None = NOW
    asked: list[str] = field(default_factory=list)

    def between(self, start: Instant, end: Instant | None) -> Page:
        self.asked.append(f"{start} to {end}".replace("T00:00:00Z", "").replace(":00:00Z", ""))
        found = sorted(moved for moved in self.moves if start <= moved and (end is None or moved <= end))
        found = found[:100] if self.cuts_the_newest else found[-100:]
        ordered = found[::-1] if self.newest_first else found
        return Page(tuple(Build(moved, A) for moved in ordered), self.now)


def days_ago(*days: int) -> list[Instant]:
    return [NOW + -day * DAY for day in days]


def hourly(count: int, until: Instant = NOW) -> list[Instant]:
    return [until + -number * HOUR for number in range(count)]


@pytest.mark.parametrize(
    ("moves", "at", "asked"),
    [
        ([10], None, ["2026-11-14 to 3000-01-01"]),
        ([11], None, ["2026-11-14 to 3000-01-01", "2026-08-04 to 3000-01-01"]),
        ([112], None, ["2026-11-14 to 3000-01-01", "2026-08-04 to 3000-01-01"]),
        ([113], None, ["2026-11-14 to 3000-01-01", "2026-08-04 to 3000-01-01", "1970-01-01 to 3000-01-01"]),
        ([], None, ["2026-11-14 to 3000-01-01", "2026-08-04 to 3000-01-01", "1970-01-01 to 3000-01-01"]),
        ([30], 20, ["2026-10-25 to 2026-11-08"]),
        ([19, 16], 20, ["2026-10-25 to 2026-11-08", "2026-07-15 to 2026-11-08", "1970-01-01 to 2026-11-08"]),
        ([20], 20, ["2026-10-25 to 2026-11-08"]),
        ([], 30000, ["1970-01-01 to 1970-01-05"]),
    ],
)
def test_a_window_is_widened_until_it_holds_the_build(moves: list[int], at: int | None, asked: list[str]) -> None:
    source = Source(days_ago(*moves))

    stretch = fetch_until(source, None if at is None else days_ago(at)[0], NOW)

    assert source.asked == asked
    assert [record.updated_at for record in stretch.builds] == sorted(days_ago(*moves))
    assert f"{stretch.start} to {stretch.end}".replace("T00:00:00Z", "") == asked[-1]
    assert stretch.now == NOW


def test_the_first_window_is_as_long_as_the_rule_looks_back() -> None:
    source = Source(days_ago(1))

    fetch_until(source, None, NOW, back=30 * DAY)

    assert source.asked == ["2026-10-15 to 3000-01-01"]


@pytest.mark.parametrize(("off", "requests"), [(1, 1), (-1, 1), (2, 2), (-2, 2), (400, 2)])
def test_a_wrong_guess_of_the_present_is_mended_by_the_registrys_clock(off: int, requests: int) -> None:
    source = Source([])
    with_guess = NOW + off * DAY

    fetch_until(source, None, with_guess)

    assert len(source.asked) == 2 + requests
    if requests == 2:
        assert source.asked[1:3] == ["2026-11-14 to 3000-01-01", "2026-08-04 to 3000-01-01"]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("cuts_the_newest", [True, False])
@pytest.mark.parametrize("at", [None, NOW, NOW + -(100 * HOUR)])
def test_no_answer_is_taken_from_a_page_that_may_have_been_cut(
    at: Instant | None, cuts_the_newest: bool, newest_first: bool
) -> None:
    moves = hourly(3000)
    source = Source(moves, cuts_the_newest, newest_first)

    stretch = fetch_until(source, at, NOW)

    kept = [record.updated_at for record in stretch.builds]
    assert 0 < len(kept) < 100
    assert max(moved for moved in kept if moved <= (at or NOW)) == (at or NOW)
    assert kept == sorted(moved for moved in moves if stretch.start <= moved <= stretch.end)
    # Newest first, it looks as if the newest were there.
    assert len(source.asked) == (3 if cuts_the_newest and newest_first else 2)


@pytest.mark.parametrize(
    ("cuts_the_newest", "newest_first", "requests"),
    [(False, True, 2), (False, False, 3), (True, True, 2), (True, False, 3)],
)
def test_a_busy_tag_that_came_to_rest_costs_one_request_more_at_most(
    cuts_the_newest: bool, newest_first: bool, requests: int
) -> None:
    rest = NOW + -3 * DAY
    source = Source(hourly(3000, rest), cuts_the_newest, newest_first)

    stretch = fetch_until(source, None, NOW)

    assert stretch.builds[-1].updated_at == rest
    assert len(source.asked) == requests


def test_newest_first_is_seen_though_builds_share_an_instant() -> None:
    source = Source(2 * hourly(3000, NOW + -3 * DAY), newest_first=True)

    fetch_until(source, None, NOW)

    assert len(source.asked) == 2


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("cuts_the_newest", [True, False])
@pytest.mark.parametrize(("before", "requests"), [(5, 2), (30, 3), (300, 4)])
def test_many_builds_soon_after_the_instant_do_not_hide_the_one_before(
    before: int, requests: int, cuts_the_newest: bool, newest_first: bool
) -> None:
    at = NOW + -4 * DAY
    busy = [at + number * 10 * MINUTE for number in range(1, 500)]
    source = Source([at + -before * DAY, *busy], cuts_the_newest, newest_first)

    stretch = fetch_until(source, at, NOW)

    assert [record.updated_at for record in stretch.builds] == [at + -before * DAY]
    # Oldest first, the one before is in the first page, and is guessed not to be the last.
    seen_and_doubted = before == 5 and cuts_the_newest and not newest_first
    assert len(source.asked) == requests + seen_and_doubted


def test_builds_in_bursts_are_found_after_the_pace_misled() -> None:
    # 150 builds a minute apart, then one more after three days: at that pace, fifty would have come in the last hour.
    moves = [NOW + -8 * DAY + number * MINUTE for number in range(150)]
    source = Source([*moves, NOW + -5 * DAY], cuts_the_newest=True)

    stretch = fetch_until(source, None, NOW)

    assert [record.updated_at for record in stretch.builds] == [*moves[99:], NOW + -5 * DAY]
    assert len(source.asked) == 3


@pytest.mark.parametrize(("count", "requests"), [(99, 1), (100, 2)])
def test_a_page_of_a_hundred_may_have_been_cut(count: int, requests: int) -> None:
    source = Source(hourly(count))

    fetch_until(source, None, NOW)

    assert len(source.asked) == requests


@pytest.mark.parametrize("known", [(1, 2), (1, 2, 3)])
def test_an_extended_stretch_begins_earlier_and_keeps_its_end(known: tuple[int, ...]) -> None:
    moves = days_ago(*known, 300)
    source = Source(moves)
    stretch = fetch_until(source, None, NOW)
    source.asked.clear()

    longer = fetch_earlier(source, stretch)

    assert [record.updated_at for record in longer.builds] == sorted(moves)
    assert (longer.end, longer.now, longer.has_first_build) == (stretch.end, NOW, True)
    # As far as fifty records would reach at this pace, then as any other search.
    assert source.asked == [
        f"{start}T23:59:59Z to 2026-11-13T23:59:59Z".replace("1970-01-01T23:59:59Z", "1970-01-01")
        for start in ("2026-09-24", "2026-07-24", "1970-01-01")
    ]


def test_an_extended_stretch_leaves_no_gap() -> None:
    stretch = fetch_until(Source(days_ago(1)), None, NOW)
    just_before = (stretch.start + -1).with_digits(9)

    longer = fetch_earlier(Source([just_before, *days_ago(1)]), stretch)

    assert [record.updated_at for record in longer.builds] == [just_before, *days_ago(1)]


@pytest.mark.parametrize("off", [-400, 400])
def test_a_wrong_guess_of_the_present_costs_one_request_more_however_many_there_are(off: int) -> None:
    source = Source(hourly(10_000), cuts_the_newest=True)

    stretch = fetch_until(source, None, NOW + off * DAY)

    assert stretch.builds[-1].updated_at == NOW
    assert len(source.asked) == 3


def test_a_source_that_keeps_to_no_bounds_is_refused() -> None:
    class Endless(Source):
        def between(self, start: Instant, end: Instant | None) -> Page:
            self.asked.append("")
            return Page(tuple(Build(NOW + -number * SECOND, A) for number in range(100)), NOW)

    for at in (None, NOW, NOW + -DAY):
        source = Endless([])
        with pytest.raises(UntrustworthyAnswer) as caught:
            fetch_until(source, at, NOW)
        assert str(caught.value) == NEVER_WHOLE
        assert len(source.asked) == 2
    whole = fetch_until(Source(days_ago(1)), None, NOW)
    with pytest.raises(UntrustworthyAnswer) as caught:
        fetch_earlier(Endless([]), whole)
    assert str(caught.value) == NEVER_WHOLE


def test_a_source_that_has_many_in_every_stretch_is_given_up() -> None:
    class Dense(Source):
        def between(self, start: Instant, end: Instant | None) -> Page:
            self.asked.append("")
            step = ((end or NOW) - start) // 200
            return Page(tuple(Build(start + number * step, A) for number in range(100)), NOW)

    whole = fetch_until(Source(days_ago(1)), None, NOW)
    searches: list[Callable[[Source], HistoryRange]] = [
        lambda source: fetch_until(source, NOW, NOW),
        lambda source: fetch_earlier(source, whole),
    ]
    for search in searches:
        source = Dense([])
        with pytest.raises(UntrustworthyAnswer) as caught:
            search(source)
        assert str(caught.value) == NEVER_WHOLE
        assert len(source.asked) == MAX_REQUESTS


def test_a_source_that_takes_back_what_it_said_is_refused() -> None:
    class NullCache(Source):
        def between(self, start: Instant, end: Instant | None) -> Page:
            page = super().between(start, end)
            self.moves = []
            return page

    with pytest.raises(UntrustworthyAnswer) as caught:
        fetch_until(NullCache(hourly(200)), None, NOW)
    assert str(caught.value) == NEVER_WHOLE


def test_the_future_begins_a_second_after_the_registrys_clock() -> None:
    assert fetch_until(Source(days_ago(1)), NOW + SECOND, NOW)

    with pytest.raises(InvalidInstant) as future:
        fetch_until(Source(days_ago(1)), NOW + (SECOND + 1), NOW, name="until")
    with pytest.raises(InvalidInstant, match=r"^at 2027.* or omit 'at'"):
        reject_future(Instant.parse("2027-01-01"), NOW)
    with pytest.raises(UntrustworthyAnswer) as unclear:
        fetch_until(Source(days_ago(1), now=None), NOW, NOW)

    assert str(future.value) == (
        f"until {NOW + (SECOND + 1)} is in the future: the registry's clock says {NOW}. Ask for an instant that has passed, or"
        " omit 'until'."
    )
    assert str(unclear.value) == (
        "The registry gives no time of its own (a Date header that can be read), so it is unknown whether 'at' is in the"
        " past. A proxy may have removed or changed the header."
    )


def test_the_last_instant_there_is_is_in_the_future() -> None:
    with pytest.raises(InvalidInstant, match="is in the future"):
        fetch_until(Source(days_ago(1)), Instant.parse("9999-12-31T23:59:59.999Z"), NOW)


def test_the_first_record_is_the_earliest_after_the_instant() -> None:
    source = Source(days_ago(1, 2, 3))

    assert fetch_first_build(source, days_ago(3)[0]) == Build(days_ago(2)[0], A)
    assert fetch_first_build(source, NOW) is None
    assert fetch_first_build(source, Instant.parse("1900-01-01")) == Build(days_ago(3)[0], A)
    assert source.asked[-1] == "1970-01-01 to None"


class Renewed(Source):
    """A source that never comes back to a digest."""

    def between(self, start: Instant, end: Instant | None) -> Page:
        page = super().between(start, end)
        return Page(
            tuple(Build(r.updated_at, f"sha256:{r.updated_at.nanoseconds:064x}") for r in page.builds), page.now
        )


@pytest.mark.parametrize("by_span", [True, False])
@pytest.mark.parametrize(
    ("moves", "since", "until", "asked"),
    [
        ([1, 36, 38], 30, None, ["2026-10-15 to 3000-01-01"]),
        ([1, 30, 38], 30, 0, ["2026-10-15 to 2026-11-28"]),
        ([1, 31, 32], 30, 30, ["2026-10-15 to 2026-10-29"]),
        ([1, 95, 110], 90, 60, ["2026-08-16 to 2026-09-29", "2026-04-25T23:59:59Z to 2026-08-15T23:59:59Z"]),
        ([1, 150, 210, 211], 200, None, ["2026-07-25 to 3000-01-01", "2026-04-03T23:59:59Z to 2026-07-24T23:59:59Z"]),
    ],
)
def test_the_past_is_read_until_it_is_known_when_the_build_at_its_start_came(
    moves: list[int], since: int, until: int | None, asked: list[str], by_span: bool
) -> None:
    source, progress = Renewed(days_ago(*moves)), []
    end = NOW if until is None else days_ago(until)[0]
    wanted = end - days_ago(since)[0] if by_span else days_ago(since)[0]

    start, stretch = fetch_between(
        source, wanted, None if until is None else end, NOW, lambda done, total: progress.append((done, total))
    )

    assert start == days_ago(since)[0]
    assert source.asked == asked
    assert len([record for record in stretch.builds if record.updated_at <= start]) == 2
    first = Instant.parse(asked[0].split()[0])
    assert progress == [(end - first, end - start)] * (len(asked) - 1)


def test_a_span_ends_with_the_registrys_present_and_an_instant_may_lie_after_it() -> None:
    off, moves = NOW + HOUR, days_ago(1, 2, 3)

    assert fetch_between(Renewed(moves), DAY, None, off, lambda *_: None)[0] == NOW + -DAY
    assert fetch_between(Renewed(moves, now=None), DAY, None, off, lambda *_: None)[0] == off + -DAY
    later = NOW + 3 * DAY
    source = Renewed(moves)
    assert fetch_between(source, later, None, NOW, lambda *_: None)[0] == later
    assert source.asked == ["2026-11-14 to 3000-01-01"]


def test_the_end_of_the_past_must_have_passed_by_the_registrys_clock() -> None:
    with pytest.raises(InvalidInstant, match=f"^until {NOW + DAY} is in the future: .* or omit 'until'"):
        fetch_between(Renewed(days_ago(1)), DAY, NOW + DAY, NOW, lambda *_: None)


def test_a_tag_without_a_first_build_in_the_past_is_read_to_its_beginning() -> None:
    source = Renewed(days_ago(1))

    _start, stretch = fetch_between(source, 30 * DAY, NOW, NOW, lambda *_: None)

    assert stretch.has_first_build
    assert source.asked[-1].startswith("1970-01-01 ")


@dataclass
class WithDeletions(Source):
    """A source that knows nothing of before an instant, and also tells when the tag was deleted."""

    deletions: list[Instant] = field(default_factory=list)
    at_bounds: bool = False
    known_since: Instant | None = None

    def between(self, start: Instant, end: Instant | None) -> Page:
        page = super().between(start, end)
        last = end or NOW
        deleted = [start, last] if self.at_bounds else [each for each in self.deletions if start <= each <= last]
        return replace(page, deletions=tuple(deleted), known_since=self.known_since)


def test_an_extended_range_knows_since_when_the_source_knows_the_tag() -> None:
    known_since = NOW + -50 * DAY
    history = HistoryRange((Build(NOW, A),), NOW + -2 * DAY, NOW, NOW)

    extended = fetch_earlier(WithDeletions(days_ago(0, 20), known_since=known_since), history)

    assert extended.known_since == known_since
    assert len(extended.builds) == 2


def test_a_deletion_at_a_bound_of_what_was_read_belongs_to_it() -> None:
    history = HistoryRange((Build(NOW, A),), NOW + -2 * DAY, NOW, NOW)

    extended = fetch_earlier(WithDeletions(days_ago(0, 20), at_bounds=True), history)

    assert extended.deletions == (extended.start, history.start + -1)


def test_deletions_count_for_whether_a_page_may_have_been_cut() -> None:
    deletions = [each + MINUTE for each in hourly(40)]
    few, many = WithDeletions(hourly(60)), WithDeletions(hourly(60), deletions=deletions)

    for source in (few, many):
        fetch_until(source, NOW + -1 * MINUTE, NOW, DAY)

    assert len(few.asked) == 1
    assert len(many.asked) > 1


def test_a_past_whose_begin_need_not_be_exact_costs_one_request() -> None:
    exact, rough = Source(days_ago(5, 12)), Source(days_ago(5, 12))

    fetch_between(exact, 10 * DAY, None, NOW, lambda _done, _all: None)
    fetch_between(rough, 10 * DAY, None, NOW, lambda _done, _all: None, is_begin_exact=False)

    assert len(exact.asked) > 1
    assert len(rough.asked) == 1


@pytest.mark.parametrize(("name", "end"), [("at", "omit 'at' to get the latest build."), ("until", "omit 'until'.")])
def test_an_instant_of_the_future_is_refused_with_what_to_write_instead(name: str, end: str) -> None:
    with pytest.raises(InvalidInstant) as refused:
        reject_future(NOW + DAY, NOW, name)
    assert str(refused.value) == (
        f"{name} 2026-11-25T00:00:00Z is in the future: the registry's clock says 2026-11-24T00:00:00Z. Ask for an instant"
        f" that has passed, or {end}"
    )
