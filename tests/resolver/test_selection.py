# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The choice of a build at its edges, without a registry: to the nanosecond, and to the word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import (
    Known,
    choose,
    explain_no_build,
    next_to_ask,
    stale_warning,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import DAY
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import Rule
from pulumi_cgr._bridge import HistoryRange
from pulumi_cgr.resolver import Build, Instant, UnknownTag, UntrustworthyAnswer

A, B, C, D = ("sha256:" + 64 * letter for letter in "abcd")
FIRST = "1970-01-01"
MOVES = (("2026-11-01", A), ("2026-11-03", B), ("2026-11-05", A), ("2026-11-07", C))
NOW = Instant.parse("2026-11-24")


def asked(**rule: Any) -> Rule:
    return Rule.parse(**rule)


def stretch(
    *moves: tuple[str, str], start: str = "2026-10-01", end: str = "3000-01-01", now: Any = NOW
) -> HistoryRange:
    records = tuple(Build(Instant.parse(when), digest) for when, digest in moves)
    return HistoryRange(records, Instant.parse(start), Instant.parse(end), now)


@pytest.mark.parametrize(
    ("rule", "digest", "reason"),
    [
        ({}, C, "the latest build: the tag moved to it at 2026-11-07T00:00:00Z"),
        ({"exclude": [C]}, A, "the latest build, without excluded ones: the tag moved to it at 2026-11-05T00:00:00Z"),
        ({"builds_back": 1}, A, "1 build before the latest build: the tag moved to it at 2026-11-05T00:00:00Z"),
        ({"builds_back": 2}, B, "2 builds before the latest build: the tag moved to it at 2026-11-03T00:00:00Z"),
        ({"min_age": "17d"}, C, "the newest build at least 17d old: the tag moved to it at 2026-11-07T00:00:00Z"),
        ({"min_age": "17d1s"}, A, "the newest build at least 17d1s old: the tag moved to it at 2026-11-05T00:00:00Z"),
        (
            {"at": "2026-11-06"},
            A,
            "the build at 2026-11-06T00:00:00Z: the tag had moved to it at 2026-11-05T00:00:00Z, 1 d before;"
            " it was current for 2 d, until 2026-11-07T00:00:00Z",
        ),
        (
            {"at": "2026-11-06", "builds_back": 1, "exclude": [D]},
            B,
            "1 build before the build at 2026-11-06T00:00:00Z, without excluded ones: the tag had moved to it at"
            " 2026-11-03T00:00:00Z, 3 d before; it was current for 2 d, until 2026-11-05T00:00:00Z",
        ),
        (
            {"at": "2026-11-08", "exclude": [D]},
            C,
            "the build at 2026-11-08T00:00:00Z, without excluded ones: the tag had moved to it at 2026-11-07T00:00:00Z,"
            " 1 d before; it was the latest build when it was looked up",
        ),
        (
            {"at": "2026-11-07"},
            C,
            "the build at 2026-11-07T00:00:00Z: the tag had moved to it at 2026-11-07T00:00:00Z, 0 s before;"
            " it was the latest build when it was looked up",
        ),
    ],
)
def test_the_choice_says_why(rule: dict[str, Any], digest: str, reason: str) -> None:
    excluded = [("2026-11-07", D)] if D in rule.get("exclude", []) else []

    choice = choose(stretch(*MOVES, *excluded), asked(**rule))

    assert choice
    assert (choice.build.digest, choice.reason, choice.warnings) == (digest, reason, ())


@pytest.mark.parametrize("now", [None, Instant.parse("2026-11-10"), Instant.parse("2026-11-11")])
def test_how_long_it_stood_is_said_as_far_as_it_is_known(now: Instant | None) -> None:
    choice = choose(stretch(*MOVES, end="2026-11-10", now=now), asked(at="2026-11-08"))

    assert choice
    assert choice.reason.endswith("1 d before; it was current for at least 3 d")


def test_a_move_to_where_the_tag_stood_is_none() -> None:
    moves = (*MOVES, ("2026-11-08", C), ("2026-11-09", C))

    latest, before = (choose(stretch(*moves), asked(builds_back=back)) for back in (0, 1))

    assert latest
    assert before
    assert (str(latest.build.updated_at), before.build.digest) == ("2026-11-09T00:00:00Z", A)
    held = choose(stretch(*moves), asked(at="2026-11-07"))
    assert held
    assert held.reason.endswith("it was the latest build when it was looked up")


def test_a_stretch_that_begins_too_late_has_no_choice() -> None:
    assert choose(stretch(*MOVES), asked(builds_back=4)) is None
    assert choose(stretch(*MOVES), asked(builds_back=3)) is not None
    assert choose(stretch(), asked()) is None
    assert choose(stretch(*MOVES), asked(at="2026-10-31")) is None


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ({}, False),
        ({"builds_back": 1}, False),
        ({"builds_back": 2}, True),
        ({"builds_back": 3}, True),
        ({"builds_back": 2, "exclude": [B]}, False),
        ({"at": "2026-11-03"}, True),
        ({"at": "2026-11-02"}, False),
    ],
)
def test_two_digests_for_one_instant_are_refused_where_they_matter(rule: dict[str, Any], refused: bool) -> None:
    contradictory = stretch(
        ("2026-11-01", A), ("2026-11-03", B), ("2026-11-03", D), ("2026-11-05", C), ("2026-11-06", A)
    )
    if not refused:
        assert choose(contradictory, asked(**rule))
        return

    with pytest.raises(UntrustworthyAnswer) as caught:
        choose(contradictory, asked(**rule))

    assert str(caught.value) == (
        f"The tag history gives 2 digests for the instant 2026-11-03T00:00:00Z ({B}, {D}), in no order."
        " Ask for an instant before it, or pin one of them yourself."
    )


def test_a_build_may_be_a_day_ahead_of_the_registrys_clock_and_no_more() -> None:
    build = stretch(("2026-11-25", A))
    assert choose(build, asked())
    assert choose(HistoryRange(build.builds, build.start, build.end, None), asked())

    with pytest.raises(UntrustworthyAnswer) as caught:
        choose(HistoryRange(build.builds, build.start, build.end, NOW + -1), asked())

    assert str(caught.value) == (
        f"The tag history says that the tag will move to {A} at 2026-11-25T00:00:00Z, but the registry's own clock says"
        f" {NOW + -1}. A build in the future is never chosen; ask for an instant that has passed."
    )


def test_a_build_before_one_of_the_future_is_taken_unless_it_is_of_the_future_itself() -> None:
    choice = choose(stretch(*MOVES, ("2026-12-01", D)), asked(builds_back=1))
    assert choice
    assert choice.build.digest == C

    with pytest.raises(UntrustworthyAnswer, match=f"will move to {D} at 2026-12-01"):
        choose(stretch(*MOVES, ("2026-12-01", D), ("2026-12-02", A)), asked(builds_back=1))


def test_a_set_counts_from_its_own_instant() -> None:
    for rule, digest in (({}, A), ({"min_age": "3d"}, B), ({"at": "2026-11-01"}, A)):
        choice = choose(stretch(*MOVES), asked(**rule), until=Instant.parse("2026-11-06"))
        assert choice
        assert choice.build.digest == digest
    assert explain_no_build(stretch(*MOVES), asked(builds_back=9), Instant.parse("2026-11-06")) == (
        "builds_back 9 goes back too far: the tag has 2 builds before the chosen one."
    )


def test_an_age_needs_a_clock() -> None:
    with pytest.raises(UntrustworthyAnswer) as caught:
        choose(stretch(*MOVES, now=None), asked(min_age="1d"))

    assert str(caught.value) == (
        "The registry gives no time of its own (a Date header that can be read), so the age of a build is unknown. A"
        " proxy may have removed or changed the header."
    )


@pytest.mark.parametrize(
    ("rule", "digest", "reason"),
    [
        (
            {"min_age": "20d", "current": C},
            C,
            "the current pin, to which the tag had moved at 2026-11-07T00:00:00Z, is newer than the newest build at least"
            " 20d old, and is kept: a pin never goes back in time",
        ),
        (
            {"min_age": "22d", "current": A},
            A,
            "the newest build at least 22d old: the tag moved to it at 2026-11-01T00:00:00Z",
        ),
        (
            {"min_age": "20d", "current": A},
            A,
            "the current pin, to which the tag had moved at 2026-11-05T00:00:00Z, is newer than the newest build at least"
            " 20d old, and is kept: a pin never goes back in time",
        ),
        (
            {"min_age": "17d", "current": B},
            C,
            "the newest build at least 17d old: the tag moved to it at 2026-11-07T00:00:00Z",
        ),
        (
            {"min_age": "20d", "current": C, "exclude": [C]},
            B,
            "the newest build at least 20d old, without excluded ones: the tag moved to it at 2026-11-03T00:00:00Z",
        ),
        (
            {"min_age": "20d", "current": C, "builds_back": 1},
            A,
            "1 build before the newest build at least 20d old: the tag moved to it at 2026-11-01T00:00:00Z",
        ),
    ],
)
def test_a_pin_never_goes_back(rule: dict[str, Any], digest: str, reason: str) -> None:
    choice = choose(stretch(*MOVES), asked(**rule))

    assert choice
    assert (choice.build.digest, choice.reason, choice.warnings) == (digest, reason, ())


def test_a_pin_that_was_passed_over_is_not_kept() -> None:
    choice = choose(stretch(*MOVES), asked(min_age="18d", current=C), known=Known(passed_over=frozenset([C])))

    assert choice
    assert choice.build.digest == A


def test_an_unknown_pin_is_looked_for_a_hundred_days_back() -> None:
    rule = asked(min_age="1d", current=D)
    hundred = Instant.parse("2026-11-07") + -100 * DAY
    assert choose(stretch(*MOVES, start=str((hundred + 1).with_digits(9))), rule) is None

    for start, since in ((str(hundred), f" since {hundred}"), (FIRST, "")):
        choice = choose(stretch(*MOVES, start=start), rule)
        assert choice
        unknown = f"the current pin {D} is not in the tag's history{since}"
        assert choice.build.digest == C
        assert choice.warnings == (f"{unknown}; it is replaced by {C}.",)
        assert choice.reason == (
            f"the newest build at least 1d old: the tag moved to it at 2026-11-07T00:00:00Z; {unknown}, and was replaced"
        )
    young = HistoryRange(stretch(*MOVES).builds, Instant.parse(FIRST), NOW, Instant.parse("2026-11-09"))
    assert choose(young, rule)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"min_age": "24d"}, "no build is 24d old yet; the first will be at 2026-11-25T00:00:00Z."),
        ({"min_age": "24d", "exclude": [A]}, "no build is 24d old yet; the first will be at 2026-11-27T00:00:00Z."),
        (
            {"min_age": "23d", "builds_back": 1},
            "builds_back 1 goes back too far: the tag has 0 builds before the chosen one.",
        ),
        ({"exclude": [A, B, C]}, "every build of the tag is excluded, 3 in all."),
        ({"exclude": [A, B, C], "min_age": "24d"}, "every build of the tag is excluded, 3 in all."),
        ({"builds_back": 7}, "builds_back 7 goes back too far: the tag has 3 builds before the chosen one."),
        (
            {"builds_back": 7, "at": "2026-11-05"},
            "builds_back 7 goes back too far: the tag has 2 builds before the chosen one.",
        ),
        ({"at": "2026-10-31"}, None),
    ],
)
def test_a_refusal_says_what_there_is(rule: dict[str, Any], said: str | None) -> None:
    assert explain_no_build(stretch(*MOVES, start=FIRST), asked(**rule)) == said
    assert explain_no_build(stretch(start=FIRST), asked(**rule)) is None


def test_a_tag_that_stands_still_is_worth_a_warning_after_exactly_that_long() -> None:
    build = Build(Instant.parse("2026-11-01"), A)
    for quiet in (
        stale_warning(build, True, NOW, 23 * DAY),
        stale_warning(build, True, NOW, 0),
        stale_warning(build, False, NOW, DAY),
        stale_warning(build, True, None, DAY),
    ):
        assert quiet is None
    assert stale_warning(build, True, NOW + 1, 23 * DAY) == (
        "the tag has not moved since 2026-11-01T00:00:00Z, for 23 d, which is more than 23d. It may no longer be built:"
        " choose another tag."
    )


def deleted(*when: str, moves: tuple[tuple[str, str], ...] = MOVES, start: str = "2026-10-01") -> HistoryRange:
    return replace(stretch(*moves, start=start), deletions=tuple(map(Instant.parse, when)))


GONE = "the tag was deleted at {}T00:00:00Z, and no build that matches came after it. Ask for an instant before it, or for another tag."


@pytest.mark.parametrize(
    ("when", "rule", "until", "last"),
    [
        (["2026-11-04", "2026-11-08", "2026-11-09", "2026-11-10"], {}, None, "2026-11-10"),
        (["2026-11-07"], {}, None, "2026-11-07"),
        (["2026-11-08", "2026-11-20"], {"at": "2026-11-08"}, None, "2026-11-08"),
        (["2026-11-08", "2026-11-20"], {}, "2026-11-08", "2026-11-08"),
        (["2026-11-24"], {}, None, "2026-11-24"),
        (["2026-11-06"], {"min_age": "18d"}, None, "2026-11-06"),
    ],
)
def test_a_tag_that_was_deleted_after_its_last_build_has_none(
    when: list[str], rule: dict[str, Any], until: str | None, last: str
) -> None:
    with pytest.raises(UnknownTag) as refused:
        choose(deleted(*when), asked(**rule), Instant.parse(until) if until else None)
    assert str(refused.value) == GONE.format(last)


@pytest.mark.parametrize(
    ("when", "rule", "until", "digest"),
    [
        ("2026-11-04", {}, None, C),
        ("2026-11-08", {"at": "2026-11-07T12:00:00Z"}, None, C),
        ("2026-11-08", {}, "2026-11-07T12:00:00Z", C),
        ("2026-11-25", {}, None, C),
        ("2026-11-04", {"min_age": "18d"}, None, A),
    ],
)
def test_a_tag_that_was_created_again_or_deleted_later_has_a_build(
    when: str, rule: dict[str, Any], until: str | None, digest: str
) -> None:
    choice = choose(deleted(when), asked(**rule), Instant.parse(until) if until else None)

    assert choice is not None
    assert choice.build.digest == digest


def test_a_deletion_before_all_builds_of_a_range_counts_if_the_range_has_the_first_build() -> None:
    assert choose(deleted("2026-11-04", moves=()), asked()) is None
    with pytest.raises(UnknownTag):
        choose(deleted("2026-11-04", moves=(), start=FIRST), asked())
    with pytest.raises(UnknownTag):
        choose(replace(deleted("2026-11-08"), now=None), asked())


AGED = {"min_age": "20d", "min_age_from": "build"}  # counted back from NOW: 2026-11-04


def built(**times: str | None) -> dict[str, Instant | None]:
    digests = {"a": A, "b": B, "c": C}
    return {digests[name]: Instant.parse(when) if when else None for name, when in times.items()}


@pytest.mark.parametrize(
    ("rule", "known", "asks"),
    [
        (AGED, Known(), C),
        (AGED, Known(built(c="2026-11-06")), A),
        (AGED, Known(built(c=None)), A),
        (AGED, Known(built(c="2026-11-04")), None),
        (AGED, Known(built(c="2026-11-06", a="2026-11-04")), None),
        (AGED, Known(built(c="2026-11-06", a="2026-11-04T00:00:01Z")), None),  # the next one is old enough by the tag
        ({**AGED, "min_age": "21d"}, Known(built(c=None, a=None)), None),  # to the nanosecond
        ({**AGED, "min_age": "22d"}, Known(built(c=None, a=None)), B),
        ({**AGED, "exclude": [C]}, Known(), A),
        (AGED, Known(passed_over=frozenset([C])), A),
        ({"min_age": "20d"}, Known(), None),
        ({}, Known(), None),
    ],
)
def test_builds_that_the_tag_makes_too_young_are_asked_for_their_own_time(
    rule: dict[str, Any], known: Known, asks: str | None
) -> None:
    assert next_to_ask(stretch(*MOVES), asked(**rule), None, known) == asks


@pytest.mark.parametrize(("until", "asks"), [("2026-11-06", A), ("2026-11-07", C), ("2026-11-04", B)])
def test_no_build_after_the_instant_of_a_set_is_asked(until: str, asks: str) -> None:
    assert next_to_ask(stretch(*MOVES), asked(**AGED), Instant.parse(until)) == asks


@pytest.mark.parametrize(
    ("rule", "known", "until", "moved"),
    [
        (AGED, Known(), None, "2026-11-03"),
        (AGED, Known(built(c="2026-11-06", a="2026-11-04")), None, "2026-11-05"),
        (AGED, Known(built(c="2026-11-04", a=None)), None, "2026-11-07"),
        ({**AGED, "exclude": [C]}, Known(built(c="2026-11-01", a="2026-11-05")), None, "2026-11-03"),
        (AGED, Known(built(c="2026-11-01", a="2026-11-05"), frozenset([C])), None, "2026-11-03"),
        (AGED, Known(built(c="2026-10-01", a="2026-10-01")), "2026-11-06", "2026-11-05"),
        (AGED, Known(built(c="2026-10-01")), "2026-11-07", "2026-11-07"),
    ],
)
def test_an_age_may_count_from_when_a_build_was_built(
    rule: dict[str, Any], known: Known, until: str | None, moved: str
) -> None:
    choice = choose(stretch(*MOVES), asked(**rule), Instant.parse(until) if until else None, known)

    assert choice is not None
    without = ", without excluded ones" if "exclude" in rule else ""
    assert choice.reason == (
        f"the newest build at least 20d old by its own time{without}: the tag moved to it at {moved}T00:00:00Z"
    )


def test_an_age_that_no_build_has_says_when_the_first_will_have_it() -> None:
    rule = {"min_age": "100d"}
    first = "no build is 100d old yet; the first will be at 2027-02-09T00:00:00Z"

    assert explain_no_build(stretch(*MOVES, start=FIRST), asked(**rule)) == f"{first}."
    by_build = asked(**rule, min_age_from="build")
    assert explain_no_build(stretch(*MOVES, start=FIRST), by_build) == f"{first} at the latest."


def test_when_a_build_was_built_means_nothing_for_an_age_that_counts_from_the_tag() -> None:
    choice = choose(stretch(*MOVES), asked(min_age="20d"), None, Known(built(c="2026-10-01", a="2026-10-01")))

    assert choice is not None
    assert choice.reason == "the newest build at least 20d old: the tag moved to it at 2026-11-03T00:00:00Z"
