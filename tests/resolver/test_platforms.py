# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Platforms, build times and pull policies: what a digest stands for, and whether it may be pulled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.resolver import (
    DeniedByPolicy,
    Gone,
    Instant,
    InvalidRule,
    NoBuildFits,
    Resolution,
    Resolver,
    UnknownPlatform,
)
from pulumi_cgr.testing import Registry

NAME = "acme.com/web"
TAG = f"{NAME}:1"
IMAGE = f"cgr.dev/{TAG}"
NOW = datetime.now(timezone.utc).replace(microsecond=0)


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}, tokens=["t"]) as registry:
        yield registry


def publish(registry: Registry, moved: float, built: float | None = None, platforms: Any = None) -> str:
    """Publishes a build so many days ago, built so many days ago; returns its digest."""
    created = days_ago(built) if built is not None else None
    moment = Instant.parse(days_ago(moved))
    return registry.publish(TAG, platforms or ["linux/amd64", "linux/arm64"], created=created, updated_at=moment)


def publish_alone(registry: Registry, number: str) -> str:
    """Stores a build that shares no image with another one; returns its digest."""
    return registry.contents.push_index(NAME, annotations={"number": number})


def resolver(registry: Registry, **settings: Any) -> Resolver:
    return Resolver(registry_url=registry.url, token="t", environment={}, **settings)


def resolve(registry: Registry, **rule: Any) -> Resolution:
    return resolver(registry).resolve(IMAGE, **rule)


def asked(registry: Registry) -> list[str]:
    """Returns what was asked for, by the word in the path."""
    return [request.path.split("/")[4] for request in registry.requests]


def test_a_platform_is_pinned_and_the_index_known(registry: Registry) -> None:
    index = publish(registry, 1, built=2)

    found = resolve(registry, platform="aarch64")

    assert found.index == index
    assert found.digest == found.platforms["linux/arm64"] != index
    assert found.ref == f"{IMAGE}@{found.digest}"
    assert found.to_result()["platform"] == "linux/arm64"
    assert str(found.created) == days_ago(2)
    assert asked(registry) == ["_chainguard", "manifests"]


def test_without_a_platform_nothing_more_is_asked_or_said(registry: Registry) -> None:
    index = publish(registry, 1)

    found = resolve(registry)

    assert found.digest == found.index == index
    assert not {"platform", "index", "platforms", "created"} & set(found.to_result())
    assert asked(registry) == ["_chainguard"]


def test_a_platform_that_is_not_there_is_refused_with_those_that_are(registry: Registry) -> None:
    publish(registry, 1, platforms=["linux/arm64", "linux/amd64"])
    with pytest.raises(UnknownPlatform, match=r"not built for linux/s390x\. Its platforms: linux/amd64, linux/arm64\."):
        resolve(registry, platform="s390x")


def test_a_single_image_has_no_platforms(registry: Registry) -> None:
    digest = registry.contents.push_image(NAME, created=days_ago(3))
    registry.move(TAG, digest)

    assert resolve(registry, details=True).platforms == {}
    assert str(resolve(registry, details=True).created) == days_ago(3)
    with pytest.raises(UnknownPlatform, match="is a single image without a list of platforms"):
        resolve(registry, platform="linux/amd64")


def test_the_build_time_comes_from_the_image_if_the_index_has_none(registry: Registry) -> None:
    contents = registry.contents
    platforms = {each: contents.push_image(NAME, each, created=days_ago(5)) for each in ("linux/amd64", "linux/arm64")}
    registry.move(TAG, contents.push_index(NAME, platforms))

    assert str(resolve(registry, details=True).created) == days_ago(5)
    assert resolve(registry, platform="amd64").created is None, "it was not asked, and costs a request"


@pytest.mark.parametrize("created", ["1970-01-01T00:00:00Z", "soon"])
def test_a_constant_is_no_build_time(registry: Registry, created: str) -> None:
    registry.publish(TAG, created=created)
    assert resolve(registry, details=True).created is None


def test_a_child_in_exclude_is_refused_and_its_index_named(registry: Registry) -> None:
    index = publish(registry, 1)
    child = resolve(registry, details=True).platforms["linux/arm64"]
    with pytest.raises(InvalidRule, match=rf"exclude contains {child}, .* in the index {index}\. Exclude the index"):
        resolve(registry, platform="arm64", exclude=[child])


def test_a_pin_to_a_child_never_goes_back(registry: Registry) -> None:
    publish(registry, 10, built=10)
    new = publish(registry, 1, built=1)
    child = resolve(registry, platform="arm64").digest

    kept = resolve(registry, platform="arm64", min_age="7d", current=child)

    assert (kept.index, kept.digest) == (new, child)
    assert "is kept" in kept.reason


def test_a_pin_to_a_child_never_goes_back_past_many_builds(registry: Registry) -> None:
    publish(registry, 70)
    pinned = publish(registry, 56)
    child = resolve(registry, platform="arm64").digest
    for days in range(55, 0, -1):
        registry.move(TAG, publish_alone(registry, str(days)), Instant.parse(days_ago(days)))

    kept = resolve(registry, platform="arm64", min_age="60d", current=child)

    assert (kept.index, kept.digest) == (pinned, child)


def test_a_pin_to_an_old_index_costs_one_request(registry: Registry) -> None:
    deployed, *_newer = [publish(registry, days) for days in range(60, 0, -1)]

    found = resolve(registry, platform="arm64", min_age="7d", current=deployed)

    assert found.updated_at == Instant.parse(days_ago(7))
    assert asked(registry).count("manifests") == 2


@pytest.mark.parametrize("rule", [{"platform": "arm64"}, {"platform": "arm64", "min_age": "7d"}])
def test_what_is_deployed_is_kept_if_its_image_is_known(
    registry: Registry, rule: dict[str, Any], tmp_path: Path
) -> None:
    publish(registry, 20)
    index = publish(registry, 1)
    child = resolver(registry, cache=tmp_path).resolve(IMAGE, platform="arm64").digest
    registry.contents.deny(resolve(registry, platform="arm64").digest)

    kept = resolver(registry, cache=tmp_path).resolve(IMAGE, **rule, pullable=True, current=child)

    assert (kept.index, kept.digest) == (index, child)
    assert "the deployed build is kept" in kept.warnings[0]


def test_the_advice_about_a_denied_pin_asks_for_the_tag(registry: Registry) -> None:
    index = publish(registry, 1)
    registry.contents.deny(index)

    for image, advice in (
        (f"{IMAGE}@{index}", rf"resolve {IMAGE} --pullable --on-denied older\."),
        (f"cgr.dev/{NAME}@{index}", r"Pin another build, or ask whoever set the policy for an exception"),
    ):
        with pytest.raises(DeniedByPolicy, match=advice):
            resolver(registry).resolve(image, pullable=True)


@pytest.mark.parametrize("platform", ["amd64", None])
def test_a_result_for_another_platform_is_not_read(registry: Registry, platform: str | None) -> None:
    publish(registry, 1)
    data = resolve(registry, platform="arm64").to_dict()

    with pytest.raises(ValueError, match="is not for the platform of the query"):
        Resolution.from_dict(resolver(registry).parse_query(IMAGE, platform=platform), data)


def test_a_history_knows_the_build_of_a_deployed_image_for_a_platform(registry: Registry) -> None:
    deployed = publish(registry, 9)
    registry.move(TAG, publish_alone(registry, "2"), Instant.parse(days_ago(1)))
    child = resolver(registry).resolve(f"{IMAGE}@{deployed}", platform="arm64").digest

    found = resolver(registry).history(f"{IMAGE}@{child}", platform="arm64")

    assert found.current == deployed


def test_an_image_that_is_pinned_already_can_have_a_platform(registry: Registry) -> None:
    index = publish(registry, 1)

    found = resolver(registry).resolve(f"{IMAGE}@{index}", platform="arm64")

    assert found.digest == found.platforms["linux/arm64"]
    assert asked(registry) == ["manifests"]


class TestAgeFromTheBuild:
    """`min_age_from: build` counts as Chainguard's pull policy `cooldown` does."""

    def test_a_rebuild_of_old_packages_is_old_enough(self, registry: Registry) -> None:
        publish(registry, 20, built=20)
        rebuilt = publish(registry, 1, built=9)

        assert resolve(registry, min_age="7d", min_age_from="build").digest == rebuilt
        assert resolve(registry, min_age="7d").digest != rebuilt
        assert asked(registry)[:2] == ["_chainguard", "manifests"], "one request for the one young build"

    def test_the_newest_that_is_old_enough_is_taken(self, registry: Registry) -> None:
        publish(registry, 30, built=30)
        wanted = publish(registry, 3, built=8)
        publish(registry, 2, built=3)
        publish(registry, 1, built=2)

        assert resolve(registry, min_age="7d", min_age_from="build").digest == wanted
        assert asked(registry) == ["_chainguard", "manifests", "manifests", "manifests"]

    def test_it_is_never_older_than_by_the_tag(self, registry: Registry) -> None:
        by_tag = publish(registry, 8, built=8)
        publish(registry, 1, built=1)

        assert resolve(registry, min_age="7d", min_age_from="build").digest == by_tag

    def test_a_build_without_a_time_is_not_old_enough(self, registry: Registry) -> None:
        by_tag = publish(registry, 8)
        young = publish(registry, 1)

        found = resolve(registry, min_age="7d", min_age_from="build")

        assert found.digest == by_tag
        assert any(young in warning and "gives no build time" in warning for warning in found.warnings)

    def test_a_young_build_that_is_denied_is_not_old_enough(self, registry: Registry) -> None:
        by_tag = publish(registry, 8, built=8)
        denied = publish(registry, 1, built=9)
        registry.contents.deny(denied)

        found = resolve(registry, min_age="7d", min_age_from="build")

        assert found.digest == by_tag
        said = f"{IMAGE}: {denied} is taken for too young: a pull policy denies it, so its build time is unknown."
        assert found.warnings == (said,)

    def test_builds_back_count_from_it(self, registry: Registry) -> None:
        publish(registry, 30, built=30)
        before = publish(registry, 3, built=4)
        publish(registry, 2, built=8)

        assert resolve(registry, min_age="7d", min_age_from="build", builds_back=1).digest == before

    def test_an_excluded_one_is_not_asked(self, registry: Registry) -> None:
        by_tag = publish(registry, 8, built=8)
        young = publish(registry, 1, built=9)

        assert resolve(registry, min_age="7d", min_age_from="build", exclude=[young]).digest == by_tag
        assert asked(registry) == ["_chainguard"]

    def test_no_build_is_old_enough(self, registry: Registry) -> None:
        publish(registry, 1, built=2)
        with pytest.raises(NoBuildFits, match=r"no build is 7d old yet; the first will be at .* at the latest"):
            resolve(registry, min_age="7d", min_age_from="build")

    def test_a_newer_pin_stays(self, registry: Registry) -> None:
        publish(registry, 9, built=9)
        pinned = publish(registry, 1, built=2)

        assert resolve(registry, min_age="7d", min_age_from="build", current=pinned).digest == pinned

    def test_a_set_counts_alike(self, registry: Registry) -> None:
        publish(registry, 20, built=20)
        rebuilt = publish(registry, 1, built=9)

        found = resolver(registry).resolve_all({"a": IMAGE}, min_age="7d", min_age_from="build")

        assert found.digests == {"a": rebuilt}

    def test_what_is_known_is_not_asked_again(self, registry: Registry, tmp_path: Path) -> None:
        publish(registry, 20, built=20)
        publish(registry, 1, built=9)
        for _run in range(2):
            resolver(registry, cache=tmp_path).resolve(IMAGE, min_age="7d", min_age_from="build")

        assert asked(registry) == ["_chainguard", "manifests", "_chainguard"]

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ({"min_age_from": "build"}, "min_age_from build requires min_age"),
            ({"min_age_from": "now", "min_age": "7d"}, "min_age_from 'now' is unknown: write tag or build"),
            ({"on_denied": "older"}, "on_denied older requires pullable"),
        ],
    )
    def test_half_a_rule_is_refused(self, registry: Registry, rule: dict[str, Any], message: str) -> None:
        with pytest.raises(InvalidRule, match=message):
            resolve(registry, **rule)


class TestPullable:
    def test_index_and_images_are_asked(self, registry: Registry) -> None:
        index = publish(registry, 1)

        assert resolve(registry, pullable=True).digest == index
        assert asked(registry) == ["_chainguard", "manifests", "manifests", "manifests"]

    def test_with_a_platform_only_its_image_is_asked(self, registry: Registry) -> None:
        publish(registry, 1)
        resolve(registry, pullable=True, platform="arm64")
        assert asked(registry) == ["_chainguard", "manifests", "manifests"]

    def test_an_image_that_was_read_is_not_read_again_for_its_build_time(self, registry: Registry) -> None:
        contents = registry.contents
        images = {each: contents.push_image(NAME, each, created=days_ago(5)) for each in ("linux/amd64", "linux/arm64")}
        registry.move(TAG, contents.push_index(NAME, images))

        assert str(resolve(registry, pullable=True, details=True).created) == days_ago(5)
        assert asked(registry) == ["_chainguard", "manifests", "manifests", "manifests"]

    def test_a_policy_on_the_index_is_named(self, registry: Registry) -> None:
        registry.contents.deny(publish(registry, 1), "cooldown")
        with pytest.raises(
            DeniedByPolicy, match="the pull policy 'cooldown' of the organisation denies the index sha256:"
        ):
            resolve(registry, pullable=True)

    def test_a_policy_on_an_image_is_named(self, registry: Registry) -> None:
        publish(registry, 1)
        registry.contents.deny(resolve(registry, details=True).platforms["linux/arm64"], "no-eol")
        with pytest.raises(
            DeniedByPolicy, match="'no-eol' of the organisation denies the image for linux/arm64 sha256:"
        ):
            resolve(registry, pullable=True)
        assert resolve(registry, pullable=True, platform="amd64").platform == "linux/amd64"

    def test_a_digest_that_is_gone_is_an_error(self, registry: Registry) -> None:
        registry.contents.remove(publish(registry, 1))
        with pytest.raises(Gone, match="does not serve the index"):
            resolve(registry, pullable=True)

    def test_an_older_build_is_taken_if_asked_for(self, registry: Registry) -> None:
        older = publish(registry, 3)
        registry.contents.remove(publish(registry, 2))
        denied = publish(registry, 1)
        registry.contents.deny(denied)

        found = resolve(registry, pullable=True, on_denied="older")

        assert found.digest == older
        assert f"newer, but not used: {denied}, a pull policy denies it ('cooldown')" in found.reason
        assert "the registry does not serve it" in found.reason

    def test_an_instant_always_fails(self, registry: Registry) -> None:
        publish(registry, 3)
        registry.contents.deny(publish(registry, 1))
        with pytest.raises(DeniedByPolicy):
            resolve(registry, pullable=True, on_denied="older", at=days_ago(0.5))

    def test_nothing_older_is_left(self, registry: Registry) -> None:
        for days in (2, 1):
            registry.contents.deny(publish(registry, days))
        with pytest.raises(DeniedByPolicy):
            resolve(registry, pullable=True, on_denied="older")

    @pytest.mark.parametrize("on_denied", ["fail", "older"])
    def test_what_is_deployed_is_kept(self, registry: Registry, on_denied: str) -> None:
        publish(registry, 2)
        deployed = publish(registry, 1)
        registry.contents.deny(deployed)

        found = resolve(registry, pullable=True, on_denied=on_denied, current=deployed)

        assert found.digest == deployed
        assert "the deployed build is kept, although it may no longer be pulled" in found.warnings[0]

    def test_a_yes_is_never_kept_between_runs(self, registry: Registry, tmp_path: Path) -> None:
        index = publish(registry, 5)
        kept = resolver(registry, cache=tmp_path)
        kept.resolve(IMAGE, at=days_ago(3), pullable=True)
        registry.contents.deny(index)
        with pytest.raises(DeniedByPolicy):
            resolver(registry, cache=tmp_path).resolve(IMAGE, at=days_ago(3), pullable=True)
