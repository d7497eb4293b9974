# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Platforms, build times and pull policies in users' stacks, each on the stand-in for the engine and on the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pulumi_cgr.resolver import Instant, Resolver
from pulumi_cgr.testing import Registry

from ..support.moves import days_ago
from .conftest import MakeStack, rewrite

OLD, NEW = f"{days_ago(9)[:10]}T00:00:00Z", f"{days_ago(2)[:10]}T00:00:00Z"
NAME = "chainguard/web:1"
IMAGE = f"cgr.dev/{NAME}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        for moment in (OLD, NEW):
            registry.publish(NAME, created=moment, updated_at=Instant.parse(moment))
        yield registry


def publish(registry: Registry, days: float, built: float | None = None) -> str:
    created = days_ago(days if built is None else built)
    return registry.publish(NAME, created=created, updated_at=Instant.parse(days_ago(days)))


def latest(registry: Registry) -> str:
    return registry.histories.moves(NAME)[-1].digest


def image_for(registry: Registry, platform: str) -> str:
    return Resolver(registry_url=registry.url, environment={}).resolve(IMAGE, platform=platform).digest


def pin(arguments: str) -> str:
    return f"""
pin = cgr.ImageDigest("pin", image="{IMAGE}", {arguments})
for name in ("digest", "ref", "index", "platform"):
    pulumi.export(name, getattr(pin, name))
"""


def test_a_platform_is_pinned_and_the_index_kept(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin('platform="aarch64"'))
    digest, index = image_for(registry, "linux/arm64"), latest(registry)
    expected = {"digest": digest, "ref": f"{IMAGE}@{digest}", "index": index, "platform": "linux/arm64"}

    assert stack.preview().outputs == expected
    assert stack.up().outputs == expected
    assert stack.preview().changes == {}
    new = publish(registry, 0)
    assert stack.up().outputs["index"] == new


def test_another_platform_is_another_digest(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin('platform="arm64"'))
    stack.up()
    rewrite(stack, pin('platform="linux/arm64/v8"'))
    assert stack.preview().changes == {}, "the same platform, written otherwise"
    rewrite(stack, pin('platform="amd64"'))
    assert stack.preview().changes == {"pin": "update"}
    assert stack.up().outputs["digest"] == image_for(registry, "linux/amd64")


def test_the_state_of_a_pin_without_a_platform_is_as_before(make_stack: MakeStack) -> None:
    stack = make_stack(f'cgr.ImageDigest("pin", image="{IMAGE}", min_age="7d")')
    stack.up()

    deployment = json.loads(stack.exported())
    text = json.dumps(deployment)
    assert all(f'"{name}"' not in text for name in ("index", "platform", "min_age_from", "pullable", "on_denied"))


def test_an_aged_pin_of_a_platform_never_goes_back(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin('platform="arm64"'))
    digest = stack.up().outputs["digest"]
    rewrite(stack, pin('platform="arm64", min_age="7d"'))

    assert stack.up().outputs["digest"] == digest
    assert stack.preview().changes == {}


def test_an_age_can_count_from_the_build(make_stack: MakeStack, registry: Registry) -> None:
    rebuilt = publish(registry, 1, built=8)
    stack = make_stack(pin('min_age="7d", min_age_from="build"'))

    assert stack.up().outputs["digest"] == rebuilt
    assert stack.preview().changes == {}


@pytest.mark.parametrize("more", ["", ', on_denied="older"', ', platform="arm64"'], ids=["fail", "older", "platform"])
def test_a_pin_that_a_policy_denies_now_is_kept(make_stack: MakeStack, registry: Registry, more: str) -> None:
    stack = make_stack(pin(f"pullable=True{more}"))
    before = stack.up().outputs
    registry.contents.deny(latest(registry))

    preview = stack.preview()

    assert preview.changes == {}
    assert preview.outputs == before
    assert preview.ok


def test_a_new_pin_that_a_policy_denies_is_refused(make_stack: MakeStack, registry: Registry) -> None:
    registry.contents.deny(latest(registry), "cooldown")
    stack = make_stack(pin("pullable=True"))

    preview = stack.preview()

    assert not preview.ok
    assert any(
        "the pull policy 'cooldown' of the organisation denies the index" in line for line in preview.diagnostics
    )


def test_a_move_to_a_build_that_is_denied_is_refused(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin("pullable=True"))
    stack.up()
    registry.contents.deny(publish(registry, 0))

    assert not stack.preview().ok
    rewrite(stack, pin('pullable=True, on_denied="older"'))
    assert stack.preview().changes == {}


def test_a_set_has_its_indexes(make_stack: MakeStack, registry: Registry) -> None:
    images = f'{{"all": "{IMAGE}", "arm": {{"image": "{IMAGE}", "platform": "arm64"}}}}'
    stack = make_stack(
        f'pins = cgr.ImageDigests("pins", images={images}, pullable=True)\n'
        'pulumi.export("digests", pins.digests)\npulumi.export("indexes", pins.indexes)\n'
    )
    index = latest(registry)

    assert stack.up().outputs == {
        "digests": {"all": index, "arm": image_for(registry, "arm64")},
        "indexes": {"arm": index},
    }
    assert stack.preview().changes == {}
    registry.contents.deny(index)
    assert stack.preview().changes == {}


def test_a_function_returns_the_details(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(
        f'found = cgr.get_image_digest("{IMAGE}", details=True)\n'
        'pulumi.export("platforms", found.platforms)\npulumi.export("created", found.created)\n'
    )
    assert stack.up().outputs == {
        "platforms": {each: image_for(registry, each) for each in ("linux/amd64", "linux/arm64")},
        "created": NEW,
    }


def test_a_wrong_platform_is_an_error_at_the_argument(make_stack: MakeStack) -> None:
    preview = make_stack(pin('platform="vax"')).preview()

    assert not preview.ok
    assert any("platform 'vax' is not a platform; write it like linux/amd64" in line for line in preview.diagnostics)
