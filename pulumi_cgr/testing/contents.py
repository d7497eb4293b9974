# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Manifests and blobs for tests, made of real bytes: indexes, images, and what is attached to them.

contents = registry.contents
digest = contents.push_index("chainguard/python", ["linux/amd64", "linux/arm64"], created="2026-01-01T00:00:00Z")
contents.attach("chainguard/python", digest, "application/spdx+json", [("application/spdx+json", b"{}")])
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CREATED = "org.opencontainers.image.created"

PLATFORMS = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True)
class Stored:
    """Some content: its media type and its bytes."""

    media_type: str
    body: bytes


class Contents:
    """The manifests and blobs of a registry for tests, by repository (`ORG/IMAGE`).

    Attributes:
        manifests: the manifests by repository and digest; change or remove bytes here to make a registry that lies.
        blobs: the blobs by repository and digest.
        tags: the digests of tags without a history, such as `sha256-….sig`, by repository and tag.
        denied: the pull policies that deny a digest, such as `cooldown`, by digest.
        denied_status: the status of the answer for a digest that is denied.
        has_referrers: whether the registry has the API for referrers; without it, `attach` keeps a tag `sha256-…` instead.
    """

    def __init__(self) -> None:
        self.manifests: dict[tuple[str, str], Stored] = {}
        self.blobs: dict[tuple[str, str], Stored] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.denied: dict[str, str] = {}
        self.denied_status = 403
        self.has_referrers = True

    def has_repository(self, repository: str) -> bool:
        """Whether the repository has a manifest."""
        return any(name == repository for name, _digest in self.manifests)

    def push_blob(self, repository: str, body: bytes, media_type: str = "application/octet-stream") -> dict[str, Any]:
        """Stores a blob; returns its descriptor as JSON data."""
        digest = digest_of(body)
        self.blobs[repository, digest] = Stored(media_type, body)
        return {"mediaType": media_type, "digest": digest, "size": len(body)}

    def push_manifest(self, repository: str, document: Mapping[str, Any], tag: str | None = None) -> str:
        """Stores a manifest, and points a tag without a history at it; returns its digest."""
        body = json.dumps(document, indent=2).encode()
        digest = digest_of(body)
        self.manifests[repository, digest] = Stored(document.get("mediaType", OCI_MANIFEST), body)
        if tag:
            self.tags[repository, tag] = digest
        return digest

    def push_image(
        self,
        repository: str,
        platform: str = "linux/amd64",
        *,
        created: str | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> str:
        """Stores an image for one platform, with a configuration and a layer; returns its digest.

        Args:
            repository: the repository.
            platform: its platform, `OS/ARCHITECTURE[/VARIANT]`.
            created: when it was built, as the annotation of its manifest.
            annotations: further annotations.
            docker: whether the manifest has Docker's form, rather than OCI's.
        """
        layer = _layer(repository)
        diff = digest_of(gzip.decompress(layer))
        config = {**platform_dict(platform), "rootfs": {"type": "layers", "diff_ids": [diff]}, "config": {}}
        config_type, layer_type = (DOCKER_CONFIG, DOCKER_LAYER) if docker else (OCI_CONFIG, OCI_LAYER)
        return self.push_manifest(
            repository,
            {
                "schemaVersion": 2,
                "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
                "config": self.push_blob(repository, json.dumps(config).encode(), config_type),
                "layers": [self.push_blob(repository, layer, layer_type)],
                **_annotated(created, annotations),
            },
        )

    def push_index(
        self,
        repository: str,
        platforms: Iterable[str] | Mapping[str, str] = PLATFORMS,
        *,
        created: str | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
        attestations: bool = False,
    ) -> str:
        """Stores an index; returns its digest.

        Args:
            repository: the repository.
            platforms: the platforms, for each of which an image is stored; or the digests of stored images, by platform.
            created: when it was built, as the annotation of the index.
            annotations: further annotations.
            docker: whether index and images have Docker's form, rather than OCI's.
            attestations: whether it also lists the attestations that BuildKit writes, of platform `unknown/unknown`.
        """
        if not isinstance(platforms, Mapping):
            given = dict(annotations or {}) if not docker else None
            platforms = {
                each: self.push_image(repository, each, annotations=given, docker=docker) for each in platforms
            }
        listed = [self._child(repository, digest, platform) for platform, digest in platforms.items()]
        if attestations:
            listed += [self._attestation(repository, digest) for digest in platforms.values()]
        return self.push_manifest(
            repository,
            {
                "schemaVersion": 2,
                "mediaType": DOCKER_LIST if docker else OCI_INDEX,
                "manifests": listed,
                **_annotated(created, annotations),
            },
        )

    def attach(
        self,
        repository: str,
        subject: str,
        artifact_type: str,
        layers: Iterable[tuple[str, bytes]],
        annotations: Mapping[str, str] | None = None,
    ) -> str:
        """Attaches an artifact to a manifest; returns the artifact's digest.

        Args:
            repository: the repository.
            subject: the digest of the manifest, which must be stored.
            artifact_type: the type of the artifact.
            layers: the media types and the bytes of its layers.
            annotations: its annotations.
        """
        digest = self.push_manifest(
            repository,
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": artifact_type,
                "config": self.push_blob(repository, b"{}", OCI_EMPTY),
                "layers": [self.push_blob(repository, body, media_type) for media_type, body in layers],
                "subject": self._descriptor(repository, subject),
                **_annotated(None, annotations),
            },
        )
        if not self.has_referrers:
            self.push_manifest(repository, self.referrers(repository, subject), tag=subject.replace(":", "-"))
        return digest

    def push_tagged(
        self, repository: str, tag: str, layers: Iterable[tuple[str, bytes, Mapping[str, str]]], config: bytes = b"{}"
    ) -> str:
        """Stores an artifact under a tag, such as `sha256-….sig`; returns its digest.

        Args:
            repository: the repository.
            tag: the tag.
            layers: the media types, the bytes and the annotations of its layers.
            config: the bytes of its configuration.
        """
        listed = [
            {**self.push_blob(repository, body, media_type), **_annotated(None, annotations)}
            for media_type, body, annotations in layers
        ]
        document = {"config": self.push_blob(repository, config, OCI_CONFIG), "layers": listed}
        return self.push_manifest(repository, {"schemaVersion": 2, "mediaType": OCI_MANIFEST, **document}, tag)

    def referrers(self, repository: str, subject: str, artifact_type: str | None = None) -> dict[str, Any]:
        """Returns the index of what is attached to a digest."""
        listed = []
        for (name, digest), stored in self.manifests.items():
            document = json.loads(stored.body) if name == repository else {}
            if document.get("subject", {}).get("digest") != subject:
                continue
            if artifact_type in (None, document.get("artifactType")):
                extra = {key: document[key] for key in ("artifactType", "annotations") if key in document}
                listed.append({**self._descriptor(repository, digest), **extra})
        return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}

    def remove(self, digest: str) -> None:
        """Stops serving a manifest, which histories still have."""
        for key in [key for key in self.manifests if key[1] == digest]:
            del self.manifests[key]

    def deny(self, digest: str, policy: str = "cooldown") -> None:
        """Lets a pull policy deny a digest."""
        self.denied[digest] = policy

    def _descriptor(self, repository: str, digest: str) -> dict[str, Any]:
        stored = self.manifests[repository, digest]
        return {"mediaType": stored.media_type, "digest": digest, "size": len(stored.body)}

    def _child(self, repository: str, digest: str, platform: str) -> dict[str, Any]:
        return {**self._descriptor(repository, digest), "platform": platform_dict(platform)}

    def _attestation(self, repository: str, digest: str) -> dict[str, Any]:
        annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest}
        manifest = self.push_image(repository, "unknown/unknown", annotations=annotations)
        return {**self._child(repository, manifest, "unknown/unknown"), "annotations": annotations}


def digest_of(body: bytes) -> str:
    """Returns the digest of some bytes."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def platform_dict(platform: str) -> dict[str, str]:
    """Returns a platform as it is written in an index."""
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def _layer(name: str) -> bytes:
    """Returns a layer with one file."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        body = name.encode()
        entry = tarfile.TarInfo("etc/image")
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return gzip.compress(tar.getvalue(), mtime=0)


def _annotated(created: str | None, annotations: Mapping[str, str] | None) -> dict[str, Any]:
    found = {**({CREATED: created} if created else {}), **(annotations or {})}
    return {"annotations": found} if found else {}
