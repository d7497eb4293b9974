# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where a registry has the signatures of a digest: bundles that refer to it, and the tag `sha256-….sig`.

Only what can be a signature is fetched.  An answer other than "not there" is an error: an image is not unsigned because the
registry could not be asked.

Source: sigstore/cosign, "specs/BUNDLE_SPEC.md" and "specs/SIGNATURE_SPEC.md".
"""

from __future__ import annotations

from typing import Iterator, Mapping, NamedTuple

from ..errors import Gone
from ..model.manifest import Descriptor
from ..model.signature import BUNDLE, LEGACY
from ..registry.content import Content
from .candidates import SIGNATURE_TYPE, Candidate, Unusable, from_bundle, from_legacy

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PREDICATE_TYPE = "dev.sigstore.bundle.predicateType"
PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
LARGEST = 64 * 1024
MOST = 32
"""How many signatures of each kind are looked at, and how large each may be."""


class Found(NamedTuple):
    """Something in a place for signatures: a candidate, or why it is not one."""

    kind: str
    candidate: Candidate | Unusable


def find_candidates(content: Content, digest: str) -> Iterator[Found]:
    """Yields what the registry has, the bundles first; the tag is asked for only if nothing before was good.

    Args:
        content: the repository's content.
        digest: the digest that must be signed.

    Raises:
        CgrError: as `Content` does, for any answer other than that something is not there.
    """
    referring = [each for each in content.referrers(digest, BUNDLE_TYPE) if _may_sign(each.annotations)]
    for descriptor in referring[:MOST]:
        yield Found(BUNDLE, _bundle(content, descriptor, digest))
    manifest = content.tagged(f"{digest.replace(':', '-')}.sig")
    layers = [layer for layer in manifest.layers if layer.media_type == PAYLOAD_TYPE] if manifest else []
    for layer in layers[:MOST]:
        yield Found(LEGACY, _legacy(content, layer, digest))


def _bundle(content: Content, descriptor: Descriptor, digest: str) -> Candidate | Unusable:
    try:
        manifest = content.manifest(descriptor.digest, "the bundle")
        if manifest.subject != digest or not _may_sign(manifest.annotations) or len(manifest.layers) != 1:
            raise Unusable("it is attached to another digest, or is not a signature")
        return from_bundle(_blob(content, manifest.layers[0]), digest)
    except Gone:
        return Unusable("the registry lists it, but does not serve it")
    except Unusable as reason:
        return reason


def _legacy(content: Content, layer: Descriptor, digest: str) -> Candidate | Unusable:
    try:
        return from_legacy(_blob(content, layer), layer.annotations, digest)
    except Gone:
        return Unusable("the registry lists it, but does not serve it")
    except Unusable as reason:
        return reason


def _blob(content: Content, descriptor: Descriptor) -> bytes:
    if descriptor.size > LARGEST:
        raise Unusable(f"it is larger than {LARGEST // 1024} KiB")
    return content.blob(descriptor.digest, LARGEST)


def _may_sign(annotations: Mapping[str, str]) -> bool:
    """Whether annotations, as far as they say what is signed, are those of a signature and not of an attestation."""
    return annotations.get(PREDICATE_TYPE, SIGNATURE_TYPE) == SIGNATURE_TYPE
