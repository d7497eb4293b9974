# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the checks, in this process: their sentences, unknown values, mirrors, and the reasons in the state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pulumi_cgr._pulumi.check_image import check_image, kept_properties
from pulumi_cgr._pulumi.check_set import check_set
from pulumi_cgr._pulumi.check_set import kept_properties as kept_of_set
from pulumi_cgr._pulumi.given_digest import GIVEN_REASON
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.resolver import CgrError, InvalidArgument, InvalidImage, InvalidRule, MemoryCache, Resolver
from pulumi_cgr.testing import Registry

from .checks import DB, FORGED, HISTORIES, LATELY, LONG_AGO, OFFLINE, OLD, WEB, WEB2, A, B, C

UNKNOWN = pulumi.UNKNOWN
MIRRORED = "mirror.example.com/hub/web:1"
FORMATTED = "Calling __str__ on an Output[T] is not supported."


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES) as registry:
        yield registry


@pytest.fixture(scope="module")
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, environment={}, run_cache=MemoryCache())


@pytest.fixture
def behind_a_mirror(registry: Registry) -> Resolver:
    return mirrored(registry, "chainguard")


def mirrored(registry: Registry, organisation: str) -> Resolver:
    mirrors = f"mirror.example.com/hub=cgr.dev/{organisation}"
    return Resolver(registry=registry.url, mirrors=mirrors, environment={}, run_cache=MemoryCache())


def refusal(call: Any, *arguments: Any) -> tuple[str, str]:
    """Returns the argument at fault and the sentence of a check that fails."""
    with pytest.raises(CgrError) as refused:
        call(*arguments)
    return refused.value.argument, str(refused.value)


NOT_A_DIGEST = f"{WEB}: digest 'sha256:abc' is not a digest: write sha256: and 64 lower-case hex digits."
ANOTHER = f"{WEB}@{A}: the image is already pinned to another digest than digest {B}. Remove one of them."


@pytest.mark.parametrize(
    ("image", "digest", "sentence"),
    [(WEB, "sha256:abc", NOT_A_DIGEST), (f"{WEB}@{A}", B, ANOTHER)],
    ids=["not a digest", "another digest than the image's"],
)
def test_a_wrong_digest_is_refused_with_the_image_and_the_argument(image: str, digest: str, sentence: str) -> None:
    assert refusal(check_image, {}, {"image": image, "digest": digest}, OFFLINE) == ("digest", sentence)
    of_set = sentence.replace("digest 'sha256", "digests 'sha256").replace("than digest", "than digests")
    given = {"images": {"a": image}, "digests": {"a": digest}}
    assert refusal(check_set, {}, given, OFFLINE) == ("digests", of_set)


def test_a_frozen_digest_of_another_image_is_refused_with_both_names(resolver: Resolver) -> None:
    sentence = (
        f"{WEB2}: the digest {C} is that of {WEB}, kept from before. Remove ignore_changes or give another digest; to keep"
        " this one on purpose, write it into the image: repository:tag@digest."
    )
    state = check_image({}, {"image": WEB}, resolver)
    of_set = check_set({}, {"images": {"a": WEB}}, resolver)

    assert refusal(check_image, state, {"image": WEB2, "digest": C}, OFFLINE) == ("digest", sentence)
    given = {"images": {"a": WEB2}, "digests": {"a": C}}
    assert refusal(check_set, of_set, given, OFFLINE) == ("digests", sentence)
    # A digest in the image says that it is meant, and another one is the user's own.
    assert check_image(state, {"image": f"{WEB2}@{C}", "digest": C}, OFFLINE)["digest"] == C
    assert check_image(state, {"image": WEB2, "digest": FORGED}, OFFLINE)["digest"] == FORGED


@pytest.mark.parametrize("name", ["image", "digest", "triggers"])
def test_an_output_that_was_formatted_is_refused_where_it_is(name: str) -> None:
    argument, sentence = refusal(check_image, {}, {"image": WEB, name: FORMATTED}, OFFLINE)

    assert argument == name
    assert sentence.startswith(f"{name} contains an Output that was formatted as text")


def test_an_output_that_was_formatted_is_refused_in_a_set() -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_set({}, {"images": {"a": FORMATTED}}, OFFLINE)
    assert refused.value.argument == "images"
    with pytest.raises(InvalidArgument) as refused:
        check_set({}, {"images": {"a": WEB}, "digests": {"a": FORMATTED}}, OFFLINE)
    assert refused.value.argument == "digests"


def test_an_unknown_image_makes_everything_unknown_and_the_rule_is_checked_anyway() -> None:
    checked = check_image({}, {"image": UNKNOWN, "builds_back": 2.0, "triggers": [1.0]}, OFFLINE)

    properties = ("image", "repository", "tag", "digest", "ref", "updated_at", "reason")
    assert checked == {**dict.fromkeys(properties, UNKNOWN), "builds_back": 2, "triggers": [1]}
    with pytest.raises(InvalidRule):
        check_image({}, {"image": UNKNOWN, "builds_back": -1.0}, OFFLINE)
    argument, _sentence = refusal(check_image, {}, {"triggers": [1.0]}, OFFLINE)
    assert argument == "image"


def test_an_unknown_image_of_a_set_makes_the_set_unknown() -> None:
    given = {"images": {"a": WEB, "b": UNKNOWN}, "builds_back": 2.0}

    checked = check_set({}, given, OFFLINE)

    assert checked == {**given, **dict.fromkeys(("digests", "refs", "updated_at", "reasons"), UNKNOWN)}


@pytest.mark.parametrize(
    "given",
    [{"at": UNKNOWN}, {"digest": UNKNOWN}, {"triggers": {"release": UNKNOWN}}],
    ids=["at", "digest", "triggers"],
)
def test_the_parts_of_a_known_image_are_known(given: dict[str, Any]) -> None:
    checked = check_image({}, {"image": WEB, **given}, OFFLINE)

    unknown = dict.fromkeys(("digest", "ref", "updated_at", "reason"), UNKNOWN)
    asked = dict.fromkeys(given.keys() - {"digest"}, UNKNOWN)
    repository, _colon, tag = WEB.rpartition(":")
    assert checked == {"image": WEB, **asked, "repository": repository, "tag": tag, **unknown}


def test_what_is_unknown_does_not_matter_to_a_pinned_image() -> None:
    checked = check_image({}, {"image": f"{WEB}@{A}", "at": UNKNOWN}, OFFLINE)
    assert (checked["digest"], checked["ref"]) == (A, f"{WEB}@{A}")
    checked = check_image({}, {"image": WEB, "digest": FORGED, "at": UNKNOWN}, OFFLINE)
    assert checked == {
        "image": WEB,
        "at": UNKNOWN,
        "repository": WEB[:-2],
        "tag": "1",
        "digest": FORGED,
        "ref": f"{WEB}@{FORGED}",
        "reason": GIVEN_REASON,
    }


def test_a_new_pin_holds_all_that_is_known(resolver: Resolver) -> None:
    given = {"image": WEB, "builds_back": 1.0, "exclude": [A], "stale_after": "3d"}
    checked = check_image({}, given, resolver)

    assert set(checked) == {
        "image",
        "builds_back",
        "exclude",
        "repository",
        "tag",
        "digest",
        "ref",
        "updated_at",
        "reason",
    }
    assert (checked["repository"], checked["tag"], checked["digest"]) == (WEB[:-2], "1", B)
    assert checked["ref"] == f"{WEB}@{B}"
    assert checked["updated_at"].endswith("Z")
    assert B[:12] not in checked["reason"]
    kept = {key: value for key, value in kept_properties(checked).items() if value is not None}
    assert kept == checked
    assert set(kept_properties({})) > set(checked)


@pytest.mark.parametrize("missing", ["digest", "updated_at"])
def test_a_state_that_lacks_something_is_not_kept(resolver: Resolver, missing: str) -> None:
    given = {"image": WEB, "at": LATELY}
    state = {**check_image({}, given, resolver), "reason": "old"}
    assert check_image(state, given, OFFLINE) == state
    del state[missing]

    assert check_image(state, given, resolver)["reason"] != "old"


def test_a_digest_that_was_given_is_looked_up_when_only_at_remains(resolver: Resolver) -> None:
    state = check_image({}, {"image": WEB, "at": LATELY, "digest": FORGED}, resolver)

    assert check_image(state, {"image": WEB, "at": LATELY}, resolver)["digest"] == B


def test_the_reason_is_the_one_when_the_digest_was_chosen(resolver: Resolver) -> None:
    followed = check_image({}, {"image": WEB}, resolver)

    assert check_image({**followed, "reason": "old"}, {"image": WEB}, resolver)["reason"] == "old"
    moved = {**followed, "reason": "old", "digest": OLD}
    assert check_image(moved, {"image": WEB}, resolver)["reason"] == followed["reason"]
    earlier = {**followed, "reason": "old", "updated_at": "2020-01-01T00:00:00Z"}
    assert check_image(earlier, {"image": WEB}, resolver) == followed
    assert check_image({**followed, "reason": "old"}, {"image": WEB, "exclude": [A]}, resolver)["reason"] != "old"


def test_the_reason_of_a_locked_pin_is_the_lock_files(resolver: Resolver, tmp_path: Path) -> None:
    lock = str(tmp_path / "cgr.lock.json")
    lock_images(lock, resolver, [resolver.parse_query(WEB)])
    given = {"image": WEB, "lock": lock}
    state = check_image({}, given, OFFLINE)
    assert state["lock"] == lock

    assert check_image({**state, "reason": "old"}, given, OFFLINE) == state
    assert check_image({}, {"image": WEB}, OFFLINE.with_lock(lock))["digest"] == state["digest"] == C
    assert check_image({}, {"image": WEB, "lock": ""}, resolver.with_lock(lock))["reason"] != state["reason"]
    unknown = check_image({}, {"image": WEB, "lock": UNKNOWN}, OFFLINE)
    assert (unknown["digest"], unknown["lock"]) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("given", "argument", "words"),
    [
        ({"lock": "cgr.lock.json"}, "triggers", "triggers and a lock file cannot be combined: only cgr.lock.json says"),
        ({"stale_after": "3d"}, "stale_after", "triggers and stale_after cannot be combined"),
    ],
)
def test_triggers_are_refused_beside_what_contradicts_them(given: dict[str, str], argument: str, words: str) -> None:
    for call, images in ((check_image, {"image": WEB}), (check_set, {"images": {"a": WEB}})):
        found, sentence = refusal(call, {}, {**images, "triggers": [1.0], **given}, OFFLINE)
        assert (found, sentence.startswith(words)) == (argument, True), sentence


def test_a_mirror_that_changes_what_it_holds_is_another_query(registry: Registry, behind_a_mirror: Resolver) -> None:
    given = {"image": MIRRORED, "at": LATELY}
    state = check_image({}, given, behind_a_mirror)
    assert state["upstream"] == "cgr.dev/chainguard/web"
    assert (state["repository"], state["ref"]) == ("mirror.example.com/hub/web", f"{MIRRORED}@{B}")
    aged = {**state, "digest": OLD, "ref": f"{MIRRORED}@{OLD}"}
    assert check_image(aged, given, behind_a_mirror) == aged

    moved = mirrored(registry, "elsewhere")

    frozen = {"image": MIRRORED, "digest": state["digest"]}
    argument, sentence = refusal(check_image, state, frozen, moved)
    assert (argument, "is that of cgr.dev/chainguard/web:1, kept" in sentence) == ("digest", True)
    assert check_image(state, {**frozen, "at": LATELY}, behind_a_mirror) == state
    with pytest.raises(CgrError):
        check_image(aged, given, moved)


def test_a_set_behind_a_mirror_knows_whose_its_digests_are(registry: Registry, behind_a_mirror: Resolver) -> None:
    given = {"images": {"a": MIRRORED, "b": DB}}
    state = check_set({}, given, behind_a_mirror)
    assert state["upstream"] == {"a": "cgr.dev/chainguard/web"}

    frozen = {**given, "digests": state["digests"]}
    assert check_set(state, frozen, behind_a_mirror) == state
    with pytest.raises(InvalidImage, match=r"is that of cgr\.dev/chainguard/web:1, kept"):
        check_set(state, frozen, mirrored(registry, "elsewhere"))


def test_the_reasons_of_a_set_stay_while_it_chooses_the_same(resolver: Resolver, tmp_path: Path) -> None:
    given: dict[str, Any] = {"images": {"a": WEB, "b": {"image": DB, "builds_back": 1.0}}}
    state = check_set({}, given, resolver)
    old = {**state, "reasons": dict.fromkeys("ab", "old")}

    assert check_set(old, given, resolver) == old
    moved = {**state, "reasons": {**state["reasons"], "b": "old"}}
    assert check_set({**old, "digests": {"a": OLD, "b": B}}, given, resolver) == moved
    assert check_set({**old, "updated_at": {**state["updated_at"], "a": LONG_AGO}}, given, resolver) == moved
    assert check_set(old, {**given, "exclude": [A]}, resolver)["reasons"] != old["reasons"]
    lock = str(tmp_path / "cgr.lock.json")
    lock_images(lock, resolver, list(resolver.parse_queries(given["images"]).values()))
    locked = check_set({}, {**given, "lock": lock}, OFFLINE)
    assert check_set({**locked, "reasons": old["reasons"]}, {**given, "lock": lock}, OFFLINE) == locked


def test_a_set_holds_each_rule_of_its_own_and_the_rule_of_all(resolver: Resolver) -> None:
    given = {"images": {"a": WEB, "b": {"image": DB, "builds_back": 1.0}}, "exclude": [C], "stale_after": "3d"}

    checked = check_set({}, given, resolver)

    assert checked["images"] == {"a": WEB, "b": {"image": DB, "builds_back": 1}}
    assert checked["exclude"] == [C]
    assert checked["digests"] == {"a": B, "b": A}
    assert checked["refs"] == {"a": f"{WEB}@{B}", "b": f"{DB}@{A}"}
    assert set(checked) == {"images", "exclude", "digests", "refs", "updated_at", "reasons"}
    assert kept_of_set({**checked, "prefetched": "x", "at": None}) == checked


def test_a_state_of_a_set_that_is_not_whole_is_not_kept(resolver: Resolver) -> None:
    given = {"images": {"a": WEB, "b": DB}, "at": LATELY}
    state = {**check_set({}, given, resolver), "reasons": dict.fromkeys("ab", "old")}
    assert check_set(state, given, OFFLINE) == state

    for digests in (None, {"a": B}, {"a": B, "b": "no digest"}):
        assert check_set({**state, "digests": digests}, given, resolver)["digests"] == {"a": B, "b": B}


def test_an_empty_set_is_refused() -> None:
    nothing: tuple[Any, ...] = ({}, None)
    for images in nothing:
        argument, _sentence = refusal(check_set, {}, {"images": images}, OFFLINE)
        assert argument == "images"


def test_the_digests_of_a_set_are_the_users_where_the_state_has_others(resolver: Resolver) -> None:
    state = check_set({}, {"images": {"a": WEB, "b": DB}}, resolver)

    checked = check_set(state, {"images": {"a": WEB, "b": DB}, "digests": {"a": FORGED, "b": C}}, OFFLINE)

    assert checked["digests"] == {"a": FORGED, "b": C}
    assert checked["refs"]["a"] == f"{WEB}@{FORGED}"
    assert checked["reasons"] == {"a": GIVEN_REASON, "b": state["reasons"]["b"]}
    assert checked["updated_at"] == {"a": None, "b": state["updated_at"]["b"]}


def test_a_set_with_triggers_holds_the_instant_at_which_it_was_resolved(registry: Registry) -> None:
    given = {"images": {"a": WEB}, "triggers": [1.0]}
    resolver = Resolver(registry=registry.url, environment={})

    state = check_set({}, given, resolver)

    assert state["at"] == state["resolved_at"]
    assert str(resolver.parse_query(WEB, at=state["at"]).rule.at) == state["at"]
    assert check_set(state, {**state, "stale_after": None}, OFFLINE) == state
    # The digests of different instants have none in common.
    mixed = {"images": {"a": {"image": WEB, "at": LONG_AGO}, "b": {"image": DB, "at": LATELY}}, "triggers": [1.0]}
    assert not {"at", "resolved_at"} & set(check_set({}, mixed, resolver))


def test_a_state_without_reasons_and_times_is_completed(resolver: Resolver) -> None:
    given = {"images": {"a": WEB}}
    state = check_set({}, given, resolver)
    assert check_set({key: value for key, value in state.items() if key != "updated_at"}, given, resolver) == state
    assert check_set({key: value for key, value in state.items() if key != "reasons"}, given, resolver) == state

    pinned = {"images": {"a": f"{WEB}@{A}"}, "triggers": [1.0]}
    before = check_set({}, pinned, resolver)
    old = {**before, "digests": None, "reasons": {"a": "old"}}  # as it is where the state was edited by hand
    assert check_set(old, pinned, resolver)["reasons"] == before["reasons"]
    timeless = {"images": {"a": f"{WEB}@{A}"}, "exclude": [B]}
    old = {key: value for key, value in check_set({}, timeless, resolver).items() if key != "updated_at"}
    assert check_set({**old, "reasons": {"a": "old"}}, timeless, resolver)["reasons"] == {"a": "old"}


def test_when_a_pin_is_stale_may_be_unknown_and_is_not_kept() -> None:
    checked = check_image({}, {"image": f"{WEB}@{A}", "stale_after": UNKNOWN}, OFFLINE)

    assert checked["digest"] == A
    assert "stale_after" not in checked


def test_a_pin_that_is_stale_is_warned_about_with_its_image(resolver: Resolver) -> None:
    told: list[str] = []

    check_image({}, {"image": WEB, "stale_after": "1d"}, resolver, told.extend)
    check_set({}, {"images": {"a": DB}, "stale_after": "1d"}, resolver, told.extend)

    of_image, of_set = told
    assert of_image.startswith(f"{WEB}: ")
    assert of_set.startswith(f"{DB}: ")


def test_the_index_is_unknown_only_for_a_platform() -> None:
    known = check_image({}, {"image": WEB, "platform": "arm64", "at": UNKNOWN}, OFFLINE)

    assert (known["index"], known["digest"]) == (UNKNOWN, UNKNOWN)
    assert "index" not in check_image({}, {"image": WEB, "at": UNKNOWN}, OFFLINE)
    assert check_image({}, {"image": UNKNOWN, "platform": "arm64"}, OFFLINE)["index"] == UNKNOWN
