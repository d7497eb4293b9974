# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Signatures, good and bad: each case says what is in the registry, and whether the digest counts as signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from ansible_collections.cgr.images.plugins.module_utils._resolver.model.signers import PUBLIC_SIGNER
from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.candidates import (
    Candidate,
    Unusable,
    from_bundle,
    from_legacy,
)

from .sigstore import SIGNED_AT, SPDX, Sigstore, encoded, payload, statement

DIGEST = "sha256:" + 64 * "a"
OTHER_DIGEST = "sha256:" + 64 * "b"
IDENTITY, ISSUER = PUBLIC_SIGNER.identities[0], PUBLIC_SIGNER.issuer
LATE = SIGNED_AT + timedelta(hours=1)

Bundle = dict[str, Any]
Layer = tuple[bytes, Mapping[str, str]]


@dataclass(frozen=True)
class Case:
    """A signature in the registry.

    Attributes:
        name: the case.
        is_good: whether it is a valid signature of `DIGEST` by the signer of the public images.
        content: a bundle, or the content and annotations of a legacy layer.
    """

    name: str
    is_good: bool
    content: Bundle | Layer

    @property
    def candidate(self) -> Candidate | Unusable:
        """The candidate that the resolver makes of it, or why it makes none."""
        return candidate_of(self.content)


def candidate_of(content: Bundle | Layer) -> Candidate | Unusable:
    try:
        if isinstance(content, dict):
            return from_bundle(json.dumps(content).encode(), DIGEST)
        return from_legacy(*content, DIGEST)
    except Unusable as reason:
        return reason


Content = Callable[["Maker", "Maker"], "Bundle | Layer"]


def case(name: str, sigstore: Sigstore, stranger: Sigstore) -> Case:
    """Makes a case; `stranger` is a Sigstore that is not trusted."""
    is_good, content = _CASES[name]
    return Case(name, is_good, content(Maker(sigstore), Maker(stranger)))


_ENTRY = ("verificationMaterial", "tlogEntries", 0)
_SIGNATURE = "dev.cosignproject.cosign/signature"


@dataclass(frozen=True)
class Maker:
    """Makes signatures."""

    sigstore: Sigstore

    def bundle(self, **changes: Any) -> Bundle:
        said = statement(
            changes.pop("digest", DIGEST), changes.pop("predicate_type", "https://sigstore.dev/cosign/sign/v1")
        )
        logged = changes.pop("logged", None)
        return self.sigstore.bundle(self._signer(**changes), said, logged)

    def legacy(self, **changes: Any) -> Layer:
        content = payload(changes.pop("digest", DIGEST), changes.pop("kind", "cosign container image signature"))
        logged = changes.pop("logged", None)
        return content, self.sigstore.legacy(self._signer(**changes), content, logged)

    @cached_property
    def other_bundle(self) -> Bundle:
        return self.bundle()

    @cached_property
    def other_legacy(self) -> Layer:
        return self.legacy()

    def _signer(self, identity: str = IDENTITY, issuer: str = ISSUER, with_sct: bool = True) -> Any:
        return self.sigstore.signer(identity, issuer, with_sct=with_sct)


def edited(bundle: Bundle, *path: str | int, value: Any) -> Bundle:
    """Returns a bundle with another value at a path."""
    copy: Bundle = json.loads(json.dumps(bundle))
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


def _with_signature(bundle: Bundle, signatures: Any) -> Bundle:
    return edited(bundle, "dsseEnvelope", "signatures", value=signatures)


def _without(bundle: Bundle, name: str) -> Bundle:
    entry = {key: value for key, value in bundle["verificationMaterial"]["tlogEntries"][0].items() if key != name}
    return edited(bundle, "verificationMaterial", "tlogEntries", value=[entry])


def _replaced(layer: Layer, name: str, text: str) -> Layer:
    content, annotations = layer
    return content, {**annotations, name: text}


def _in_entry(layer: Layer, name: str, value: Any) -> Layer:
    entry = json.loads(layer[1]["dev.sigstore.cosign/bundle"])
    entry["Payload"][name] = value
    return _replaced(layer, "dev.sigstore.cosign/bundle", json.dumps(entry))


def flipped(text: str, position: int) -> str:
    """Returns Base64 text with one bit of its content changed."""
    content = bytearray(base64.b64decode(text))
    content[position % len(content)] ^= 1 << (position % 8)
    return encoded(bytes(content))


_CASES: dict[str, tuple[bool, Content]] = {
    "bundle": (True, lambda signer, _: signer.bundle()),
    "legacy": (True, lambda signer, _: signer.legacy()),
    "legacy, of the type that newer versions write": (True, lambda signer, _: signer.legacy(kind="https://sigstore.dev/cosign/sign/v1")),
    "bundle, another identity": (False, lambda signer, _: signer.bundle(identity=f"{IDENTITY}x")),
    "bundle, another issuer": (False, lambda signer, _: signer.bundle(issuer="https://issuer.example.com")),
    "bundle, another root": (False, lambda _, stranger: stranger.bundle()),
    "bundle, another digest": (False, lambda signer, _: signer.bundle(digest=OTHER_DIGEST)),
    "bundle, logged before the certificate was valid": (False, lambda signer, _: signer.bundle(logged=SIGNED_AT - timedelta(hours=1))),
    "bundle, logged after the certificate was valid": (False, lambda signer, _: signer.bundle(logged=LATE)),
    "bundle, no SCT": (False, lambda signer, _: signer.bundle(with_sct=False)),
    "bundle, unlogged": (False, lambda signer, _: edited(signer.bundle(), "verificationMaterial", "tlogEntries", value=[])),
    "bundle, no promise of the log": (False, lambda signer, _: _without(signer.bundle(), "inclusionPromise")),
    "bundle, tampered signature": (False, lambda signer, _: _with_signature(signer.bundle(), signer.other_bundle["dsseEnvelope"]["signatures"])),
    "bundle, tampered statement": (False, lambda signer, _: edited(signer.bundle(), "dsseEnvelope", "payload", value=encoded(statement(DIGEST, predicate={"a": 1})))),
    "bundle, tampered time": (False, lambda signer, _: edited(signer.bundle(), *_ENTRY, "integratedTime", value=str(int(SIGNED_AT.timestamp()) + 6))),
    "bundle, tampered index": (False, lambda signer, _: edited(signer.bundle(), *_ENTRY, "logIndex", value="77")),
    "bundle, another entry": (False, lambda signer, _: edited(signer.bundle(), *_ENTRY, value=signer.other_bundle["verificationMaterial"]["tlogEntries"][0])),
    "bundle, another certificate": (False, lambda signer, _: edited(signer.bundle(), "verificationMaterial", "certificate", value=signer.other_bundle["verificationMaterial"]["certificate"])),
    "an SPDX attestation instead of a signature": (False, lambda signer, _: signer.bundle(predicate_type=SPDX)),
    "legacy, another identity": (False, lambda signer, _: signer.legacy(identity=f"{IDENTITY}x")),
    "legacy, another issuer": (False, lambda signer, _: signer.legacy(issuer="https://issuer.example.com")),
    "legacy, another root": (False, lambda _, stranger: stranger.legacy()),
    "legacy, another digest": (False, lambda signer, _: signer.legacy(digest=OTHER_DIGEST)),
    "legacy, signs something other than an image": (False, lambda signer, _: signer.legacy(kind="a poem")),
    "legacy, logged after the certificate was valid": (False, lambda signer, _: signer.legacy(logged=LATE)),
    "legacy, no SCT": (False, lambda signer, _: signer.legacy(with_sct=False)),
    "legacy, unlogged": (False, lambda signer, _: _replaced(signer.legacy(), "dev.sigstore.cosign/bundle", "")),
    "legacy, tampered signature": (False, lambda signer, _: _replaced(signer.legacy(), _SIGNATURE, signer.other_legacy[1][_SIGNATURE])),
    "legacy, tampered payload": (False, lambda signer, _: (payload(DIGEST).replace(b"web", b"wep"), signer.legacy()[1])),
    "legacy, tampered time": (False, lambda signer, _: _in_entry(signer.legacy(), "integratedTime", int(SIGNED_AT.timestamp()) + 6)),
    "legacy, tampered index": (False, lambda signer, _: _in_entry(signer.legacy(), "logIndex", 77)),
    "legacy, another entry": (False, lambda signer, _: _replaced(signer.legacy(), "dev.sigstore.cosign/bundle", signer.other_legacy[1]["dev.sigstore.cosign/bundle"])),
    "legacy, another certificate": (False, lambda signer, _: _replaced(signer.legacy(), "dev.sigstore.cosign/certificate", signer.other_legacy[1]["dev.sigstore.cosign/certificate"])),
    "legacy, signed with a key": (False, lambda signer, _: _replaced(signer.legacy(), "dev.sigstore.cosign/certificate", "")),
    "legacy, a chain of a stranger beside it": (True, lambda signer, _: _replaced(signer.legacy(), "dev.sigstore.cosign/chain", "whatever")),
}  # fmt: skip
CASES = tuple(_CASES)
