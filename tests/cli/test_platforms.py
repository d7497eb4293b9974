# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Platforms, build times and pull policies in files and locks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.files import pin_files, pin_text
from pulumi_cgr.resolver import Instant, Resolver
from pulumi_cgr.testing import Registry

from ..support.moves import days_ago
from .command import Command

OLD, NEW = f"{days_ago(9)[:10]}T00:00:00Z", f"{days_ago(2)[:10]}T00:00:00Z"
NAME = "chainguard/web:1"
IMAGE = f"cgr.dev/{NAME}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        for moment in (OLD, NEW):
            registry.publish(NAME, created=moment, updated_at=Instant.parse(moment))
        yield registry


@pytest.fixture
def compose(cgr: Command) -> Path:
    path = cgr.folder / "compose.yaml"
    path.write_text(f"services:\n  web:\n    image: {IMAGE}\n")
    return path


def latest(registry: Registry) -> str:
    return registry.histories.moves(NAME)[-1].digest


def resolved(cgr: Command, *options: str) -> dict[str, str]:
    (found,) = cgr("resolve", IMAGE, "--json", *options).json["images"]
    return dict(found)


def locked(cgr: Command) -> dict[str, Any]:
    return dict(json.loads((cgr.folder / "cgr.lock.json").read_text()))


def test_files_are_pinned_to_the_index(cgr: Command, compose: Path, registry: Registry) -> None:
    assert cgr("pin", "compose.yaml", "--pullable").status == 0
    assert f"{IMAGE}@{latest(registry)}\n" in compose.read_text()


def test_files_are_pinned_to_a_platform_with_a_warning(cgr: Command, compose: Path) -> None:
    done = cgr("pin", "compose.yaml", "--platform", "arm64")

    assert "the files are pinned to images for linux/arm64 only: they run on no other platform" in done.err
    assert f"{IMAGE}@{resolved(cgr, '--platform', 'arm64')['digest']}\n" in compose.read_text()
    again = cgr("pin", "compose.yaml", "--platform", "arm64", "--min-age", "7d")
    assert "1 unchanged" in again.out, "a pin never goes back in time"


def test_a_text_is_pinned_to_a_platform_with_a_warning(registry: Registry) -> None:
    resolver = Resolver(registry_url=registry.url, environment={})

    _text, report = pin_text(resolver, f"image: {IMAGE}\n", rule={"platform": "arm64"})

    assert report.warnings == ("the files are pinned to images for linux/arm64 only: they run on no other platform.",)


def test_files_are_pinned_to_the_platform_of_a_lock_with_a_warning(cgr: Command, compose: Path) -> None:
    cgr("lock", IMAGE, "--platform", "arm64")

    assert "images for linux/arm64 only" in cgr("pin", "compose.yaml", "--lock", "cgr.lock.json").err


def test_an_image_with_several_pins_is_asked_for_once(registry: Registry, tmp_path: Path) -> None:
    for name, move in zip("ab", registry.histories.moves(NAME), strict=True):
        (tmp_path / f"{name}.yaml").write_text(f"image: {IMAGE}@{move.digest}\n")

    pin_files(Resolver(registry_url=registry.url, environment={}), [tmp_path], rule={"platform": "arm64"})

    assert len([request for request in registry.requests if "/_chainguard/history/" in request.path]) == 1


def test_a_policy_that_denies_an_image_changes_no_file(cgr: Command, compose: Path, registry: Registry) -> None:
    registry.contents.deny(latest(registry))
    before = compose.read_text()

    done = cgr("pin", "compose.yaml", "--pullable")

    assert done.status == 2
    assert "the pull policy 'cooldown' of the organisation denies the index" in done.err
    assert compose.read_text() == before
    older = cgr("pin", "compose.yaml", "--pullable", "--on-denied", "older")
    assert older.status == 0
    assert registry.histories.moves(NAME)[0].digest in compose.read_text()


def test_a_lock_without_platforms_stays_in_version_1(cgr: Command) -> None:
    cgr("lock", IMAGE, "--pullable")

    assert locked(cgr)["version"] == 1
    assert "pullable" not in json.dumps(locked(cgr))


def test_a_lock_with_a_platform_is_of_version_2(cgr: Command, registry: Registry) -> None:
    assert cgr("lock", IMAGE, "--platform", "aarch64").status == 0

    lock = locked(cgr)
    (entry,) = lock["images"]
    assert lock["version"] == 2
    assert (entry["rule"], entry["index"], entry["created"]) == (
        {"platform": "linux/arm64"},
        latest(registry),
        NEW,
    )
    offline = resolved(cgr, "--platform", "arm64", "--lock", "cgr.lock.json")
    assert (offline["digest"], offline["index"]) == (entry["digest"], entry["index"])
    assert cgr("check", "--online").status == 0


def test_a_platform_is_rolled_back_by_its_index(cgr: Command, registry: Registry) -> None:
    cgr("lock", IMAGE, "--platform", "arm64")
    bad, good = latest(registry), registry.histories.moves(NAME)[0].digest

    assert cgr("rollback", IMAGE, "--platform", "arm64").status == 0

    (entry,) = locked(cgr)["images"]
    assert (entry["index"], entry["exclude"]) == (good, [bad])


@pytest.mark.parametrize("rule", [[], ["--min-age", "1d"], ["--platform", "arm64"]])
def test_a_lock_of_an_older_build_is_as_the_rule_says_and_rolls_back(
    cgr: Command, registry: Registry, rule: list[str]
) -> None:
    first, wanted = (move.digest for move in registry.histories.moves(NAME))
    denied = registry.publish(NAME, updated_at=Instant.parse(days_ago(1.5)))
    registry.contents.deny(denied)

    cgr("lock", IMAGE, *rule, "--pullable", "--on-denied", "older")

    (entry,) = locked(cgr)["images"]
    assert entry.get("index", entry["digest"]) == wanted
    assert cgr("check", "--online").status == 0
    assert cgr("rollback", IMAGE, *rule).status == 0
    (entry,) = locked(cgr)["images"]
    assert entry.get("index", entry["digest"]) == first, "never the newer build, which may not be pulled"


def test_a_lock_is_not_asked_what_only_the_registry_knows(cgr: Command) -> None:
    cgr("lock", IMAGE)
    done = cgr("resolve", IMAGE, "--pullable", "--lock", "cgr.lock.json")

    assert done.status == 2
    assert "pullable and a lock file cannot be combined" in done.err
    assert "cgr-images lock --pullable checks builds when they are locked" in done.err


def test_a_history_tells_when_builds_were_built(cgr: Command) -> None:
    done = cgr("history", IMAGE, "--details", "--json")

    assert [build["created"] for build in done.json["builds"]] == [OLD, NEW]
    assert all(set(build["platforms"]) == {"linux/amd64", "linux/arm64"} for build in done.json["builds"])


@pytest.mark.parametrize("rule", [["--pullable"], ["--platform", "arm64"]])
def test_a_history_says_why_the_newest_build_is_not_chosen(cgr: Command, registry: Registry, rule: list[str]) -> None:
    registry.contents.deny(latest(registry))

    done = cgr("history", IMAGE, *rule)

    assert OLD in done.out
    assert "the pull policy 'cooldown' of the organisation denies the index" in done.out + done.err
