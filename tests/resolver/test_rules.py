# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The rules by which a build is chosen: their edges, and any history at all against a plain scan of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_cgr.resolver import (
    BeforeFirstBuild,
    InvalidInstant,
    InvalidRule,
    NoBuildFits,
    Resolver,
    UnknownTag,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Histories, Readings, Registry
from tests.support import plain

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
A, B, C, D = ("sha256:" + 64 * letter for letter in "abcd")
NAMES = {A: "A", B: "B", C: "C", D: "D"}
IMAGE = "cgr.dev/chainguard/python:latest"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """A registry at which it is noon on 24 November 2026, whatever the time is here."""
    with Registry({}, now=NOW.timestamp) as registry:
        yield registry


def tell(registry: Registry, *moves: tuple[str, str]) -> Resolver:
    """Lets the tag have moved so, and returns a resolver to ask about it."""
    registry.histories = Histories(
        {"chainguard/python:latest": [{"updateTimestamp": when, "digest": digest} for when, digest in moves]}
    )
    return Resolver(registry=registry.url, environment={})


NIGHTLY = [(f"2026-11-{day:02}T12:00:00Z", digest) for day, digest in ((14, A), (16, B), (17, C), (24, D))]
RETURNS = [("2026-11-01", A), ("2026-11-03", B), ("2026-11-05", A), ("2026-11-07", C)]


@pytest.mark.parametrize(
    ("moves", "rule", "chosen"),
    [
        # Exactly that old is old enough; a millisecond younger is not.
        (NIGHTLY, {"min_age": "7d"}, "C"),
        ([*NIGHTLY[:2], ("2026-11-17T12:00:00.001Z", C)], {"min_age": "7d"}, "B"),
        ([*NIGHTLY[:2], ("2026-11-17T12:00:00.0Z", C)], {"min_age": "P7D"}, "C"),
        ([*NIGHTLY[:2], ("2026-11-17T11:59:59.999Z", C)], {"min_age": "168h"}, "C"),
        ([*reversed(NIGHTLY)], {"min_age": "7d"}, "C"),
        (RETURNS, {"min_age": "18d"}, "A"),
        (RETURNS, {"min_age": "20d"}, "B"),
        # Never back in time; but forward, and away from what is excluded.
        (NIGHTLY, {"min_age": "7d", "current": D}, "D"),
        (NIGHTLY, {"min_age": "7d", "current": B}, "C"),
        (NIGHTLY, {"min_age": "7d", "current": f"{IMAGE}@{D}"}, "D"),
        (NIGHTLY, {"min_age": "7d", "current": D, "exclude": [D]}, "C"),
        (NIGHTLY, {"min_age": "7d", "current": C, "builds_back": 1}, "B"),
        (RETURNS, {"min_age": "20d", "current": A}, "A"),
        (RETURNS, {"min_age": "18d", "current": B}, "A"),
        # Steps back, of which a return is one.
        (NIGHTLY, {"builds_back": 0}, "D"),
        (NIGHTLY, {"builds_back": 1}, "C"),
        (NIGHTLY, {"builds_back": 3}, "A"),
        (RETURNS, {"builds_back": 1}, "A"),
        (RETURNS, {"builds_back": 2}, "B"),
        (RETURNS, {"builds_back": 3}, "A"),
        ([*RETURNS, ("2026-11-08", C)], {"builds_back": 1}, "A"),
        (RETURNS, {"builds_back": 1, "at": "2026-11-06"}, "B"),
        # Known-bad ones are left out, wherever they return.
        (NIGHTLY, {"exclude": [D]}, "C"),
        (NIGHTLY, {"exclude": [D, C]}, "B"),
        (RETURNS, {"exclude": [C, A]}, "B"),
        (RETURNS, {"exclude": [B], "builds_back": 1}, "A"),
        (RETURNS, {"exclude": [A], "at": "2026-11-06"}, "B"),
        (RETURNS, {"exclude": [D]}, "C"),
        # Of two that contradict each other, the one left is clear.
        ([("2026-11-01", A), ("2026-11-03", B), ("2026-11-03", C)], {"exclude": [B]}, "C"),
    ],
)
def test_the_rule_chooses(registry: Registry, moves: list[tuple[str, str]], rule: dict[str, Any], chosen: str) -> None:
    assert NAMES[tell(registry, *moves).resolve(IMAGE, **rule).digest] == chosen


@pytest.mark.parametrize(
    ("moves", "rule", "error", "said"),
    [
        (NIGHTLY, {"min_age": "11d"}, NoBuildFits, "no build is 11d old yet; the first will be at 2026-11-25T12:00:00Z"),
        (NIGHTLY, {"exclude": [A, B, C, D]}, NoBuildFits, "every build of the tag is excluded, 4 in all"),
        (NIGHTLY, {"builds_back": 4}, NoBuildFits, "builds_back 4 goes back too far: the tag has 3 builds before the chosen one"),
        ([], {"min_age": "7d"}, UnknownTag, "has no tag 'latest'"),
        ([], {"builds_back": 1}, UnknownTag, "has no tag 'latest'"),
        ([("2026-11-03", B), ("2026-11-03", C), ("2026-11-04", D)], {"builds_back": 1}, UntrustworthyAnswer, "in no order"),
    ],
)  # fmt: skip
def test_the_rule_chooses_nothing(
    registry: Registry, moves: list[tuple[str, str]], rule: dict[str, Any], error: type[Exception], said: str
) -> None:
    resolver = tell(registry, ("2026-11-03", A))
    if moves:
        resolver = tell(registry, *moves)
    else:
        registry.histories = Histories({"chainguard/python:other": [{"updateTimestamp": "2026-11-03", "digest": A}]})

    with pytest.raises(error, match=said):
        resolver.resolve(IMAGE, **rule)


@pytest.mark.parametrize(
    ("rule", "error", "said"),
    [
        ({"at": "2026-11-06", "min_age": "7d"}, InvalidRule, "at and min_age cannot be combined"),
        ({"at": "2026-11-06", "stale_after": "7d"}, InvalidRule, "at and stale_after cannot be combined"),
        ({"current": A}, InvalidRule, "current requires min_age"),
        ({"min_age": "7"}, InvalidRule, "min_age '7' is not a duration; write it like 7d, 36h or P7D"),
        ({"min_age": "0d"}, InvalidRule, "min_age '0d' is not a duration"),
        ({"min_age": "P1Y"}, InvalidRule, "min_age 'P1Y' is not a duration"),
        ({"min_age": ""}, InvalidRule, "min_age '' is not a duration"),
        ({"stale_after": "a month"}, InvalidRule, "stale_after 'a month' is not a duration"),
        ({"builds_back": -1}, InvalidRule, "builds_back '-1' is not a whole number"),
        ({"builds_back": 1.5}, InvalidRule, "builds_back '1.5' is not a whole number"),
        ({"builds_back": True}, InvalidRule, "builds_back 'True' is not a whole number"),
        ({"builds_back": "one"}, InvalidRule, "builds_back 'one' is not a whole number"),
        ({"exclude": ["latest"]}, InvalidRule, "exclude contains 'latest', which is not a digest"),
        ({"min_age": "7d", "current": "latest"}, InvalidRule, "current 'latest' is neither a digest nor a ref"),
        ({"at": 20261106}, InvalidInstant, "is not an instant"),
    ],
)
def test_nonsense_is_refused_before_any_request(rule: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        Resolver(registry="http://127.0.0.1:9", environment={}).resolve(IMAGE, **rule)


def test_a_pinned_image_has_no_other_build() -> None:
    resolver = Resolver(registry="http://127.0.0.1:9", environment={})
    for rule in ({"builds_back": 1}, {"exclude": [A]}):
        with pytest.raises(InvalidRule, match="is already pinned"):
            resolver.resolve(f"{IMAGE}@{A}", **rule)
    assert resolver.resolve(f"{IMAGE}@{A}", min_age="7d", exclude=[B]).digest == A


def test_the_answer_says_why(registry: Registry) -> None:
    resolver = tell(registry, *RETURNS)

    answer = resolver.resolve(IMAGE, builds_back=1, exclude=[D])
    assert answer.reason == (
        "1 build before the latest build, without excluded ones: the tag moved to it at 2026-11-05T00:00:00Z"
    )
    assert answer.previous
    assert answer.next
    assert (NAMES[answer.previous.digest], NAMES[answer.next.digest], answer.active_seconds) == ("B", "C", 2 * 86400)
    kept = resolver.resolve(IMAGE, min_age="20d", current=C)
    assert "the current pin, to which the tag had moved at 2026-11-07T00:00:00Z, is newer than" in kept.reason
    assert "a pin never goes back in time" in kept.reason
    assert kept.next is None
    assert kept.active_seconds is None


def test_a_current_pin_that_is_unknown_is_replaced_with_a_warning(registry: Registry) -> None:
    answer = tell(registry, *RETURNS).resolve(IMAGE, min_age="7d", current=D)

    assert answer.digest == C
    (warning,) = answer.warnings
    assert f"the current pin {D} is not in the tag's history; it is replaced by {C}" in warning
    old = [(f"2025-{month:02}-01", D) for month in range(1, 13)]
    assert not tell(registry, *old[:-1], *RETURNS).resolve(IMAGE, min_age="7d", current=B).warnings


def test_a_tag_that_no_longer_moves_is_worth_a_warning(registry: Registry) -> None:
    resolver = tell(registry, ("2026-10-25T12:00:00Z", A))
    assert not resolver.resolve(IMAGE, stale_after="30d").warnings
    (warning,) = resolver.resolve(IMAGE, stale_after="29d").warnings
    assert "the tag has not moved since 2026-10-25T12:00:00Z, for 30 d, which is more than 29d" in warning
    assert not tell(registry, *NIGHTLY).resolve(IMAGE, min_age="7d", stale_after="1h").warnings


@pytest.mark.parametrize("order", ["documented", "oldest", "shuffled"])
def test_a_thousand_builds_back(registry: Registry, order: Any) -> None:
    moves = [(NOW - timedelta(hours=7 * number), f"sha256:{number:064x}") for number in range(3000)]
    resolver = tell(registry, *((moment.isoformat(), digest) for moment, digest in moves))
    registry.readings = Readings(order=order)

    assert resolver.resolve(IMAGE, builds_back=1000).digest == f"sha256:{1000:064x}"
    assert resolver.resolve(IMAGE, min_age="200d").digest == f"sha256:{-(-200 * 24 // 7):064x}"
    assert resolver.resolve(IMAGE, exclude=[digest for _moment, digest in moves[:150]]).digest == moves[150][1]
    with pytest.raises(NoBuildFits, match="the tag has 2999 builds before the chosen one"):
        resolver.resolve(IMAGE, builds_back=3000)
    registry.readings = Readings()


gaps = st.one_of(st.sampled_from([0.001, 1, 3600, 86400]), st.floats(0.001, 40 * 86400).map(lambda gap: round(gap, 3)))
histories = st.lists(st.tuples(gaps, st.sampled_from([A, B, C, D])), min_size=1, max_size=40)
rules = st.fixed_dictionaries(
    {
        "builds_back": st.integers(0, 4),
        "exclude": st.frozensets(st.sampled_from([A, B, C, D]), max_size=2),
        "age": st.none() | st.integers(1, 200 * 24),
        "at": st.none() | st.integers(0, 200 * 24),
        "current": st.sampled_from([A, B, C, D]),
    }
)


@settings(max_examples=300, deadline=None)
@given(histories, rules)
def test_any_rule_over_any_history(registry: Registry, steps: list[tuple[float, str]], rule: dict[str, Any]) -> None:
    moves, moment = [], NOW
    for gap, moved_to in steps:
        moment -= timedelta(seconds=gap)
        moves.append((moment, moved_to))
    moves.reverse()
    resolver = tell(registry, *((moment.isoformat(), digest) for moment, digest in moves))
    asked: dict[str, Any] = {"builds_back": rule["builds_back"], "exclude": rule["exclude"]}
    scanned = dict(asked)
    if rule["age"]:
        asked |= {"min_age": f"{rule['age']}h", "current": rule["current"]}
        scanned |= {"min_age": timedelta(hours=rule["age"]), "current": rule["current"]}
    elif rule["at"]:
        asked["at"] = scanned["at"] = NOW - timedelta(hours=rule["at"])

    digest: str | None = None
    with suppress(NoBuildFits, BeforeFirstBuild):
        digest = resolver.resolve(IMAGE, **asked).digest

    assert digest == plain.by_rule(moves, NOW, **scanned)


@pytest.mark.parametrize("yes", [True, 1, "true", "Yes", "on", "1"])
def test_a_flag_of_a_rule_is_written_as_the_setting_of_the_same_name(yes: Any) -> None:
    assert Resolver(environment={}).parse_query(IMAGE, signed=yes).rule.signed
    assert Resolver(signed=yes, environment={}).signed


@pytest.mark.parametrize("no", [False, 0, "false", "No", "off", "0"])
def test_a_flag_that_is_off_is_written_in_as_many_ways(no: Any) -> None:
    assert not Resolver(environment={}).parse_query(IMAGE, signed=no).rule.signed
    assert not Resolver(signed=no, environment={}).signed
