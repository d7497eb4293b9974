# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Signers: which identities may sign the images of which repositories.

Issuers and identities are compared exactly.  A pattern would be easy to write too wide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ..errors import InvalidArgument
from ..redaction import redact
from .grammar import REGISTRY, is_loopback, is_place

SignersLike = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Signer:
    """Who may sign.

    Attributes:
        issuer: the issuer of the OIDC token with which the certificate was requested, a URL.
        identities: the names that the certificate may have.
    """

    issuer: str
    identities: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Returns it as JSON data, as a user writes it."""
        return {"issuer": self.issuer, "identities": list(self.identities)}


# Source: Chainguard Academy, "Verifying Chainguard Containers and metadata signatures with Cosign".
PUBLIC_PREFIX = f"{REGISTRY}/chainguard"
PUBLIC_SIGNER = Signer(
    "https://token.actions.githubusercontent.com",
    ("https://github.com/chainguard-images/images/.github/workflows/release.yaml@refs/heads/main",),
)


@dataclass(frozen=True)
class Signers:
    """Prefixes of repositories on cgr.dev, and who signs the images below them; the longest prefixes first."""

    pairs: tuple[tuple[str, Signer], ...] = ((PUBLIC_PREFIX, PUBLIC_SIGNER),)

    @classmethod
    def of(cls, value: SignersLike | str) -> Signers:
        """Reads signers; the public images of Chainguard have theirs already.

        Args:
            value: a mapping `{"cgr.dev/acme.com": {"issuer": "https://…", "identities": ["https://…"]}}`, or the same as
                JSON text.

        Raises:
            InvalidArgument: it is something else; the message says what.
        """
        pairs = dict(cls().pairs)
        pairs.update(_pairs(value))
        return cls(tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair[0]))))

    def of_repository(self, repository: str) -> Signer | None:
        """Returns who signs the images of a repository on cgr.dev.  The longest prefix wins."""
        return next((signer for prefix, signer in self.pairs if f"{repository}/".startswith(f"{prefix}/")), None)


def _pairs(value: SignersLike | str) -> Iterator[tuple[str, Signer]]:
    for prefix, signer in _mapping(value).items():
        place = str(prefix).strip().rstrip("/")
        host = place.partition("/")[0]
        if not is_place(place) or not (host == REGISTRY or is_loopback(host)):
            raise InvalidArgument(
                f"signers: {redact(prefix)} is not a name on {REGISTRY}: write {REGISTRY}/ORG, or {REGISTRY}/ORG/IMAGE.",
                "signers",
            )
        yield place, _signer(place, signer)


def _mapping(value: SignersLike | str) -> Mapping[str, Any]:
    found: Any = value
    if isinstance(value, str):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidArgument(f"signers {redact(value)} is not JSON: {error}.", "signers") from error
    if not isinstance(found, Mapping):
        raise InvalidArgument(
            f"signers {redact(value)} is not a mapping: write the prefix of repositories, and below it issuer and identities.",
            "signers",
        )
    return found


def _signer(place: str, value: Any) -> Signer:
    if not isinstance(value, Mapping) or set(value) != {"issuer", "identities"}:
        raise InvalidArgument(
            f"signers: {place} must have issuer and identities, and nothing else, not {redact(value)}.", "signers"
        )
    identities = value["identities"]
    listed = [identities] if isinstance(identities, str) else identities
    if not isinstance(listed, (list, tuple)) or not listed:
        raise InvalidArgument(f"signers: identities of {place} is not a list of names: {redact(listed)}.", "signers")
    for text in (value["issuer"], *listed):
        if not isinstance(text, str) or not text or not all("!" <= character <= "~" for character in text):
            raise InvalidArgument(
                f"signers: {redact(text)}, for {place}, is not the text of an issuer or an identity: it is compared exactly, so"
                " write it as the certificate has it, usually a URL.",
                "signers",
            )
    return Signer(value["issuer"], tuple(listed))
