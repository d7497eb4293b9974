# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Looking up what is not remembered: an answer of this run, or one that can never change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from ..errors import CgrError
from ..history import selection
from ..history.reader import CLOCK_TOLERANCE
from ..model.instant import Instant
from ..model.query import Query
from ..model.resolution import Resolution
from ..registry.tag_history import base_url
from ..resolve import snapshot
from ..resolve.single import Lookup
from ..resolve.snapshot import Progress
from .cache import Cache, CacheEntry, CacheKey, NullCache


@dataclass(frozen=True)
class CachingResolver:
    """Looks up what is not remembered.  Threads may share it.

    Attributes:
        lookup: looks one image up.
        memory: where answers are kept for the time of a run.
        cache: where those are kept that can never change.
        concurrency: how many images of a set are looked up at the same time.
    """

    lookup: Lookup
    run_cache: Cache
    cache: Cache
    concurrency: int

    def resolve(self, query: Query) -> Resolution:
        """Answers a question; raises what `Lookup.answer` does, with the image at the beginning of the sentence."""

        def compute() -> CacheEntry:
            try:
                resolution = self.lookup.resolve(query)
            except CgrError as error:
                raise error.about(query.reference.image) from error.__cause__
            return CacheEntry(resolution.to_dict(), _is_lasting(resolution))

        key = self._key(query)
        cache = self.cache if query.at else NullCache()

        def read(data: Any) -> Resolution:
            return Resolution.from_dict(query, data)

        entry = self.run_cache.get_or_set(key, lambda: cache.get_or_set(key, compute, read), read)
        return _with_stale(read(entry.data), query)

    def resolve_snapshot(
        self, queries: Mapping[str, Query], progress: Progress
    ) -> tuple[Instant, dict[str, Resolution]]:
        """Answers questions about the present, all at one instant; raises what `snapshot.resolve_snapshot` does."""
        keys = {key: self._key(query) for key, query in queries.items()}

        def compute() -> CacheEntry:
            at, resolutions = snapshot.resolve_snapshot(queries, self.lookup, self.concurrency, progress)
            records = [resolution.to_dict() for resolution in resolutions.values()]
            for key, record in zip(resolutions, records):
                self.run_cache.put(keys[key], CacheEntry(record))
            return CacheEntry({"at": str(at), "answers": records})

        def read(data: Any) -> tuple[Instant, dict[str, Resolution]]:
            pairs = zip(queries.items(), data["answers"])
            resolutions = {
                key: _with_stale(Resolution.from_dict(query, record), query) for (key, query), record in pairs
            }
            if len(resolutions) < len(queries):
                raise ValueError("is not the whole set")
            return Instant.parse(data["at"]), resolutions

        return read(self.run_cache.get_or_set({"set": list(keys.values())}, compute, read).data)

    def _key(self, query: Query) -> CacheKey:
        asked = query.reference
        base = base_url(asked, self.lookup.registry)
        return {"registry": base, "image": f"{asked.upstream}:{asked.tag}", "rule": query.rule()}


def _is_lasting(resolution: Resolution) -> bool:
    """Whether no other answer can ever come: the instant passed long enough ago by the registry's clock."""
    return bool(resolution.at and resolution.now and resolution.now > resolution.at + CLOCK_TOLERANCE)


def _with_stale(resolution: Resolution, query: Query) -> Resolution:
    if not resolution.history or not resolution.updated_at:
        return resolution
    newest = resolution.history[-1]
    warning = selection.stale(newest, newest.updated_at == resolution.updated_at, resolution.now, query.stale_after)
    if warning is None:
        return resolution
    return replace(resolution, warnings=(*resolution.warnings, f"{resolution.image}: {warning}"))
