# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with images to lock, and a lock of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import read_lock
from pulumi_cgr.lockfile.update import FileUses, Use, lock_images
from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

A, B, C, D = ("sha256:" + 64 * letter for letter in "abcd")
WEB, DB, APP = (f"cgr.dev/chainguard/{name}:1" for name in ("web", "db", "app"))
MOVES = [
    {"updateTimestamp": "2026-01-01T00:00:00Z", "digest": A},
    {"updateTimestamp": "2026-01-05T00:00:00.500Z", "digest": B},
    {"updateTimestamp": "2026-01-09T00:00:00Z", "digest": C},
]
NAMES = ("web", "db", "app", *(f"image-{number:02}" for number in range(20)))


ENTRY = {
    "image": WEB,
    "rule": {},
    "ref": f"{WEB}@{A}",
    "digest": A,
    "updated_at": "2026-01-01T00:00:00Z",
    "resolved": "2026-01-02T00:00:00Z",
    "used": [],
}


def entries(*changes: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "images": [{**ENTRY, **each} for each in changes]})


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({f"chainguard/{name}:1": MOVES for name in NAMES}) as registry:
        yield registry


@pytest.fixture
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, environment={})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cgr.lock.json"


def lock(path: Path, resolver: Resolver, *images: str, **rule: Any) -> None:
    """Locks images by name, and updates those that are locked."""
    lock_images(path, resolver, [resolver.parse_query(image, **rule) for image in images], upgrade=True)


def files_of(*uses: Use) -> FileUses:
    """Returns files that were looked at, with these uses in them."""
    return FileUses(tuple(uses))


def pins(path: Path) -> dict[str, str]:
    return {entry.image: entry.digest for entry in read_lock(path).entries}
