# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Manifests: what a digest stands for, an index of several platforms or one image.

Source: the OCI image specification, `image-index.md`, `manifest.md`, `descriptor.md`; Docker's forms have the same members.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from .grammar import is_digest
from .instant import Instant
from .platform import Platform

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFEST_TYPES = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST)
"""The media types that are accepted, the preferred one first."""

CREATED = "org.opencontainers.image.created"
ATTESTATION = "vnd.docker.reference.type"
"""The annotation by which BuildKit marks a child of an index that is not an image."""

EARLIEST_CREATED = Instant.parse("2000-01-01")
"""A build time before this one is a constant such as 1970-01-01, for builds that can be reproduced."""


@dataclass(frozen=True)
class Descriptor:
    """A description of another piece of content, in a manifest.

    Attributes:
        digest: its digest, `sha256:…`.
        media_type: its media type.
        size: its size in bytes.
        annotations: its annotations, names to text.
        artifact_type: its artifact type; empty if it has no type.
        platform: its platform, for a child of an index; `None` if that is unknown.
    """

    digest: str
    media_type: str = ""
    size: int = 0
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    platform: Platform | None = None

    @classmethod
    def from_dict(cls, data: Any) -> Descriptor:
        """Reads a descriptor; raises `ValueError` if it is something else."""
        if not isinstance(data, dict) or not is_digest(data.get("digest")):
            raise ValueError("has a descriptor without a digest")
        size = data.get("size")
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise ValueError("has a descriptor without a size")
        return cls(
            data["digest"],
            _text(data, "mediaType"),
            size,
            _annotations(data),
            _text(data, "artifactType"),
            _platform(data.get("platform")),
        )


@dataclass(frozen=True)
class Manifest:
    """A manifest, parsed.

    Attributes:
        digest: its digest.
        size: its size in bytes.
        is_index: whether it lists manifests; otherwise it is one image, or an artifact.
        manifests: what it lists, for an index.
        config: the configuration of an image.
        layers: the layers of an image or an artifact.
        annotations: its annotations, names to text.
        artifact_type: its artifact type; empty if it has no type.
        subject: the digest of the manifest it is attached to, if it is.
    """

    digest: str
    size: int
    is_index: bool
    manifests: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    subject: str | None = None

    @classmethod
    def parse(cls, body: bytes, digest: str) -> Manifest:
        """Parses a manifest.

        Args:
            body: its bytes.
            digest: their digest.

        Raises:
            ValueError: it is something else, or can be read in two ways; the message continues "the manifest …".
        """
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError("is not JSON") from None
        if not isinstance(data, dict) or data.get("schemaVersion") != 2:
            raise ValueError("is not of schema version 2")
        is_index = _is_index(data)
        subject = Descriptor.from_dict(data["subject"]).digest if data.get("subject") else None
        return cls(
            digest,
            len(body),
            is_index,
            _descriptors(data, "manifests") if is_index else (),
            None if is_index else Descriptor.from_dict(data["config"]),
            () if is_index else _descriptors(data, "layers"),
            _annotations(data),
            _text(data, "artifactType"),
            subject,
        )

    @property
    def platforms(self) -> Mapping[str, str]:
        """The digests of the images that an index lists, by their platforms, such as `linux/amd64`.

        Raises:
            ValueError: it lists two for one platform.
        """
        found: dict[str, str] = {}
        for child in self.manifests:
            if child.platform is None or ATTESTATION in child.annotations:
                continue
            if found.setdefault(str(child.platform), child.digest) != child.digest:
                raise ValueError(f"lists two images for {child.platform}")
        return found

    @property
    def created(self) -> Instant | None:
        """When it was built, by its annotation; `None` if that is absent, malformed or before 2000."""
        try:
            created = Instant.parse(self.annotations[CREATED])
        except (KeyError, ValueError):
            return None
        return created if created >= EARLIEST_CREATED else None


def _is_index(data: Mapping[str, Any]) -> bool:
    """Whether a manifest is an index.  One that could be both is refused, for others may read it the other way."""
    has_index, has_image = "manifests" in data, "config" in data or "layers" in data
    if has_index == has_image:
        raise ValueError("is neither an index nor an image" if not has_index else "is both an index and an image")
    media_type = _text(data, "mediaType")
    if media_type and (media_type not in MANIFEST_TYPES or (media_type in INDEX_TYPES) != has_index):
        raise ValueError("has a media type that contradicts its content")
    if has_image and not ("config" in data and "layers" in data):
        raise ValueError("has no configuration or no layers")
    return has_index


def _descriptors(data: Mapping[str, Any], name: str) -> tuple[Descriptor, ...]:
    found = data.get(name)
    if not isinstance(found, list):
        raise ValueError(f"has {name} that are not a list")
    return tuple(Descriptor.from_dict(each) for each in found)


def _platform(data: Any) -> Platform | None:
    """Reads the platform of a child; `None` for one that is unknown, as BuildKit writes it for attestations."""
    if not isinstance(data, dict):
        return None
    os, architecture, variant = (_text(data, name) for name in ("os", "architecture", "variant"))
    if not os or not architecture or "unknown" in (os, architecture):
        return None
    return Platform.of(os, architecture, variant)


def _annotations(data: Mapping[str, Any]) -> Mapping[str, str]:
    found = data.get("annotations")
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("has annotations that are not text")
    return found


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"has a {name} that is not text")
    return value or ""
