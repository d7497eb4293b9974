# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Manifests and platforms, parsed: one reading of each document, and one form of each platform."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.manifest import Manifest
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.platform import Platform
from pulumi_cgr.resolver import InvalidRule

DIGEST = "sha256:" + 64 * "a"
OTHER = "sha256:" + 64 * "b"
PLATFORM = {"os": "linux", "architecture": "amd64"}
CHILD = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": DIGEST, "size": 3, "platform": PLATFORM}
BLOB = {"mediaType": "application/json", "digest": DIGEST, "size": 3}


def parse(**document: Any) -> Manifest:
    return Manifest.parse(json.dumps({"schemaVersion": 2, **document}).encode(), DIGEST)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", "linux/amd64"),
        ("amd64", "linux/amd64"),
        ("x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("i386", "linux/386"),
        ("i686", "linux/386"),
        ("arm64", "linux/arm64"),
        ("aarch64", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("armv7l", "linux/arm/v7"),
        ("armhf", "linux/arm/v7"),
        ("armel", "linux/arm/v6"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("ppc64le", "linux/ppc64le"),
        ("s390x", "linux/s390x"),
        ("riscv64", "linux/riscv64"),
        ("LINUX/AMD64", "linux/amd64"),
        ("macos/arm64", "darwin/arm64"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_a_platform_has_one_form(text: str, platform: str) -> None:
    assert str(Platform.parse(text)) == platform


@pytest.mark.parametrize(
    "text",
    ["", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "vax", "linux/amd 64", "amd64/linux", "linux/linux", 5, None],
)
def test_something_else_is_not_a_platform(text: object) -> None:
    with pytest.raises(InvalidRule, match="is not a platform; write it like linux/amd64"):
        Platform.parse(text)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"manifests": [CHILD], "layers": [], "config": BLOB},
        {"manifests": [CHILD], "layers": []},
        {"manifests": {}},
        {"manifests": [1]},
        {"manifests": [{**CHILD, "digest": "sha256:1"}]},
        {"manifests": [{**CHILD, "size": -1}]},
        {"manifests": [{**CHILD, "size": True}]},
        {"manifests": [{**CHILD, "annotations": {"a": 1}}]},
        {"manifests": [CHILD], "mediaType": "application/vnd.oci.image.manifest.v1+json"},
        {"manifests": [CHILD], "mediaType": 5},
        {"manifests": [CHILD], "annotations": []},
        {"config": BLOB},
        {"layers": [BLOB]},
        {"config": BLOB, "layers": [BLOB], "mediaType": "application/vnd.oci.image.index.v1+json"},
        {"config": BLOB, "layers": [BLOB], "subject": {"digest": "x"}},
        {"schemaVersion": 1, "fsLayers": []},
    ],
)
def test_a_document_that_can_be_read_in_two_ways_is_not_a_manifest(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        parse(**document)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_document_are_not_a_manifest(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^is not "):
        Manifest.parse(body, DIGEST)


def test_two_images_for_one_platform_are_refused() -> None:
    variant = {**CHILD, "digest": OTHER, "platform": {**PLATFORM, "variant": "v1"}}
    with pytest.raises(ValueError, match="lists two images for linux/amd64"):
        _ = parse(manifests=[CHILD, variant]).platforms


@pytest.mark.parametrize("created", ["1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "yesterday", ""])
def test_a_build_time_that_cannot_be_one_is_none(created: str) -> None:
    assert parse(manifests=[], annotations={"org.opencontainers.image.created": created}).created is None
