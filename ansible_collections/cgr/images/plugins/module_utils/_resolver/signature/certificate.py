# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whom a certificate of Sigstore names: read from its DER, without a library and without verifying anything.

This only says which identity to have verified, and whom an error message names.  Source: RFC 5280, section 4.1, and "Fulcio OID
information" of sigstore/fulcio (1.3.6.1.4.1.57264.1.8 is the issuer; .1.1 is the same as raw text, for older certificates).
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

_OID, _BOOLEAN, _OCTETS, _UTF8, _EXTENSIONS = 0x06, 0x01, 0x04, 0x0C, 0xA3
_EMAIL, _URI = 0x81, 0x86
_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_FULCIO = bytes.fromhex("2b0601040183bf3001")
_ISSUER, _ISSUER_AS_RAW_TEXT = _FULCIO + b"\x08", _FULCIO + b"\x01"


class Named(NamedTuple):
    """Whom a certificate names: the identity, and the issuer of that identity."""

    identity: str
    issuer: str


def named_in(certificate: bytes) -> Named | None:
    """Returns whom a certificate names; `None` if it does not name one identity and its issuer.

    Args:
        certificate: the certificate, as DER.
    """
    try:
        extensions = dict(_extensions(certificate))
        names = [name for tag, name in _elements(_inside(extensions[_ALTERNATIVE_NAME])) if tag in (_EMAIL, _URI)]
        (identity,) = names
        is_new = _ISSUER in extensions
        issuer = _inside(extensions[_ISSUER], _UTF8) if is_new else extensions[_ISSUER_AS_RAW_TEXT]
        return Named(identity.decode(), issuer.decode())
    except (ValueError, KeyError, IndexError):
        return None


def _extensions(certificate: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields the extensions of a certificate: the content of the object identifier, and the value."""
    (_tag, to_be_signed), *_signature = _elements(_inside(certificate))
    fields = dict(_elements(to_be_signed))
    for _tag, extension in _elements(_inside(fields[_EXTENSIONS])):
        parts = [part for part in _elements(extension) if part[0] != _BOOLEAN]
        (oid_tag, oid), (value_tag, value) = parts
        if (oid_tag, value_tag) != (_OID, _OCTETS):
            raise ValueError("is not an extension")
        yield oid, value


def _inside(content: bytes, wanted: int = 0x30) -> bytes:
    """Returns the content of the only element in some bytes, by default of a sequence."""
    ((tag, inner),) = _elements(content)
    if tag != wanted:
        raise ValueError("is something else")
    return inner


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields the elements that follow each other in some bytes: their tags and contents."""
    while content:
        tag, length, start = content[0], content[1], 2
        if length >= 0x80:
            start += length & 0x7F
            length = int.from_bytes(content[2:start], "big")
        if len(content) < start + length:
            raise ValueError("is cut")
        yield tag, content[start : start + length]
        content = content[start + length :]
