# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The past of a tag: every stay between two instants and no other, over any source."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import fetch_between
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.timeline import (
    Interval,
    Timeline,
    intervals_of,
    parse_window,
    tag_of,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build, HistoryRange
from pulumi_cgr._bridge import DAY, Query, parse_image
from pulumi_cgr.resolver import (
    Instant,
    InvalidImage,
    InvalidInstant,
    InvalidRule,
    Resolution,
    Resolver,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Histories, Readings, Registry
from tests.resolver.test_history import NOW, Source, made, misdeeds, records

spans = st.integers(0, 400 * DAY)
A, B, C = ("sha256:" + 64 * letter for letter in "abc")
WEB = Query(parse_image("cgr.dev/chainguard/web:1"))


def ago(days: int) -> Instant:
    return NOW + -days * DAY


def past_of(*moves: tuple[int, str], since: int = 90, until: int | None = None, current: str | None = None) -> Timeline:
    """Makes the past of a tag that moved so many days ago."""
    records = tuple(Build(ago(days), digest) for days, digest in moves)
    end = None if until is None else ago(until)
    return Timeline.of(WEB, HistoryRange(records, ago(1000), NOW, NOW), ("read on",), ago(since), end, current)


@settings(max_examples=300, deadline=None)
@given(records, misdeeds, spans, spans | st.none(), st.data())
def test_every_stay_or_none_of_them(
    steps: list[tuple[int, str]], misdeed: str, back: int, until_back: int | None, chance: st.DataObject
) -> None:
    known = made(steps)
    until = None if until_back is None else Instant(NOW.nanoseconds - until_back, 9)
    since = Instant((until or NOW).nanoseconds - back, 9)
    source = Source(known, misdeed, chance)

    try:
        _start, stretch = fetch_between(source, since, until, NOW, lambda _done, _all: None)
    except UntrustworthyAnswer:
        assert misdeed != "none" or len(known) >= 100
        return
    found = [(interval.updated_at, interval.digest) for interval in intervals_of(stretch, since, until)]

    if len({record.updated_at for record in known}) == len(known):  # else they have no order
        runs = [next(run) for _digest, run in groupby(known, lambda record: record.digest)]
        assert found == [
            (record.updated_at, record.digest)
            for record, end in zip_longest(runs, [later.updated_at for later in runs[1:]])
            if (until is None or record.updated_at <= until) and (end is None or end > since)
        ]


def test_many_years_are_read_in_pieces_of_fewer_than_a_hundred(recorded: Histories) -> None:
    image = "chainguard/crane:latest-dev"
    for readings in (Readings(), Readings(order="oldest", cap=100), Readings(order="shuffled", inclusive=False)):
        with Registry(recorded, readings=readings) as registry:
            past = Resolver(registry=registry.url, environment={}).history(f"cgr.dev/{image}", since="2020-01-01")
        moves = [move.digest for move in recorded.moves(image)]
        assert [interval.digest for interval in past.intervals] == [digest for digest, _run in groupby(moves)]
        assert all("end" in request.query for request in registry.requests if "history" in request.path)


def test_a_stay_begins_with_the_move_there_not_with_one_that_confirms_it() -> None:
    moves = {400: "b", 300: "a", 40: "a", 5: "c"}
    history = [
        {"updateTimestamp": str(NOW + -days * DAY), "digest": f"sha256:{64 * letter}"} for days, letter in moves.items()
    ]
    with Registry({"chainguard/web:1": history}, now=lambda: NOW.nanoseconds / 1e9) as registry:
        past = Resolver(registry=registry.url, environment={}).history("cgr.dev/chainguard/web:1", since="20d")

    assert [str(interval.updated_at) for interval in past.intervals] == [str(NOW + -300 * DAY), str(NOW + -5 * DAY)]


def test_a_stay_knows_when_the_tag_left_and_when_it_had_been_there_before() -> None:
    first, second, third = past_of((30, A), (20, B), (10, A)).intervals

    assert (first, second) == (Interval(A, ago(30), ago(20)), Interval(B, ago(20), ago(10)))
    assert third == Interval(A, ago(10), until=None, returned=ago(20))


@pytest.mark.parametrize(
    ("since", "until", "listed"),
    [(25, None, "ABC"), (20, None, "BC"), (21, 10, "ABC"), (21, 11, "AB"), (10, 10, "C"), (11, 11, "B")],
)
def test_the_stays_between_two_instants_are_those_that_overlap_them(since: int, until: int | None, listed: str) -> None:
    found = past_of((30, A), (20, B), (10, C), since=since, until=until)

    assert [interval.digest for interval in found.intervals] == [{"A": A, "B": B, "C": C}[letter] for letter in listed]


def test_how_long_a_tag_stood_and_how_old_a_move_is() -> None:
    open_end, closed = past_of((30, A), (20, B)), past_of((30, A), (20, B), until=15)

    assert [open_end.active_nanoseconds(interval) for interval in open_end.intervals] == [10 * DAY, 20 * DAY]
    assert [closed.active_nanoseconds(interval) for interval in closed.intervals] == [10 * DAY, 5 * DAY]
    assert [closed.age(interval) for interval in closed.intervals] == [30 * DAY, 20 * DAY]
    without_clock = replace(open_end, now=None)
    assert [without_clock.age(interval) for interval in without_clock.intervals] == [None, None]
    assert [without_clock.active_nanoseconds(interval) for interval in without_clock.intervals] == [10 * DAY, 0]
    # Two clocks: the last move may lie after the end.
    assert open_end.active_nanoseconds(Interval(C, NOW + DAY)) == 0


def test_the_stay_that_is_deployed_and_the_one_that_the_rule_takes_are_marked() -> None:
    found = past_of((30, A), (20, B), (10, A), current=A)

    def chosen(digest: str, updated_at: Instant | None) -> list[bool]:
        answer = Resolution.of(WEB, digest, updated_at, "the latest build")
        return [replace(found, chosen=answer).is_chosen(interval) for interval in found.intervals]

    assert [found.is_current(interval) for interval in found.intervals] == [False, False, True]
    assert [past_of((30, A), (20, B), current=A).is_current(interval) for interval in found.intervals[:2]] == [
        True,
        False,
    ]
    assert [found.is_chosen(interval) for interval in found.intervals] == [False, False, False]
    assert chosen(A, ago(30)) == chosen(A, ago(21)) == [True, False, False]
    assert chosen(B, ago(20)) == [False, True, False]
    assert chosen(A, ago(9)) == [False, False, True]
    assert chosen(A, ago(20)) == chosen(A, None) == chosen(C, ago(9)) == [False, False, False]


def test_an_instant_with_several_digests_is_warned_of() -> None:
    found = past_of((30, A), (20, B), (20, C), (10, A))

    assert found.warnings == (
        "read on",
        f"The tag history gives 2 digests for the instant {ago(20)}, in no order.",
    )
    assert (found.query, found.since, found.until, found.now) == (WEB, ago(90), None, NOW)


def test_the_bounds_are_an_instant_or_a_span_and_an_instant_after_it() -> None:
    early, late = "2026-01-01", "2026-02-01"
    assert parse_window("90d", late) == (90 * DAY, Instant.parse(late))
    assert parse_window(early, late) == (Instant.parse(early), Instant.parse(late))
    assert parse_window(early, None) == (Instant.parse(early), None)
    with pytest.raises(InvalidRule) as caught:
        parse_window(late, late)
    assert caught.value.argument == "since"
    assert str(caught.value) == (
        "since 2026-02-01T00:00:00Z is not before until 2026-02-01T00:00:00Z: swap them, or omit one."
    )
    with pytest.raises(InvalidInstant, match=r"^since 'soon' is not an instant"):
        parse_window("soon", None)
    with pytest.raises(InvalidInstant, match=r"^until 'soon' is not an instant"):
        parse_window("90d", "soon")


def test_an_image_without_a_tag_has_no_past() -> None:
    with pytest.raises(InvalidImage) as caught:
        tag_of(parse_image(f"cgr.dev/chainguard/web@{A}"))
    assert str(caught.value) == (
        f"cgr.dev/chainguard/web@{A} has no tag, so it has no history: write cgr.dev/chainguard/web:TAG."
    )
    assert tag_of(parse_image(f"cgr.dev/chainguard/web:1@{A}")) == "cgr.dev/chainguard/web:1"


@pytest.mark.parametrize(("deleted", "until"), [(6, 6), (5, 5), (4, 4), (3, None), (7, None), (9, None), (11, None)])
def test_an_interval_ends_with_a_deletion_after_the_last_of_its_records(deleted: int, until: int | None) -> None:
    records = tuple(Build(ago(days), digest) for days, digest in ((10, A), (8, A), (6, A), (3, B)))
    history = HistoryRange(records, ago(1000), NOW, NOW, deletions=(ago(deleted),))

    first, last = intervals_of(history, ago(90), None)

    assert first.until == ago(3 if until is None else until)
    assert last.until == (ago(3) if deleted == 3 else None)
