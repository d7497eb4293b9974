# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Signatures that were verified, in the caches for results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping

from ..model.signature import Signature
from .cache import Cache, CacheEntry, Codec

_CODEC = Codec(Signature.to_dict, Signature.from_dict)


@dataclass(frozen=True)
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
