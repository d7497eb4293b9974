# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The decisions of a check about images for one platform, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_cgr._pulumi.check_image import check_image, kept_properties
from pulumi_cgr._pulumi.check_set import check_set
from pulumi_cgr.resolver import DeniedByPolicy, Instant, InvalidImage, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry

NAME = "chainguard/web:1"
IMAGE = f"cgr.dev/{NAME}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        registry.publish(NAME, updated_at=Instant.parse("2026-01-01"))
        yield registry


def asking(registry: Registry) -> Resolver:
    """A resolver of another run, which has read nothing yet."""
    return Resolver(registry_url=registry.url, environment={})


def check(registry: Registry, state: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return check_image(state, {"image": IMAGE, **arguments}, asking(registry))


@pytest.mark.parametrize("is_gone", [False, True], ids=["denied", "gone"])
@pytest.mark.parametrize("more", [{}, {"pullable": True}, {"min_age": "7d"}])
def test_a_pin_that_may_no_longer_be_pulled_is_kept(registry: Registry, more: dict[str, Any], is_gone: bool) -> None:
    index = registry.publish(NAME)
    state = kept_properties(check(registry, {}, platform="arm64"))
    (registry.contents.remove if is_gone else registry.contents.deny)(index)

    kept = check(registry, state, platform="arm64", **more)

    assert (kept["digest"], kept["index"], kept["reason"]) == (state["digest"], index, state["reason"])


def test_another_platform_of_a_denied_build_is_refused(registry: Registry) -> None:
    index = registry.publish(NAME)
    state = kept_properties(check(registry, {}, platform="arm64"))
    registry.contents.deny(index)

    with pytest.raises(DeniedByPolicy):
        check(registry, state, platform="amd64")


def test_a_digest_that_is_given_is_checked_as_the_rule_asks(registry: Registry) -> None:
    index = registry.publish(NAME)
    assert check(registry, {}, digest=index, pullable=True)["digest"] == index
    registry.contents.deny(index)

    with pytest.raises(DeniedByPolicy):
        check(registry, {}, digest=index, pullable=True)
    state = kept_properties(check(registry, {}, digest=index))
    assert check(registry, state, digest=index, pullable=True)["digest"] == index, "it is deployed already"


@pytest.mark.parametrize(("before", "now"), [("arm64", "amd64"), ("arm64", None), (None, "amd64")])
def test_ignored_changes_do_not_bring_back_the_digest_of_another_platform(
    registry: Registry, before: str | None, now: str | None
) -> None:
    registry.publish(NAME)
    state = kept_properties(check(registry, {}, platform=before))
    of_set = check_set({}, {"images": {"web": IMAGE}, "platform": before}, asking(registry))

    assert check(registry, state, platform=before, digest=state["digest"])["digest"] == state["digest"]
    with pytest.raises(InvalidImage) as refused:
        check(registry, state, platform=now, digest=state["digest"])
    with pytest.raises(InvalidImage) as refused_in_set:
        check_set(of_set, {"images": {"web": IMAGE}, "platform": now, "digests": of_set["digests"]}, asking(registry))
    whose = f"linux/{before}" if before else "the index of all platforms"
    asked = f"linux/{now}" if now else "not given"
    assert (
        str(refused.value)
        == str(refused_in_set.value)
        == (
            f"{IMAGE}: the digest {state['digest']} is that of {whose}, kept from before, but platform is {asked} now. Remove"
            " ignore_changes or give another digest."
        )
    )
    assert (refused.value.argument, refused_in_set.value.argument) == ("digest", "digests")


def test_a_set_keeps_the_pin_that_is_denied_and_updates_the_others(registry: Registry) -> None:
    images = {"web": IMAGE, "db": "cgr.dev/chainguard/db:1"}
    denied = registry.publish(NAME)
    registry.publish("chainguard/db:1")
    arguments = {"images": images, "platform": "arm64"}
    state = check_set({}, arguments, asking(registry))
    registry.contents.deny(denied)
    newer = registry.publish("chainguard/db:1")

    found = check_set(state, arguments, asking(registry))

    assert found["digests"]["web"] == state["digests"]["web"]
    assert found["indexes"] == {"web": denied, "db": newer}
    with pytest.raises(SeveralFailed):
        check_set(state, {**arguments, "platform": "amd64"}, asking(registry))


def test_an_image_of_a_set_that_counts_from_the_tag_says_so_in_the_state(registry: Registry) -> None:
    shared = {"min_age": "7d", "min_age_from": "build", "triggers": {"release": 1}}
    own = {"image": IMAGE, "min_age_from": "tag"}
    plain = check_set({}, {"images": {"web": IMAGE}, **shared}, asking(registry))
    by_tag = check_set(plain, {"images": {"web": own}, **shared}, asking(registry))

    assert (plain["images"], by_tag["images"]) == ({"web": IMAGE}, {"web": own})
    assert "by its own time" in plain["reasons"]["web"]
    assert "by its own time" not in by_tag["reasons"]["web"]


def test_the_image_for_a_platform_of_a_pinned_index_stays_when_the_index_is_denied(registry: Registry) -> None:
    pinned = f"{IMAGE}@{registry.publish(NAME)}"
    state = check_image({}, {"image": pinned, "platform": "arm64"}, asking(registry))
    registry.contents.deny(state["index"])

    assert check_image(state, {"image": pinned, "platform": "arm64"}, asking(registry)) == state
    with pytest.raises(DeniedByPolicy):
        check_image(state, {"image": pinned, "platform": "amd64"}, asking(registry))


def test_the_platform_counts_again_for_a_pinned_index_when_ignore_changes_goes(registry: Registry) -> None:
    pinned = f"{IMAGE}@{registry.publish(NAME)}"
    arguments = {"images": {"web": pinned}, "platform": "arm64"}
    plain = check_set({}, {"images": {"web": pinned}}, asking(registry))
    frozen = check_set(plain, {**arguments, "digests": plain["digests"]}, asking(registry))
    assert frozen["digests"] == plain["digests"]

    thawed = check_set(frozen, arguments, asking(registry))

    single = check_image({}, {"image": pinned, "platform": "arm64"}, asking(registry))
    assert thawed["digests"] == {"web": single["digest"]} != plain["digests"]
