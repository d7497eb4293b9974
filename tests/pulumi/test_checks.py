# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What a check decides, in this process: which digest a state, the arguments and what was looked up ahead lead to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_cgr._pulumi.check_image import GIVEN_REASON, KEPT, check_image, kept_properties, parse_query
from pulumi_cgr._pulumi.check_set import check_set, parse_queries
from pulumi_cgr._pulumi.prefetched import set_to_text, to_text
from pulumi_cgr._pulumi.properties import PREFETCHED, differs
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.provider import ImageDigestProvider, ImageDigestsProvider
from pulumi_cgr.resolver import CgrError, InvalidImage, MemoryCache, RegistryUnavailable, Resolver
from pulumi_cgr.testing import Registry

from ..support.moves import days_ago

A, B, C, D, E, OLD, FORGED = ("sha256:" + 64 * letter for letter in "abcde0f")
WEB, WEB2, DB = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/web:2", "cgr.dev/chainguard/db:1"
LONG_AGO, LATELY = days_ago(8), days_ago(4)
HISTORIES = {
    image: [
        {"updateTimestamp": days_ago(days), "digest": digest}
        for days, digest in ((30, E), (20, D), (9, A), (6, B), (2, C))
    ]
    for image in ("chainguard/web:1", "chainguard/web:2", "chainguard/db:1")
}

Arguments = dict[str, Any]

ARGUMENTS = st.fixed_dictionaries(
    {"image": st.sampled_from([WEB, WEB2, DB])},
    optional={
        "at": st.sampled_from([LONG_AGO, LATELY]),
        "builds_back": st.sampled_from([0, 1]),
        "exclude": st.sampled_from([[C], [A, C]]),
        "triggers": st.sampled_from([{}, {"release": 1.0}, {"release": 2.0}, ["1"]]),
    },
)
# Everything a registry can be asked here is asked once, so examples cost nothing.
quickly = settings(deadline=None, max_examples=150)


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    with Registry(HISTORIES) as registry:
        yield Resolver(registry=registry.url, environment={}, run_cache=MemoryCache())


OFFLINE = Resolver(registry="http://127.0.0.1:9", environment={})


def sticky(arguments: Arguments) -> bool:
    return "at" in arguments or "triggers" in arguments


def aged(state: Arguments) -> Arguments:
    """A state whose digest the registry no longer gives for its arguments, as after a move of the tag."""
    return {**state, "digest": OLD, "ref": state["ref"].rpartition("@")[0] + "@" + OLD, "reason": "old"}


def looked_up(arguments: Arguments, resolver: Resolver, digest: str = FORGED) -> str:
    """What the program hands in for its arguments, with a digest that nobody else gives."""
    query, _asked = parse_query(arguments, resolver)
    outcome = json.loads(to_text(query, resolver.resolve_query(query)))
    outcome["resolution"]["digest"] = digest
    return json.dumps(outcome)


def same(one: Arguments, other: Arguments, resolver: Resolver) -> bool:
    return parse_query(one, resolver)[1] == parse_query(other, resolver)[1]


@quickly
@given(ARGUMENTS)
def test_a_sticky_pin_is_kept_without_a_lookup(resolver: Resolver, arguments: Arguments) -> None:
    state = aged(check_image({}, arguments, resolver))

    if sticky(arguments):
        assert check_image(state, arguments, OFFLINE) == state
    else:
        with pytest.raises(RegistryUnavailable):
            check_image(state, arguments, OFFLINE)


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_the_state_of_other_arguments_does_not_count(resolver: Resolver, before: Arguments, after: Arguments) -> None:
    state = aged(check_image({}, before, resolver))

    checked = check_image(state, after, resolver)

    if sticky(after) and same(before, after, resolver):
        assert checked == state
    else:
        assert checked == check_image({}, after, resolver)


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_what_was_looked_up_ahead_counts_for_its_own_query_alone(
    resolver: Resolver, asked: Arguments, checked: Arguments
) -> None:
    # With ignore_changes, the engine checks other arguments than those that the program looked up.
    digest = check_image({}, {**checked, PREFETCHED: looked_up(asked, resolver)}, resolver)["digest"]

    is_same = same({**asked, "triggers": 1}, {**checked, "triggers": 1}, resolver)  # they choose no build
    assert (digest == FORGED) == is_same


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_a_digest_that_is_given_counts_more_than_anything(
    resolver: Resolver, before: Arguments, after: Arguments
) -> None:
    state = check_image({}, before, resolver)

    checked = check_image(state, {**after, "digest": FORGED, PREFETCHED: looked_up(after, resolver, OLD)}, OFFLINE)

    assert (checked["digest"], checked["reason"]) == (FORGED, GIVEN_REASON)
    assert checked["ref"] == f"{after['image']}@{FORGED}"
    assert "updated_at" not in checked


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_a_digest_goes_when_its_argument_goes(resolver: Resolver, before: Arguments, after: Arguments) -> None:
    state = check_image({}, {**before, "digest": FORGED}, resolver)

    assert check_image(state, after, resolver) == check_image({}, after, resolver)


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_a_frozen_digest_is_kept_with_its_reason_and_refused_for_another_image(
    resolver: Resolver, before: Arguments, after: Arguments
) -> None:
    state = check_image({}, before, resolver)
    frozen = {**after, "digest": state["digest"]}

    if before["image"] != after["image"]:
        with pytest.raises(InvalidImage, match="kept from before") as refused:
            check_image(state, frozen, OFFLINE)
        assert refused.value.argument == "digest"
    elif same(before, after, resolver):
        assert check_image(state, frozen, OFFLINE) == state
    else:
        assert check_image(state, frozen, OFFLINE)["reason"] == GIVEN_REASON


@pytest.mark.parametrize("ahead", [True, False], ids=["looked up ahead", "looked up in the check"])
def test_an_aged_pin_keeps_a_newer_build_of_its_own_tag_alone(resolver: Resolver, ahead: bool) -> None:
    aged_rule = {"image": WEB, "min_age": "4d"}
    ahead_of = {PREFETCHED: looked_up(aged_rule, resolver, B)} if ahead else {}
    newest = check_image({}, {"image": WEB}, resolver)
    assert newest["digest"] == C

    assert check_image({}, aged_rule, resolver)["digest"] == B
    assert check_image(newest, {**aged_rule, **ahead_of}, resolver)["digest"] == C
    for other in (WEB2, DB):
        state = check_image({}, {"image": other}, resolver)
        assert check_image(state, {**aged_rule, **ahead_of}, resolver)["digest"] == B


def test_a_lock_file_counts_more_than_the_state(resolver: Resolver, tmp_path: Path) -> None:
    lock = tmp_path / "cgr.lock.json"
    arguments = {"image": WEB, "at": LATELY}
    query = resolver.parse_query(WEB, at=LATELY)
    lock_images(lock, resolver, [query])
    locked = {**arguments, "lock": str(lock)}
    state = check_image({}, locked, OFFLINE)
    assert state["digest"] == B

    rollback(lock, resolver, query)

    assert check_image(state, locked, OFFLINE)["digest"] == A
    assert check_set({}, {"images": {"a": WEB}, "at": LATELY, "lock": str(lock)}, OFFLINE)["digests"] == {"a": A}
    set_state = {**check_set({}, {"images": {"a": WEB}, "at": LATELY, "lock": str(lock)}, OFFLINE), "digests": {"a": B}}
    assert check_set(set_state, {"images": {"a": WEB}, "at": LATELY, "lock": str(lock)}, OFFLINE)["digests"] == {"a": A}


@quickly
@given(ARGUMENTS, st.sampled_from(["image", "at", "triggers", "exclude"]))
def test_what_is_unknown_leaves_the_digest_unknown_and_asks_nothing(
    resolver: Resolver, arguments: Arguments, name: str
) -> None:
    state = check_image({}, arguments, resolver)

    checked = check_image(state, {**arguments, name: pulumi.UNKNOWN}, OFFLINE)

    assert checked["digest"] == checked["ref"] == checked["reason"] == pulumi.UNKNOWN
    assert differs(state, checked, KEPT)


@quickly
@given(ARGUMENTS, ARGUMENTS)
def test_another_repository_replaces_and_only_that(resolver: Resolver, before: Arguments, after: Arguments) -> None:
    olds, news = check_image({}, before, resolver), check_image({}, after, resolver)

    diff = ImageDigestProvider().diff("", kept_properties(olds), news)

    assert diff.replaces == (
        ["image"] if (DB in (before["image"], after["image"])) and before["image"] != after["image"] else []
    )
    assert diff.changes == (olds != news)


SETS = st.fixed_dictionaries(
    {
        "images": st.dictionaries(
            st.sampled_from("ab"),
            st.sampled_from([WEB, WEB2, {"image": DB, "builds_back": 1.0}, {"image": WEB, "at": LONG_AGO}]),
            min_size=1,
        )
    },
    optional={
        "at": st.sampled_from([LONG_AGO, LATELY]),
        "exclude": st.sampled_from([[C], [A, C]]),
        "triggers": st.sampled_from([{}, {"release": 1.0}]),
    },
)


def kept_for_good(arguments: Arguments) -> bool:
    return sticky(arguments) or all(isinstance(each, dict) and "at" in each for each in arguments["images"].values())


def resolved(checked: Arguments) -> Arguments:
    """The checked inputs without when a set with triggers was resolved."""
    return {key: value for key, value in checked.items() if key not in ("at", "resolved_at")}


def aged_set(state: Arguments) -> Arguments:
    refs = {key: ref.rpartition("@")[0] + "@" + OLD for key, ref in state["refs"].items()}
    return {**state, "digests": dict.fromkeys(refs, OLD), "refs": refs, "reasons": dict.fromkeys(refs, "old")}


@quickly
@given(SETS, SETS)
def test_the_state_of_a_set_counts_for_the_same_arguments_alone(
    resolver: Resolver, before: Arguments, after: Arguments
) -> None:
    state = aged_set(check_set({}, before, resolver))

    checked = check_set(state, after, resolver)

    if kept_for_good(after) and parse_queries(before, resolver)[1] == parse_queries(after, resolver)[1]:
        assert checked == state == check_set(state, after, OFFLINE)
    else:
        assert resolved(checked) == resolved(check_set({}, after, resolver))
    assert ImageDigestsProvider().diff("", state, checked).changes == (checked != state)


@quickly
@given(SETS)
def test_at_is_the_instant_of_a_set_that_stays(resolver: Resolver, arguments: Arguments) -> None:
    state = check_set({}, arguments, resolver)

    assert ("at" in state) == sticky(arguments) or "triggers" in arguments
    if "at" in arguments:
        assert state["at"] == str(arguments["at"]).replace("+00:00", "Z")
        assert "resolved_at" not in state


@quickly
@given(SETS, SETS)
def test_what_was_looked_up_ahead_for_a_set_counts_for_its_own_queries_alone(
    resolver: Resolver, asked: Arguments, checked: Arguments
) -> None:
    queries, _given = parse_queries(asked, resolver)
    ahead = json.loads(set_to_text(queries, resolver.resolve_queries(queries)))
    for each in ahead["images"].values():
        each["resolution"]["digest"] = FORGED

    digests = check_set({}, {**checked, PREFETCHED: json.dumps(ahead)}, resolver)["digests"]

    others, _given = parse_queries(checked, resolver)
    is_used = all(queries.get(key) == query for key, query in others.items())
    assert (set(digests.values()) == {FORGED}) == is_used
    assert is_used or FORGED not in digests.values()


def test_the_failure_of_a_lookup_ahead_is_that_of_its_own_queries_alone(resolver: Resolver) -> None:
    queries = resolver.parse_queries({"a": WEB})
    text = set_to_text(queries, CgrError("no luck"))

    with pytest.raises(CgrError, match="no luck"):
        check_set({}, {"images": {"a": WEB}, PREFETCHED: text}, resolver)
    assert check_set({}, {"images": {"a": DB}, PREFETCHED: text}, resolver)["digests"] == {"a": C}


def test_triggers_that_stay_keep_a_set_until_at_goes(resolver: Resolver) -> None:
    both = {"images": {"a": WEB}, "triggers": [1.0], "at": LONG_AGO}
    state = check_set({}, both, resolver)
    assert state["digests"] == {"a": A}

    without_at = check_set(state, {"images": {"a": WEB}, "triggers": [1.0]}, resolver)

    assert without_at["digests"] == {"a": C}
    assert without_at["at"] == without_at["resolved_at"] != state["at"]
    assert check_set(without_at, {"images": {"a": WEB}, "triggers": [1.0]}, OFFLINE) == without_at
    assert check_set(without_at, both, resolver)["digests"] == {"a": A}


def test_frozen_digests_are_kept_and_what_is_new_is_looked_up(resolver: Resolver) -> None:
    state = aged_set(check_set({}, {"images": {"a": WEB, "b": DB}}, resolver))
    frozen = {"digests": state["digests"]}

    assert check_set(state, {"images": {"a": WEB, "b": DB}, **frozen}, OFFLINE) == state
    more = check_set(state, {"images": {"a": WEB, "c": DB}, **frozen}, resolver)
    assert more["digests"] == {"a": OLD, "c": C}
    assert more["reasons"]["a"] == "old"
    with pytest.raises(InvalidImage, match=r"is that of cgr.dev/chainguard/web:1, kept from before") as refused:
        check_set(state, {"images": {"a": WEB2, "b": DB}, **frozen}, OFFLINE)
    assert refused.value.argument == "digests"


@pytest.mark.parametrize("rule", [{}, {"at": LATELY}, {"triggers": [1.0]}], ids=["followed", "at", "triggers"])
def test_a_set_whose_changes_are_all_ignored_stays_what_it_is(resolver: Resolver, rule: Arguments) -> None:
    state = aged_set(check_set({}, {"images": {"a": WEB, "b": DB}, **rule}, resolver))

    assert check_set(state, state, OFFLINE) == state


def test_an_aged_set_keeps_a_newer_build_of_its_own_tag_alone(resolver: Resolver) -> None:
    state = check_set({}, {"images": {"a": WEB, "b": DB}}, resolver)

    checked = check_set(state, {"images": {"a": WEB, "b": WEB}, "min_age": "4d"}, resolver)

    assert checked["digests"] == {"a": C, "b": B}
