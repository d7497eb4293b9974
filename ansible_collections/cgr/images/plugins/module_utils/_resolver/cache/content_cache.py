# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes of digests, which never change, in the caches for results."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Callable

from ..model.grammar import is_digest
from .cache import Cache, CacheEntry, Codec


@dataclass(eq=False, repr=False)
class ContentCache:
    """Keeps the bytes of digests for the time of a run, and between runs.

    Attributes:
        run_cache: keeps them for the time of a run.
        lasting_cache: keeps them between runs.
    """

    run_cache: Cache
    lasting_cache: Cache

    def keep(self, name: str, fetch: Callable[[], bytes]) -> bytes:
        """Returns the bytes that are kept, or fetches them, which also checks them, and keeps them.

        Args:
            name: their digest; or another name of something that never changes, such as what was read of a digest.
            fetch: fetches them.
        """

        def compute() -> CacheEntry:
            return CacheEntry(fetch(), is_lasting=True)

        key, codec = {"content": name}, _codec(name)
        entry = self.run_cache.get_or_set(key, lambda: self.lasting_cache.get_or_set(key, compute, codec), codec)
        body: bytes = entry.value
        return body


def _codec(name: str) -> Codec:
    """Returns the codec for bytes, which checks those of a digest when it reads them from a cache."""
    algorithm, _colon, wanted = name.partition(":")

    def decode(text: str) -> bytes:
        body = base64.b64decode(text.encode("ascii"), validate=True)
        if is_digest(name) and hashlib.new(algorithm, body).hexdigest() != wanted:
            raise ValueError("has another digest")
        return body

    return Codec(lambda body: base64.b64encode(body).decode("ascii"), decode)
