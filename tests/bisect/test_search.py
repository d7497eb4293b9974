# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the first bad build finds it in every history, with the fewest tests; skips and returns included."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_cgr.bisect.search import BAD, GOOD, SKIP, Search, candidates_of
from pulumi_cgr.resolver import Instant, Interval, InvalidArgument


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def timeline(*numbers: int) -> list[Interval]:
    """Returns the intervals of a tag that moved to these builds, one a second."""
    return [Interval(digest(number), Instant(second * 10**9)) for second, number in enumerate(numbers)]


def run(search: Search, first_bad: int, broken: frozenset[int] = frozenset()) -> tuple[Search, int]:
    """Tests builds until the end: those from `first_bad` on are bad, and those in `broken` cannot be tested."""
    tests = 0
    numbers = {candidate.digest: number for number, candidate in enumerate(search.candidates)}
    while candidate := search.next:
        tests += 1
        number = numbers[candidate.digest]
        verdict = SKIP if number in broken else BAD if number >= first_bad else GOOD
        search = search.with_mark(candidate.digest, verdict)
    return search, tests


def test_the_first_bad_build_is_found_at_every_place() -> None:
    for count in (*range(2, 70), 128, 129, 999, 1000):
        candidates = candidates_of(timeline(*range(count)), digest(0), digest(count - 1))
        for first_bad in range(1, count) if count < 70 else (1, 2, count // 2, count - 1):
            search, tests = run(Search(candidates), first_bad)
            assert search.outcome
            assert search.outcome.first_bad.digest == digest(first_bad)
            assert search.outcome.last_good.digest == digest(first_bad - 1)
            assert search.outcome.skipped == ()
            assert tests <= math.ceil(math.log2(count)) + 1
            assert search.bad[0] == search.outcome.first_bad


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], int]:
    """Returns builds in the order in which a tag moved to them, with returns to earlier ones; and how many there are."""
    count = draw(st.integers(2, 1000))
    moves = list(range(count))
    for _return in range(draw(st.integers(0, 20))):
        place = draw(st.integers(1, len(moves)))
        moves.insert(place, draw(st.integers(0, max(moves[:place]))))
    return moves, count


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_returns_and_skips_do_not_mislead_it(history: tuple[list[int], int], data: st.DataObject) -> None:
    moves, count = history
    first_bad = data.draw(st.integers(1, count - 1))
    broken = data.draw(st.frozensets(st.integers(1, max(count - 2, 1)), max_size=12))

    candidates = candidates_of(timeline(*moves), digest(0), digest(count - 1))
    search, tests = run(Search(candidates), first_bad, broken - {0, count - 1})

    assert len(candidates) == count, "a build to which the tag returned is one candidate"
    assert [each.updated_at.nanoseconds for each in candidates] == [moves.index(each) * 10**9 for each in range(count)]
    assert search.outcome
    suspects = [each.digest for each in (*search.outcome.skipped, search.outcome.first_bad)]
    assert digest(first_bad) in suspects
    assert set(suspects) - {search.outcome.first_bad.digest} <= {digest(number) for number in broken}
    assert tests <= math.ceil(math.log2(count)) + 1 + len(broken)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 200), st.data())
def test_the_verdicts_so_far_bound_the_rest(count: int, data: st.DataObject) -> None:
    search = Search(candidates_of(timeline(*range(count)), digest(0), digest(count - 1)))
    while search.next:
        before = (search.untested, search.steps)
        verdict = data.draw(st.sampled_from([GOOD, BAD, SKIP]))
        search = search.with_mark(search.next.digest, verdict)
        assert search.untested < before[0]
        assert verdict == SKIP or search.steps < before[1]


def test_a_verdict_that_contradicts_the_others_is_an_error() -> None:
    search = Search(candidates_of(timeline(0, 1, 2, 3, 4), digest(0), digest(4))).with_mark(digest(2), GOOD)

    assert search.with_mark(digest(1), GOOD) == search
    for number, verdict in ((0, BAD), (1, BAD), (2, SKIP), (4, GOOD)):
        with pytest.raises(InvalidArgument, match="by what was found so far"):
            search.with_mark(digest(number), verdict)
    with pytest.raises(InvalidArgument, match="is not one of the 5 builds of this search"):
        search.with_mark(digest(9), GOOD)


def test_a_skipped_build_can_be_tested_later() -> None:
    search = Search(candidates_of(timeline(0, 1, 2), digest(0), digest(2))).with_mark(digest(1), SKIP)
    assert search.outcome
    assert [each.digest for each in search.outcome.skipped] == [digest(1)]

    tested = search.with_mark(digest(1), GOOD)

    assert tested.outcome
    assert tested.outcome.last_good.digest == digest(1)
    assert tested.outcome.skipped == ()


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (1, 1, "is both the good and the bad build"),
        (2, 1, "is newer than the bad build"),
        (7, 1, "cannot be the good build"),
        (0, 7, "cannot be the bad build"),
    ],
)
def test_builds_without_anything_between_are_an_error(good: int, bad: int, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        candidates_of(timeline(0, 1, 2), digest(good), digest(bad))
