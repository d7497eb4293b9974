# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Signatures that were verified, in the caches for results."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ..model.signature import Signature
from ..model.signers import Signers
from ..settings import Settings
from ..signature.cosign import Cosign
from ..signature.trusted_root import TrustedRoots
from ..signature.verify import SignatureVerifier
from .cache import Cache, CacheEntry, Codec, MemoryCache

_CODEC = Codec(Signature.to_dict, Signature.from_dict)


@dataclass(eq=False, repr=False)
class SignatureCache:
    """Keeps verified signatures for the time of a run, and between runs.

    A key has all that the verification depends on: the digest, who may sign it, and the trusted root.

    Attributes:
        run_cache: keeps them for the time of a run.
        lasting_cache: keeps them between runs.
    """

    run_cache: Cache
    lasting_cache: Cache

    def get_or_verify(self, key: Mapping[str, Any], verify: Callable[[], Signature]) -> Signature:
        """Returns the signature that is kept for a key, or verifies one and keeps it."""

        def compute() -> CacheEntry:
            return CacheEntry(verify(), is_lasting=True)

        full = {"signed": dict(key)}
        entry = self.run_cache.get_or_set(full, lambda: self.lasting_cache.get_or_set(full, compute, _CODEC), _CODEC)
        signature: Signature = entry.value
        return signature


def make_verifier(settings: Settings, run_cache: Cache | None, lasting_cache: Cache) -> SignatureVerifier:
    """Returns the verifier for some settings, which keeps what it has verified."""
    cosign = Cosign(os.path.expanduser(settings.cosign) or "cosign", settings.environment, settings.timeout)
    roots = TrustedRoots(settings.trusted_root, cosign.create_root)
    verified = SignatureCache(run_cache or MemoryCache(), lasting_cache)
    return SignatureVerifier(settings.signers or Signers(), roots, cosign, verified)
