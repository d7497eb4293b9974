# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving through the caches: that of this run, and the lasting one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Mapping, Sequence

from ..errors import CgrError
from ..history import clocks, selection
from ..model.build import CLOCK_TOLERANCE
from ..model.instant import Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..resolve import snapshot
from ..resolve.single import Lookup
from ..resolve.snapshot import OwnPresent, Progress
from .cache import Cache, CacheEntry, CacheKey, Codec, NullCache
from .present import RunPresent


@dataclass(eq=False, repr=False)
class CachingResolver:
    """Resolves what is in no cache.  Threads may share it.

    Attributes:
        lookup: resolves one image.
        registry_of: returns the URL of the registry that is asked for an image.
        run_cache: keeps results for the time of a run.
        lasting_cache: keeps results that can never change.
        concurrency: how many images of a set are resolved at the same time.
        present: the instant that all queries of a run take for the present; by default each query has its own.
    """

    lookup: Lookup
    registry_of: Callable[[Reference], str]
    run_cache: Cache
    lasting_cache: Cache
    concurrency: int
    present: RunPresent | None = None

    def resolve(self, query: Query) -> Resolution:
        """Resolves a query; raises the errors of `Lookup.resolve`, each with the image it is about."""

        def compute() -> CacheEntry:
            try:
                resolution = self._resolve(query)
            except CgrError as error:
                raise error.with_image(query.reference.image) from error.__cause__
            return CacheEntry(resolution, _is_lasting(resolution, self.lookup.clock(query.reference)))

        key = self._key(query)
        is_lasting = query.rule.at and not (
            query.rule.pullable or query.rule.check_mirror or query.rule.signed
        )  # all of them may change
        lasting = self.lasting_cache if is_lasting else NullCache()
        codec = _codec(query)
        entry = self.run_cache.get_or_set(key, lambda: lasting.get_or_set(key, compute, codec), codec)
        resolution: Resolution = self._with_cache_warnings(entry.value)
        return _with_stale_warning(resolution.for_query(query), query)

    def resolve_pinned(self, query: Query, digest: str) -> Resolution:
        """Resolves an image that is already pinned: only what its manifest says may have to be looked up."""
        if not query.rule.checks_build:
            return Resolution.of(query, digest, None, "already pinned in the image; nothing was looked up")
        try:
            return self.lookup.check(query, Resolution.of(query, digest, None, "already pinned in the image"))
        except CgrError as error:
            raise error.with_image(query.reference.image) from error.__cause__

    def _resolve(self, query: Query) -> Resolution:
        if self.present is None or query.is_fixed:
            return self.lookup.resolve(query)
        at, resolution = snapshot.resolve_at_present(query, self.lookup, self.present)
        return self._as_of(at, resolution)

    def _as_of(self, at: Instant | None, resolution: Resolution) -> Resolution:
        """Returns a resolution that says which instant was taken for the present, if its run has one."""
        if self.present is None or at is None:
            return resolution
        given = f"; {self.present.name} {at} was taken for the present" if self.present.given else ""
        return replace(resolution, present=at, reason=f"{resolution.reason}{given}")

    def resolve_snapshot(
        self, queries: Mapping[str, Query], progress: Progress
    ) -> tuple[Instant, dict[str, Resolution]]:
        """Resolves queries about the present as of one instant; raises the errors of `snapshot.resolve_snapshot`."""
        keys = {key: self._key(query) for key, query in queries.items()}

        def compute() -> CacheEntry:
            at, resolutions = snapshot.resolve_snapshot(
                queries, self.lookup, self.concurrency, progress, self.present or OwnPresent()
            )
            resolutions = {key: self._as_of(at, resolution) for key, resolution in resolutions.items()}
            for key, resolution in resolutions.items():
                self.run_cache.put(keys[key], CacheEntry(resolution), _codec(queries[key]))
            return CacheEntry((at, list(resolutions.values())))

        entry = self.run_cache.get_or_set({"set": list(keys.values())}, compute, _set_codec(list(queries.values())))
        at, resolutions = entry.value
        pairs = zip(queries.items(), resolutions)
        return at, {key: _with_stale_warning(resolution.for_query(query), query) for (key, query), resolution in pairs}

    def _with_cache_warnings(self, resolution: Resolution) -> Resolution:
        """Warns of a cache that is not used."""
        for cache in (self.run_cache, self.lasting_cache):
            warning = getattr(cache, "warning", None)
            resolution = resolution.with_warning(warning) if warning else resolution
        return resolution

    def _key(self, query: Query) -> CacheKey:
        asked = query.reference
        image = f"{asked.upstream}:{asked.tag}"
        key = {"registry": self.registry_of(asked), "image": image, "rule": query.rule.to_dict()}
        if query.rule.signed:
            key["signatures"] = self.lookup.signatures().settings_for(asked)
        given = self.present.given if self.present and not query.is_fixed else None
        return {**key, "present": str(given)} if given else key


def _codec(query: Query) -> Codec:
    return Codec(Resolution.to_dict, lambda data: Resolution.from_dict(query, data))


def _set_codec(queries: Sequence[Query]) -> Codec:
    def encode(value: tuple[Instant, list[Resolution]]) -> dict[str, Any]:
        at, resolutions = value
        return {"at": str(at), "resolutions": [resolution.to_dict() for resolution in resolutions]}

    def decode(data: Any) -> tuple[Instant, list[Resolution]]:
        if len(data["resolutions"]) != len(queries):
            raise ValueError("is not the whole set")
        pairs = zip(queries, data["resolutions"])
        return Instant.parse(data["at"]), [Resolution.from_dict(query, each) for query, each in pairs]

    return Codec(encode, decode)


def _is_lasting(resolution: Resolution, machine: Instant | None) -> bool:
    """Whether no other result can ever come: the instant passed long enough ago, by the registry's clock and this machine's."""
    at = resolution.at
    return bool(at and clocks.has_passed(at + CLOCK_TOLERANCE, resolution.now, machine))


def _with_stale_warning(resolution: Resolution, query: Query) -> Resolution:
    history, present = resolution.history, resolution.present
    builds = [b for b in history.builds if present is None or b.updated_at <= present] if history else []
    if history is None or not builds:
        return resolution
    is_newest = builds[-1].updated_at == resolution.updated_at
    warning = selection.stale_warning(builds[-1], is_newest, present or history.now, query.rule.stale_after)
    return resolution.with_warning(f"{resolution.image}: {warning}") if warning else resolution
