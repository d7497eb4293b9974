# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Attestations: statements about an image, signed by its publisher.  Pure; nothing is verified here.

Sources: DSSE v1 (secure-systems-lab/dsse, envelope.md), in-toto attestation Statement v1, and the Sigstore bundle
(sigstore/protobuf-specs, `dsse_envelope`).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Mapping

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE_TYPE_ANNOTATIONS = ("predicateType", "dev.sigstore.bundle.predicateType")
"""The annotations that hold the type of the predicate: of a layer of an `.att` tag, and of a bundle that refers to an image."""


@dataclass(frozen=True)
class Attestation:
    """A statement about an image.

    Attributes:
        subject: the digest that it is about.
        predicate_type: the type of the predicate, a URI.
        predicate: the predicate, as JSON data.
        document: what was published: a DSSE envelope, or a Sigstore bundle.
        annotations: those of the layer that had the document; a signature of the older form is there.
        is_bundle: whether the document is a bundle.
    """

    subject: str
    predicate_type: str
    predicate: Any
    document: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_bundle: bool = False


def parse_attestation(document: bytes, subject: str, annotations: Mapping[str, str] | None = None) -> Attestation:
    """Reads a DSSE envelope, or a Sigstore bundle with one.

    Args:
        document: what was published.
        subject: the digest that it must be about.
        annotations: those of its layer.

    Raises:
        ValueError: it is something else, or about another image; the message is a predicate.
    """
    published = _parse_object(document, "is not JSON")
    bundled = published.get("dsseEnvelope")
    envelope = bundled if isinstance(bundled, Mapping) else published
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise ValueError("is not an envelope with an in-toto statement")
    try:
        payload = base64.b64decode(str(envelope.get("payload")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("has a payload that is not base64") from error
    statement = _parse_object(payload, "has a payload that is not JSON")
    if subject not in _subjects(statement):
        raise ValueError("is about another image")
    kind, predicate = str(statement.get("predicateType")), statement.get("predicate")
    return Attestation(subject, kind, predicate, document, dict(annotations or {}), isinstance(bundled, Mapping))


def _subjects(statement: Mapping[str, Any]) -> set[str]:
    listed = statement.get("subject")
    digests = [each.get("digest") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return {f"sha256:{digest.get('sha256')}" for digest in digests if isinstance(digest, Mapping)}


def _parse_object(content: bytes, otherwise: str) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(otherwise) from error
    if not isinstance(value, Mapping):
        raise ValueError(otherwise)
    return value
