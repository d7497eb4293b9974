# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Attestations of images in a registry for tests, in the forms in which they are published; their signatures are not real."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry

from .environments import ROOT

IMAGE_CONFIGURATION = "https://apko.dev/image-configuration"
SPDX = "https://spdx.dev/Document"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
REAL: dict[str, list[dict[str, Any]]] = json.loads((ROOT / "tests/data/changes/image-configurations.json").read_text())
"""Image configurations of public images of Chainguard, each twice, with the commits that locked them."""


def configuration(packages: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Returns an image configuration as apko writes it."""
    return {"contents": {"packages": [f"{name}={version}" for name, version in packages.items()]}, **more}


def spdx(packages: Mapping[str, str]) -> dict[str, Any]:
    """Returns an SPDX document, with a package that is not of apk, too."""
    purls = [f"pkg:apk/wolfi/{name}@{version}?arch=x86_64" for name, version in packages.items()]
    refs = [[{"referenceType": "purl", "referenceLocator": purl}] for purl in (*purls, "pkg:oci/web@sha256:0")]
    return {"spdxVersion": "SPDX-2.3", "packages": [{"name": "p", "externalRefs": each} for each in refs]}


def envelope(subject: str, predicate_type: str, predicate: Any) -> dict[str, Any]:
    """Returns a DSSE envelope."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "cgr.dev/web", "digest": {"sha256": subject.removeprefix("sha256:")}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"sig": "AA=="}]}


def attest(
    registry: Registry,
    repository: str,
    image: str,
    predicate: Any,
    predicate_type: str = IMAGE_CONFIGURATION,
    *,
    subject: str | None = None,
) -> None:
    """Attests an image in the form of a bundle, which refers to it."""
    bundle = {"mediaType": BUNDLE, "dsseEnvelope": envelope(subject or image, predicate_type, predicate)}
    annotations = {"dev.sigstore.bundle.predicateType": predicate_type}
    registry.contents.attach(repository, image, BUNDLE, [(BUNDLE, json.dumps(bundle).encode())], annotations)


def attest_by_tag(registry: Registry, repository: str, image: str, *documents: tuple[str, bytes]) -> None:
    """Attests an image in cosign's older form: the layers of a tag, each with the type of its predicate and its bytes."""
    layers = [(ENVELOPE, body, {"predicateType": kind}) for kind, body in documents]
    registry.contents.push_tagged(repository, f"{image.replace(':', '-')}.att", layers)


def publish(
    registry: Registry,
    image: str,
    predicate: Any | None,
    updated_at: str,
    predicate_type: str = IMAGE_CONFIGURATION,
    by_tag: bool = True,
) -> str:
    """Publishes a build of an image with an attestation for linux/amd64, and moves the tag to it; returns its digest."""
    digest = registry.publish(image, created=updated_at, updated_at=Instant.parse(updated_at))
    repository = image.rpartition(":")[0]
    if predicate is not None:
        child = child_of(registry, repository, digest)
        if by_tag:
            document = json.dumps(envelope(child, predicate_type, predicate)).encode()
            attest_by_tag(registry, repository, child, (predicate_type, document))
        else:
            attest(registry, repository, child, predicate, predicate_type)
    return digest


def child_of(registry: Registry, repository: str, digest: str) -> str:
    """Returns the digest of the image for linux/amd64 in an index."""
    index = json.loads(registry.contents.manifests[repository, digest].body)
    found: str = next(each["digest"] for each in index["manifests"] if each["platform"]["architecture"] == "amd64")
    return found


def publish_incident(registry: Registry) -> None:
    """Publishes the builds of the incident in docs/how-to/find-what-broke.md: the third one has a renamed library."""
    old, new = (build["config"] for build in REAL["php-fpm"])
    for when, predicate in {
        "2026-08-16T02:00:00Z": old,
        "2026-08-17T14:00:00Z": old,
        "2026-08-17T18:00:00Z": new,
        "2026-08-17T22:00:00Z": new,
        "2026-08-18T03:00:00Z": new,
    }.items():
        publish(registry, "chainguard/php:latest-fpm", predicate, when)
