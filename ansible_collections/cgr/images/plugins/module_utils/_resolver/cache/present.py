# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The present of a run: one instant, as of which all queries of the run are resolved that follow a tag."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.instant import Instant
from .cache import Cache, CacheEntry, CacheKey, Codec

_KEY: CacheKey = {"present": "of the run"}
_CODEC = Codec(str, Instant.parse)


@dataclass(eq=False, repr=False)
class RunPresent:
    """The instant that a run takes for the present.  The first query that follows a tag sets it, unless it is given.

    Attributes:
        cache: the cache of the run, which all its processes share.
        given: the instant that the user takes for the present.
        name: what the user calls that instant.
    """

    cache: Cache
    given: Instant | None = None
    name: str = "at"

    def known(self) -> Instant | None:
        """Returns the instant; `None` if nothing has set it yet."""
        if self.given:
            return self.given
        entry = self.cache.get(_KEY, _CODEC)
        return entry.value if entry else None

    def set_once(self, instant: Instant) -> Instant:
        """Sets the instant, unless it is set already; returns the one that counts."""
        present: Instant = self.cache.get_or_set(_KEY, lambda: CacheEntry(instant), _CODEC).value
        return present
