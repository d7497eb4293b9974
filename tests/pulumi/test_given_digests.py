# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Digests that `ignore_changes` brings back from the state, in this process: they are that image's, or an error says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

from pulumi_cgr._pulumi.check_image import check_image, kept_properties
from pulumi_cgr._pulumi.check_set import check_set
from pulumi_cgr._pulumi.check_set import kept_properties as kept_of_set
from pulumi_cgr._pulumi.given_digest import GIVEN_REASON
from pulumi_cgr.resolver import CgrError, Instant, InvalidImage, NotSigned, Resolver
from pulumi_cgr.testing import Registry

from .checks import FORGED, HISTORIES, LATELY, LONG_AGO, SIGNERS, WEB, A, Arguments, B, verifier

NAME = "chainguard/web:3"
IMAGE = f"cgr.dev/{NAME}"
SIGNED_REASON = f"the digest that was given; signed by {SIGNERS}/{IMAGE}"

Check = Callable[..., Arguments]
"""Checks one image: the state, a resolver, the image, whether its digest is brought back or another is given, the rule."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES) as registry:
        registry.publish(NAME, updated_at=Instant.parse("2026-01-01"))
        yield registry


def alone(
    state: Arguments, resolver: Resolver, image: str = IMAGE, *, frozen: bool = False, given: str = "", **rule: Any
) -> Arguments:
    """Checks an `ImageDigest`."""
    given = state["digest"] if frozen else given
    digest = {"digest": given} if given else {}
    return kept_properties(check_image(state, {"image": image, **rule, **digest}, resolver))


def in_a_set(
    state: Arguments, resolver: Resolver, image: str = IMAGE, *, frozen: bool = False, given: str = "", **rule: Any
) -> Arguments:
    """Checks the only image of an `ImageDigests`, and returns what an `ImageDigest` would hold."""
    given = state["digest"] if frozen else given
    digests = {"digests": {"a": given}} if given else {}
    checked = check_set(state.get("of_set", {}), {"images": {"a": image}, **rule, **digests}, resolver)
    names = {"digests": "digest", "refs": "ref", "indexes": "index", "updated_at": "updated_at", "reasons": "reason"}
    parts = {name: checked[plural]["a"] for plural, name in names.items() if plural in checked}
    return {**parts, "of_set": kept_of_set(checked)}


either = pytest.mark.parametrize("check", [alone, in_a_set], ids=["an image", "a set"])


@either
@pytest.mark.parametrize("platform", [{}, {"platform": "arm64"}], ids=["all platforms", "arm64"])
def test_a_digest_that_is_kept_is_verified_when_signed_is_new(
    registry: Registry, check: Check, platform: Arguments
) -> None:
    index = registry.publish(NAME)
    state = check({}, verifier(registry), **platform)

    with pytest.raises(NotSigned):
        check(state, verifier(registry), frozen=True, signed=True, **platform)
    verified = check(state, verifier(registry, index), frozen=True, signed=True, **platform)

    assert (verified["digest"], verified["reason"]) == (state["digest"], SIGNED_REASON)
    assert check(verified, verifier(registry), frozen=True, signed=True, **platform) == verified, "it is verified once"


@either
def test_a_denied_build_stays_only_if_it_is_signed_as_is_asked_now(registry: Registry, check: Check) -> None:
    index = registry.publish(NAME)
    state = check({}, verifier(registry), platform="arm64")
    registry.contents.deny(index)

    with pytest.raises(NotSigned):
        check(state, verifier(registry), platform="arm64", signed=True)
    kept = check(state, verifier(registry, index), platform="arm64", signed=True)

    assert kept["reason"] == f"{state['reason']}; signed by {SIGNERS}/{IMAGE}"
    assert kept["digest"] == state["digest"]
    assert check(kept, verifier(registry), platform="arm64", signed=True) == kept


@either
def test_another_build_that_is_denied_is_an_error(registry: Registry, check: Check) -> None:
    state = check({}, verifier(registry))
    newer = registry.publish(NAME)
    registry.contents.deny(newer)

    with pytest.raises(CgrError, match=f"denies the index {newer}"):
        check(state, verifier(registry), pullable=True)


@either
@pytest.mark.parametrize("rule", [{"at": LATELY}, {"at": LATELY, "triggers": [2.0]}], ids=["at", "triggers"])
def test_a_digest_that_was_frozen_is_not_taken_for_that_of_the_rule_beside_it(
    registry: Registry, check: Check, rule: Arguments
) -> None:
    state = check({}, verifier(registry), WEB, at=LONG_AGO)

    frozen = check(state, verifier(registry), WEB, frozen=True, **rule)
    again = check(frozen, verifier(registry), WEB, frozen=True, **rule)
    thawed = check(again, verifier(registry), WEB, **rule)

    assert (frozen["digest"], frozen["reason"]) == (A, GIVEN_REASON)
    assert again == frozen
    assert thawed["digest"] == B


@either
def test_the_digest_of_a_platform_is_that_platforms_whatever_else_changes(registry: Registry, check: Check) -> None:
    state = check({}, verifier(registry), platform="arm64")

    frozen = check(state, verifier(registry), frozen=True, platform="arm64", min_age="1d")

    assert (frozen["digest"], frozen["index"]) == (state["digest"], state["index"])
    for platform in ("amd64", None):
        with pytest.raises(InvalidImage, match="that of linux/arm64, kept from before, but platform is"):
            check(frozen, verifier(registry), frozen=True, platform=platform, min_age="1d")


@either
def test_another_digest_that_is_given_has_nothing_of_the_deployed_one(registry: Registry, check: Check) -> None:
    state = check({}, verifier(registry), platform="arm64")

    given = check(state, verifier(registry), given=FORGED, platform="arm64")

    assert (given["digest"], given["reason"]) == (FORGED, GIVEN_REASON)
    assert "index" not in given
    with pytest.raises(InvalidImage, match="already pinned to another digest"):
        check(state, verifier(registry), f"{IMAGE}@{state['index']}", given=FORGED, platform="arm64")


@either
def test_a_digest_that_is_given_is_looked_for_on_the_mirror(registry: Registry, check: Check) -> None:
    state = check({}, verifier(registry))
    with Registry({}) as mirror:
        host = mirror.url.partition("//")[2]
        mirrors = {f"{host}/cgr": "cgr.dev/chainguard"}
        resolver = Resolver(registry_url=registry.url, mirrors=mirrors, environment={})

        with pytest.raises(CgrError, match=f"the mirror {host}"):
            check(state, resolver, f"{host}/cgr/web:3", frozen=True, check_mirror=True)


@either
def test_a_digest_that_need_not_be_signed_is_checked_for_the_rest_of_the_rule(registry: Registry, check: Check) -> None:
    index = registry.publish(NAME)
    resolver = Resolver(registry_url=registry.url, signed=True, environment={})

    assert check({}, resolver, given=index, signed=False, pullable=True)["reason"] == GIVEN_REASON


def test_a_preview_with_an_unknown_platform_keeps_a_frozen_digest(registry: Registry) -> None:
    state = alone({}, verifier(registry), platform="arm64")

    checked = alone(state, verifier(registry), frozen=True, platform=pulumi.UNKNOWN)

    assert (checked["digest"], checked["platform"]) == (state["digest"], pulumi.UNKNOWN)


@either
def test_the_digest_of_a_platform_of_a_pinned_image_is_brought_back(registry: Registry, check: Check) -> None:
    image = f"{IMAGE}@{registry.publish(NAME)}"
    state = check({}, verifier(registry), image, platform="arm64")
    assert state["digest"] not in image

    assert check(state, verifier(registry), image, frozen=True, platform="arm64") == state
    with pytest.raises(InvalidImage, match="already pinned to another digest"):
        check(state, verifier(registry), f"{IMAGE}@{A}", frozen=True, platform="arm64")


@either
def test_a_deployed_digest_may_be_denied(registry: Registry, check: Check) -> None:
    state = check({}, verifier(registry))
    registry.contents.deny(state["digest"])

    assert check(state, verifier(registry), frozen=True, pullable=True, min_age="1d")["digest"] == state["digest"]
