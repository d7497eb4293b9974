# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates: signatures in the form in which cosign verifies them offline.  Pure: no I/O.

A candidate is made only of content that says that it signs the digest.  It is not verified here; but the bytes that are
checked here are the bytes that are verified.

Sources: sigstore/protobuf-specs, "Sigstore bundle"; sigstore/cosign, "specs/SIGNATURE_SPEC.md" and "specs/BUNDLE_SPEC.md".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Mapping

from ..model.instant import SECOND, Instant
from ..model.signature import BUNDLE, LEGACY
from .certificate import Named, named_in

SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"
LEGACY_TYPE = "cosign container image signature"
IN_TOTO = "application/vnd.in-toto+json"
BUNDLE_MEDIA_TYPE = re.compile(r"application/vnd\.dev\.sigstore\.bundle(?:\.v0\.[0-9]+\+json|\+json;version=0\.[0-9]+)")
LEGACY_SIGNATURE = "dev.cosignproject.cosign/signature"
LEGACY_CERTIFICATE = "dev.sigstore.cosign/certificate"
LEGACY_LOG_ENTRY = "dev.sigstore.cosign/bundle"
CERTIFICATE = "certificate (it may be signed with a key)"

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END CERTIFICATE-----\s*")
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Unusable(Exception):
    """Why something is not a candidate: the end of a sentence about it."""


@dataclass(frozen=True)
class Candidate:
    """A signature to verify.

    Attributes:
        kind: `bundle` or `legacy`.
        bundle: the Sigstore bundle, as JSON.
        payload: what is signed, if it is not in the bundle.
        named: whom its certificate names, if that can be read; it is not verified.
        logged: the time that its log entry gives.
        predicate_type: the type of the statement that is signed, if it is in the bundle.
    """

    kind: str
    bundle: bytes
    payload: bytes | None
    named: Named | None
    logged: Instant | None
    predicate_type: str = SIGNATURE_TYPE


def from_bundle(content: bytes, digest: str, predicate_type: str = SIGNATURE_TYPE) -> Candidate:
    """Makes a candidate of a Sigstore bundle.

    Args:
        content: the bundle, as the registry has it.
        digest: the digest that it must sign, with `sha256:`.
        predicate_type: the type that its statement must have.

    Raises:
        Unusable: it is malformed, or signs something else.
    """
    try:
        data = json.loads(content)
        media_type, material, envelope = data["mediaType"], data["verificationMaterial"], data["dsseEnvelope"]
        statement = json.loads(_decoded(envelope["payload"]))
        if not BUNDLE_MEDIA_TYPE.fullmatch(media_type):
            raise Unusable("it is not a Sigstore bundle of a known version")
        _reject_other_statement(envelope["payloadType"], statement, digest, predicate_type)
        certificate = _decoded(_certificate(material)["rawBytes"])
        (entry,) = material["tlogEntries"]
        logged = _instant(entry["integratedTime"]) if entry.get("inclusionPromise") else None
    except _MALFORMED:
        raise Unusable("it is not a Sigstore bundle with a certificate, a log entry and a statement") from None
    # Only what was looked at is passed on, so a name that is there twice has one meaning.
    bundle = {"mediaType": media_type, "verificationMaterial": material, "dsseEnvelope": envelope}
    return Candidate(BUNDLE, json.dumps(bundle).encode(), None, named_in(certificate), logged, predicate_type)


def from_legacy(payload: bytes, annotations: Mapping[str, str], digest: str) -> Candidate:
    """Makes a candidate of a layer of a tag `sha256-….sig`.

    The certificates of the annotation `dev.sigstore.cosign/chain` are not used: whoever pushed the layer chose them.

    Args:
        payload: the layer's content.
        annotations: its annotations.
        digest: the digest that it must sign, with `sha256:`.

    Raises:
        Unusable: it is malformed, lacks its certificate or log entry, or signs something else.
    """
    required = {LEGACY_SIGNATURE: "signature", LEGACY_CERTIFICATE: CERTIFICATE, LEGACY_LOG_ENTRY: "log entry"}
    _reject_missing(annotations, required)
    try:
        _reject_other_payload(json.loads(payload)["critical"], digest)
        signature = annotations[LEGACY_SIGNATURE]
        certificate = _certificate_of_pem(annotations[LEGACY_CERTIFICATE])
        entry, logged = _log_entry(json.loads(annotations[LEGACY_LOG_ENTRY]))
        _decoded(signature)
    except _MALFORMED:
        raise Unusable("its payload, certificate or log entry is malformed") from None
    hashed = {"algorithm": "SHA2_256", "digest": _encoded(hashlib.sha256(payload).digest())}
    signed = {"messageSignature": {"messageDigest": hashed, "signature": signature}}
    bundle = {**_legacy_bundle(certificate, entry), **signed}
    return Candidate(LEGACY, json.dumps(bundle).encode(), payload, named_in(certificate), logged)


def from_envelope(content: bytes, annotations: Mapping[str, str], digest: str, predicate_type: str) -> Candidate:
    """Makes a candidate of a layer of a tag `sha256-….att`: a DSSE envelope, whose certificate and log entry are annotations.

    Args:
        content: the layer's content.
        annotations: its annotations.
        digest: the digest that its statement must be about, with `sha256:`.
        predicate_type: the type that its statement must have.

    Raises:
        Unusable: it is malformed, lacks its certificate or log entry, or is about something else.
    """
    _reject_missing(annotations, {LEGACY_CERTIFICATE: CERTIFICATE, LEGACY_LOG_ENTRY: "log entry"})
    try:
        envelope = json.loads(content)
        envelope = {name: envelope[name] for name in ("payload", "payloadType", "signatures")}
        statement = json.loads(_decoded(envelope["payload"]))
        _reject_other_statement(envelope["payloadType"], statement, digest, predicate_type)
        certificate = _certificate_of_pem(annotations[LEGACY_CERTIFICATE])
        entry, logged = _log_entry(json.loads(annotations[LEGACY_LOG_ENTRY]))
    except _MALFORMED:
        raise Unusable("its envelope, certificate or log entry is malformed") from None
    bundle = {**_legacy_bundle(certificate, entry), "dsseEnvelope": envelope}
    return Candidate(LEGACY, json.dumps(bundle).encode(), None, named_in(certificate), logged, predicate_type)


def _reject_missing(annotations: Mapping[str, str], required: Mapping[str, str]) -> None:
    for name, meaning in required.items():
        if not annotations.get(name):
            raise Unusable(f"it has no {meaning}")


def _legacy_bundle(certificate: bytes, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a bundle of the version whose log entries have a promise only, without what is signed."""
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {
            "x509CertificateChain": {"certificates": [{"rawBytes": _encoded(certificate)}]},
            "tlogEntries": [entry],
        },
    }


def _reject_other_payload(critical: Mapping[str, Any], digest: str) -> None:
    if critical["image"]["docker-manifest-digest"] != digest:
        raise Unusable("it signs another digest")
    if critical["type"] not in (LEGACY_TYPE, SIGNATURE_TYPE):
        raise Unusable("it signs something other than an image")


def _reject_other_statement(
    payload_type: object, statement: Mapping[str, Any], digest: str, predicate_type: str
) -> None:
    if payload_type != IN_TOTO or statement["predicateType"] != predicate_type:
        is_signature = predicate_type == SIGNATURE_TYPE
        raise Unusable("it is an attestation, not a signature" if is_signature else "it states something else")
    if digest.partition(":")[2] not in [subject["digest"].get("sha256") for subject in statement["subject"]]:
        raise Unusable("it signs another digest")


def _certificate(material: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the signer's certificate, which comes first in a chain."""
    found: Mapping[str, Any] = (
        material["certificate"] if "certificate" in material else material["x509CertificateChain"]["certificates"][0]
    )
    return found


def _log_entry(kept: Mapping[str, Any]) -> tuple[dict[str, Any], Instant]:
    """Returns the entry of a log, as a bundle has it, and its time."""
    said, promise = kept["Payload"], kept["SignedEntryTimestamp"]
    body = json.loads(_decoded(said["body"]))
    for number in (said["integratedTime"], said["logIndex"]):
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError("is not a number")
    _decoded(promise)
    entry = {
        "logIndex": str(said["logIndex"]),
        "logId": {"keyId": _encoded(bytes.fromhex(said["logID"]))},
        "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
        "integratedTime": str(said["integratedTime"]),
        "inclusionPromise": {"signedEntryTimestamp": promise},
        "canonicalizedBody": said["body"],
    }
    return entry, _instant(said["integratedTime"])


def _certificate_of_pem(text: str) -> bytes:
    found = _PEM.fullmatch(text)
    if not found:
        raise ValueError("is not one certificate")
    return _decoded("".join(found.group(1).split()))


def _instant(seconds: object) -> Instant:
    return Instant(int(str(seconds)) * SECOND)


def _decoded(text: str) -> bytes:
    """Decodes Base64 that is written in its one form; anything else could mean two things."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is not Base64") from error
    if _encoded(content) != text:
        raise ValueError("is not in its one form")
    return content


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
