# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Locked images for one platform, whose builds the registry denies or no longer serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr._bridge import read_lock
from pulumi_cgr.lockfile.rollback import rollback_to
from pulumi_cgr.lockfile.update import update_all
from pulumi_cgr.lockfile.verify import check_online
from pulumi_cgr.resolver import Instant, NoBuildFits, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry

from .conftest import lock

WEB, DB = "chainguard/web:1", "chainguard/db:1"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        for image in (WEB, DB):
            registry.publish(image, updated_at=Instant.parse("2026-01-01"))
        yield registry


def asking(registry: Registry) -> Resolver:
    """A resolver of another run, which has read nothing yet."""
    return Resolver(registry_url=registry.url, environment={})


def newest(registry: Registry, image: str) -> str:
    return registry.histories.moves(image)[-1].digest


def test_a_build_that_is_gone_is_no_reason_to_suspect_the_lock(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    lock(path, resolver, f"cgr.dev/{WEB}", platform="arm64")
    registry.contents.remove(newest(registry, WEB))

    with pytest.raises(SeveralFailed, match="the registry does not serve the index"):
        check_online(read_lock(path), asking(registry))


def test_an_update_keeps_a_locked_build_that_is_denied_now(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, f"cgr.dev/{WEB}", f"cgr.dev/{DB}", platform="arm64")
    locked = read_lock(path).entries[1]
    registry.contents.deny(newest(registry, WEB))
    newer = registry.publish(DB)

    changes = update_all(path, asking(registry))

    db, web = read_lock(path).entries
    assert web == locked
    assert db.index == newer
    assert [change.is_change for change in changes] == [True, False]


def test_an_update_to_a_new_build_that_is_denied_is_refused(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, f"cgr.dev/{WEB}", platform="arm64")
    before = path.read_bytes()
    registry.contents.deny(registry.publish(WEB))

    with pytest.raises(SeveralFailed, match="pull policy 'cooldown'"):
        update_all(path, asking(registry))
    assert path.read_bytes() == before


def test_a_rollback_to_the_image_for_a_platform_names_its_index(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    image = f"cgr.dev/{WEB}"
    lock(path, resolver, image, platform="arm64")
    (locked,) = read_lock(path).entries

    with pytest.raises(NoBuildFits, match=rf"in the index {locked.index}: give that one\. The lock is unchanged"):
        rollback_to(path, resolver, image, locked.digest)
    with pytest.raises(NoBuildFits, match=rf"never pointed at .*cgr-images history {image}"):
        rollback_to(path, resolver, image, f"sha256:{'0' * 64}")
