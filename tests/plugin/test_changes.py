# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The function `getImageChanges` of the plugin: names as other languages spell them, warnings, and errors of one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_cgr.testing import Registry
from tests.support.attestations import configuration, publish

from .client import Plugin, secret, to_dict

TAG, BARE = "chainguard/php:latest-fpm", "chainguard/web:1"
PHP, WEB = f"cgr.dev/{TAG}", f"cgr.dev/{BARE}"
OLD = configuration({"min_age": "1-r0", "curl": "8.21.0-r2"}, **{"work-dir": "/old", "environment": {"at_least": "1"}})
NEW = configuration(
    {"signed_by": "1-r0", "curl": "8.21.0-r1"}, **{"work-dir": "/app", "environment": {"at_least": "2"}}
)
DAYS = ("2026-08-16T00:00:00Z", "2026-08-24T23:00:00Z")


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        for build, when in zip((OLD, NEW), DAYS, strict=True):
            publish(registry, TAG, build, when)
            publish(registry, BARE, None, when)
        yield registry


def digests(registry: Registry, tag: str = TAG) -> list[str]:
    return [move.digest for move in registry.histories.moves(tag)]


def call(plugin: Plugin, **arguments: Any) -> Any:
    return plugin.invoke("getImageChanges", **arguments)


def test_it_returns_what_changed_and_keeps_the_names_of_packages_and_variables(
    plugin: Plugin, registry: Registry
) -> None:
    old, new = digests(registry)

    by_digest = to_dict(getattr(call(plugin, image=f"{PHP}@{old}"), "return"))
    by_instant = to_dict(getattr(call(plugin, image=PHP, since="2026-08-17", until="2026-08-25"), "return"))

    assert by_digest == by_instant
    assert (by_digest["old"], by_digest["new"], by_digest["buildsBetween"]) == (old, new, 0)
    assert by_digest["packages"] == {
        "added": {"signed_by": "1-r0"},
        "removed": {"min_age": "1-r0"},
        "updated": {"curl": ["8.21.0-r2", "8.21.0-r1"]},
        "downgraded": ["curl"],
    }
    assert by_digest["config"] == {
        "workDir": ["/old", "/app"],
        "environment": [{"at_least": "1"}, {"at_least": "2"}],
    }
    assert (by_digest["verified"], by_digest["created"]) == (False, list(DAYS))
    assert "warnings" not in by_digest


def test_a_missing_attestation_is_a_warning(plugin: Plugin, registry: Registry) -> None:
    found = to_dict(getattr(call(plugin, image=f"{WEB}@{digests(registry, BARE)[0]}"), "return"))

    assert "packages" not in found
    assert any("has no attestation of its packages" in message for _urn, message in plugin.engine.warnings)


@pytest.mark.parametrize(
    ("arguments", "at", "said"),
    [
        ({"image": WEB}, "image", f"say which builds of {WEB} to compare"),
        ({"image": WEB, "since": "yesterday"}, "", "since 'yesterday' "),
        ({"image": WEB, "since": "2026-08-17", "signed": "perhaps"}, "signed", "is neither true nor false"),
        ({"image": WEB, "minAge": "7d"}, "minAge", "getImageChanges has no argument minAge"),
        ({"since": "2026-08-17"}, "image", ""),
    ],
)
def test_a_failure_is_one_sentence(plugin: Plugin, arguments: dict[str, Any], at: str, said: str) -> None:
    (failure,) = call(plugin, **arguments).failures

    assert failure.property == at
    assert said in failure.reason


def test_the_result_for_a_secret_image_is_secret(plugin: Plugin, registry: Registry) -> None:
    found = to_dict(getattr(call(plugin, image=secret(PHP), since="2026-08-17"), "return"))

    assert found["new"] == secret(digests(registry)[1])
    (failure,) = call(plugin, image=secret("cgr.dev/chainguard/hidden"), since="2026-08-17").failures
    assert "hidden" not in failure.reason
