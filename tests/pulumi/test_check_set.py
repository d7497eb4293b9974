# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The decisions of the check of a set, in this process: the same as for one image, for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cgr._pulumi.check_set import check_set
from pulumi_cgr._pulumi.prefetched import set_to_text
from pulumi_cgr._pulumi.properties import PREFETCHED, PREVIEW
from pulumi_cgr._pulumi.set_query import parse_queries
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.provider import ImageDigestsProvider
from pulumi_cgr.resolver import CgrError, InvalidImage, MemoryCache, Resolver
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


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    with Registry(HISTORIES) as registry:
        yield Resolver(registry=registry.url, environment={}, run_cache=MemoryCache())


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
    ahead = json.loads(set_to_text(queries, resolver.resolve_queries(queries), resolver.lock))
    for each in ahead["images"].values():
        each["resolution"]["digest"] = FORGED

    digests = check_set({}, {**checked, PREFETCHED: json.dumps(ahead)}, resolver)["digests"]

    others, _given = parse_queries(checked, resolver)
    is_used = all(queries.get(key) == query for key, query in others.items())
    assert (set(digests.values()) == {FORGED}) == is_used
    assert is_used or FORGED not in digests.values()


def test_the_failure_of_a_lookup_ahead_is_that_of_its_own_queries_alone(resolver: Resolver) -> None:
    queries = resolver.parse_queries({"a": WEB})
    text = set_to_text(queries, CgrError("no luck"), None)

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


@pytest.mark.parametrize(
    ("shared", "without"),
    [
        ({"builds_back": 1.0}, {"builds_back": 0}),
        ({"exclude": [C]}, {"exclude": []}),
    ],
    ids=["builds_back", "exclude"],
)
def test_an_image_without_the_rule_of_its_set_says_so_in_the_state(
    resolver: Resolver, shared: Arguments, without: Arguments
) -> None:
    with_rule = {"images": {"a": WEB}, "triggers": [1.0], **shared}
    without_rule = {**with_rule, "images": {"a": {"image": WEB, **without}}}
    state = check_set({}, with_rule, resolver)
    assert state["digests"] == {"a": B}

    checked = check_set(state, without_rule, resolver)

    assert checked["digests"] == {"a": C}
    assert checked["images"] == {"a": {"image": WEB, **without}}
    assert check_set(checked, without_rule, OFFLINE) == checked
    assert check_set(checked, with_rule, resolver)["digests"] == {"a": B}
    # One more image is another set, but what is said about this one stays.
    more = {**without_rule, "images": {**without_rule["images"], "b": DB}, "digests": checked["digests"]}
    assert check_set(checked, more, resolver)["reasons"]["a"] == checked["reasons"]["a"]


def test_an_image_that_need_not_be_signed_says_so_in_the_state() -> None:
    images = {"a": {"image": f"{WEB}@{A}", "signed": False}}

    checked = check_set({}, {"images": images, "signed": True}, OFFLINE)

    assert (checked["images"], checked["signed"]) == (images, True)


def test_a_set_that_is_frozen_does_not_take_the_instant_of_a_lookup_that_it_does_not_use(resolver: Resolver) -> None:
    given = {"images": {"a": WEB}, "triggers": [1.0]}
    queries, _given = parse_queries(given, resolver)
    ahead = set_to_text(queries, resolver.resolve_queries(queries), resolver.lock)
    state = check_set({}, {"images": {"a": WEB}, "at": LONG_AGO}, resolver)

    checked = check_set(state, {**given, "digests": state["digests"], PREFETCHED: ahead}, resolver)

    assert checked["digests"] == {"a": A}
    assert not {"at", "resolved_at"} & set(checked)


def test_the_image_for_a_platform_of_a_pinned_index_is_looked_up_once() -> None:
    with Registry({}) as registry:
        image = f"{WEB}@{registry.publish('chainguard/web:1')}"
        given = {"images": {"a": image}, "platform": "arm64"}

        state = check_set({}, given, Resolver(registry=registry.url, environment={}))

        assert check_set(state, given, OFFLINE) == state


def test_a_preview_that_fails_shows_what_the_state_holds_and_new_images_as_unknown(resolver: Resolver) -> None:
    state = check_set({}, {"images": {"a": WEB}, "at": LONG_AGO}, resolver)

    for images, unknown in (({"a": WEB, "b": DB}, {"b": pulumi.UNKNOWN}), (None, {})):
        news = {"images": images, "at": "not an instant", PREVIEW: True}
        shown = ImageDigestsProvider().check(state, news).inputs

        assert shown.pop("failure")["message"]
        for name in ("digests", "refs", "updated_at", "reasons"):
            assert shown.pop(name) == {**state[name], **unknown}
        assert shown == {"images": state["images"], "at": state["at"]}
        assert ImageDigestsProvider().check({}, news).inputs["digests"] == pulumi.UNKNOWN


def test_triggers_keep_the_other_images_of_a_set_when_one_is_frozen() -> None:
    images = {"images": {"a": WEB, "b": DB}}
    with Registry(HISTORIES) as registry:
        first = check_set({}, {**images, "triggers": [1.0]}, Resolver(registry=registry.url, environment={}))
        again = {**images, "triggers": [2.0], "digests": {"a": first["digests"]["a"]}}
        state = check_set(first, again, Resolver(registry=registry.url, environment={}))
        registry.move("chainguard/db:1", FORGED)

        assert check_set(state, again, Resolver(registry=registry.url, environment={})) == state


def test_what_was_looked_up_ahead_in_the_registry_does_not_count_in_a_lock_file(
    resolver: Resolver, tmp_path: Path
) -> None:
    lock = str(tmp_path / "cgr.lock.json")
    lock_images(lock, resolver, [resolver.parse_query(WEB)])
    arguments = {"images": {"a": WEB}}
    queries, _given = parse_queries(arguments, resolver)
    ahead = json.loads(set_to_text(queries, resolver.resolve_queries(queries), None))
    ahead["images"]["a"]["resolution"]["digest"] = FORGED

    checked = check_set({}, {**arguments, "lock": lock, PREFETCHED: json.dumps(ahead)}, OFFLINE)

    assert checked["digests"] == check_set({}, arguments, resolver)["digests"]


def test_a_digest_that_is_given_counts_although_the_set_is_kept(resolver: Resolver) -> None:
    arguments = {"images": {"a": WEB, "b": WEB}, "triggers": [1.0]}
    state = check_set({}, arguments, resolver)

    checked = check_set(state, {**arguments, "digests": {"a": FORGED}}, OFFLINE)

    assert checked["digests"] == {"a": FORGED, "b": state["digests"]["b"]}
