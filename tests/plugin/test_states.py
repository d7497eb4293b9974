# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The states of every version so far are read, and no pin moves: neither by an upgrade, nor on the way to the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_cgr.plugin.wire import read
from pulumi_cgr.provider import ImageDigestProvider, ImageDigestsProvider
from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry, Reply

from ..engine.marks import unwrapped
from .client import Plugin, serving, to_dict, to_struct
from .conftest import HISTORIES
from .states import Recorded, recorded

MIRRORS = "registry.example.com/cgr=cgr.dev/chainguard"
DYNAMIC, PLUGIN = list(recorded("dynamic")), list(recorded("plugin"))
PROVIDERS = {"ImageDigest": ImageDigestProvider, "ImageDigests": ImageDigestsProvider}
QUERY = ("image", "images", "at", "minAge", "buildsBack", "exclude", "triggers", "lock")
SNAKE = {"minAge": "min_age", "buildsBack": "builds_back"}
CAMEL = {name: other for other, name in SNAKE.items()}


def pins(*found: Recorded) -> pytest.MarkDecorator:
    """Returns the parameters of a test that is about each of some pins."""
    return pytest.mark.parametrize("pin", found, ids=lambda pin: f"{pin.file} {pin.name}")


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES) as registry:
        yield registry


@pytest.fixture(scope="module")
def plugin(registry: Registry) -> Iterator[Plugin]:
    with serving({"CGR_REGISTRY": registry.url}) as plugin:
        yield plugin


@pytest.fixture(autouse=True)
def fresh(plugin: Plugin, registry: Registry) -> None:
    plugin.configure(mirrors=MIRRORS)
    registry.interfere = lambda _request: None


def arguments_of(pin: Recorded, names: dict[str, str]) -> dict[str, Any]:
    """Returns the arguments of the program: those among the checked inputs, and a digest that was given."""
    inputs = pin.inputs
    found = {names.get(key, key): inputs[key] for key in inputs if names.get(key, key) in QUERY}
    if "resolved_at" in inputs or "resolvedAt" in inputs:
        del found["at"]
    return {**found, "digest": inputs["digest"]} if pin.name in ("given", "frozen") else found


def kind_of(pin: Recorded) -> str:
    return "cgr:index:" + pin.type.rpartition(":")[2]


@pins(*PLUGIN)
def test_a_stack_of_the_plugin_does_not_change(plugin: Plugin, pin: Recorded) -> None:
    checked = plugin.checked(arguments_of(pin, {}), pin.inputs, pin.type)

    assert plugin.diff(pin.outputs, checked, pin.type) == ({}, [])


@pins(*DYNAMIC)
def test_a_stack_of_the_dynamic_resource_does_not_change(registry: Registry, pin: Recorded) -> None:
    provider = PROVIDERS[pin.type.rpartition(":")[2]]()
    provider._made = Resolver(registry=registry.url, environment={}, mirrors=MIRRORS)
    news = {SNAKE.get(key, key): value for key, value in arguments_of(pin, CAMEL).items()}

    result = provider.check(unwrapped(pin.inputs), unwrapped(news))

    assert result.failures == []
    assert not provider.diff(pin.id, unwrapped(pin.outputs), result.inputs).changes


@pins(*DYNAMIC)
def test_a_stack_that_moves_to_the_plugin_keeps_every_digest_and_replaces_nothing(
    plugin: Plugin, pin: Recorded
) -> None:
    kind = kind_of(pin)
    checked = plugin.checked(arguments_of(pin, CAMEL), pin.inputs, kind)

    differs, replaces = plugin.diff(pin.outputs, checked, kind)
    updated = plugin.update(pin.outputs, checked, kind)

    assert replaces == []
    assert differs.pop("__provider") == "DELETE"
    assert set(differs.values()) <= {"ADD"}, "other names, and no other value"
    assert read(to_struct(updated)) == read(to_struct(pin.outputs))
    assert not [name for name in updated if "_" in name]


@pins(*(pin for pin in (*PLUGIN, *DYNAMIC) if pin.name in ("old", "kept", "given", "frozen")))
def test_a_pin_that_stays_needs_no_registry_after_an_upgrade(plugin: Plugin, registry: Registry, pin: Recorded) -> None:
    registry.interfere = lambda _request: Reply(500)
    arguments = arguments_of(pin, CAMEL)

    assert plugin.checked(arguments, pin.inputs, kind_of(pin))["reason" if "image" in arguments else "reasons"]


@pins(*PLUGIN)
def test_a_refresh_returns_the_state_as_it_is(plugin: Plugin, pin: Recorded) -> None:
    response = plugin.read(pin.id, pin.outputs, pin.inputs, pin.type)

    assert (response.id, to_dict(response.properties), to_dict(response.inputs)) == (pin.id, pin.outputs, pin.inputs)


def test_the_recorded_states_have_each_kind_of_pin() -> None:
    for found in (DYNAMIC, PLUGIN):
        assert {pin.name for pin in found} >= {"web", "old", "hidden", "frozen", "set", "kept", "mirrored", "given"}
