# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Support for the tests of checks: images, their histories, and a resolver without a registry."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from pulumi_cgr.resolver import MemoryCache, NotSigned, Resolver, Signature
from pulumi_cgr.testing import Registry

from ..support.moves import days_ago

A, B, C, D, E, OLD, FORGED = ("sha256:" + 64 * letter for letter in "abcde0f")
WEB, WEB2, DB = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/web:2", "cgr.dev/chainguard/db:1"
SIGNERS = "https://signer.example.com"
LONG_AGO, LATELY = days_ago(8), days_ago(4)
HISTORIES = {
    image: [
        {"updateTimestamp": days_ago(days), "digest": digest}
        for days, digest in ((30, E), (20, D), (9, A), (6, B), (2, C))
    ]
    for image in ("chainguard/web:1", "chainguard/web:2", "chainguard/db:1")
}

Arguments = dict[str, Any]

# Everything a registry can be asked here is asked once, so examples cost nothing.
quickly = settings(deadline=None, max_examples=100)


OFFLINE = Resolver(registry="http://127.0.0.1:9", timeout=0.05, environment={}, run_cache=MemoryCache())
"""Its requests fail, and each of them once."""


def sticky(arguments: Arguments) -> bool:
    return "at" in arguments or "triggers" in arguments


class Verifier(Resolver):
    """A resolver for which some digests are signed, in place of cosign, which takes long to start."""

    signed_digests: frozenset[str] = frozenset()

    def verify(self, image: str, digest: str | None = None) -> Signature:
        if digest not in self.signed_digests:
            raise NotSigned(f"the registry has no signature of {digest}.", image=image)
        return Signature(f"{SIGNERS}/{image}", "https://issuer.example.com", None, "bundle")


def verifier(registry: Registry, *signed: str) -> Verifier:
    """A resolver of another run, which has read nothing yet, for which these digests are signed."""
    made = Verifier(registry_url=registry.url, environment={})
    made.signed_digests = frozenset(signed)
    return made
