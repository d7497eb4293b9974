# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The decisions of a check, in this process: which digest a state, the arguments and what was looked up ahead lead to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cgr._pulumi.check_image import KEPT, check_image, kept_properties
from pulumi_cgr._pulumi.check_set import check_set
from pulumi_cgr._pulumi.given_digest import GIVEN_REASON
from pulumi_cgr._pulumi.image_query import parse_query
from pulumi_cgr._pulumi.prefetched import to_text
from pulumi_cgr._pulumi.properties import PREFETCHED, differs
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.provider import ImageDigestProvider
from pulumi_cgr.resolver import InvalidImage, MemoryCache, RegistryUnavailable, Resolver
from pulumi_cgr.testing import Registry

from .checks import (
    DB,
    FORGED,
    HISTORIES,
    LATELY,
    LONG_AGO,
    OFFLINE,
    OLD,
    WEB,
    WEB2,
    A,
    Arguments,
    B,
    C,
    quickly,
    sticky,
)

ARGUMENTS = st.fixed_dictionaries(
    {"image": st.sampled_from([WEB, WEB2, DB])},
    optional={
        "at": st.sampled_from([LONG_AGO, LATELY]),
        "builds_back": st.sampled_from([0, 1]),
        "exclude": st.sampled_from([[C], [A, C]]),
        "triggers": st.sampled_from([{}, {"release": 1.0}, {"release": 2.0}, ["1"]]),
    },
)


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    with Registry(HISTORIES) as registry:
        yield Resolver(registry=registry.url, environment={}, run_cache=MemoryCache())


def aged(state: Arguments) -> Arguments:
    """A state whose digest the registry no longer gives for its arguments, as after a move of the tag."""
    return {**state, "digest": OLD, "ref": state["ref"].rpartition("@")[0] + "@" + OLD, "reason": "old"}


def looked_up(arguments: Arguments, resolver: Resolver, digest: str = FORGED) -> str:
    """The result that the program hands in for its arguments, with a digest that nothing else gives."""
    query, _asked = parse_query(arguments, resolver)
    outcome = json.loads(to_text(query, resolver.resolve_query(query), resolver.lock))
    outcome["resolution"]["digest"] = digest
    return json.dumps(outcome)


def same(one: Arguments, other: Arguments, resolver: Resolver) -> bool:
    return parse_query(one, resolver).properties == parse_query(other, resolver).properties


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


def test_what_was_looked_up_ahead_in_the_registry_does_not_count_in_a_lock_file(
    resolver: Resolver, tmp_path: Path
) -> None:
    lock = str(tmp_path / "cgr.lock.json")
    lock_images(lock, resolver, [resolver.parse_query(WEB)])
    ahead = looked_up({"image": WEB}, resolver)

    checked = check_image({}, {"image": WEB, "lock": lock, PREFETCHED: ahead}, OFFLINE)

    assert checked["digest"] == check_image({}, {"image": WEB}, resolver)["digest"]
