# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Caches: the same query gets the same result within a run, and is resolved once.

A cache maps the key of a query to its result.  Keys and results contain no secrets.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Mapping, NamedTuple, Protocol

CacheKey = Mapping[str, Any]
"""The query, as JSON data: the registry, the image and the rule; for a set, those of each of its images."""


@dataclass(frozen=True)
class CacheEntry:
    """A result, and whether it can never change."""

    value: Any
    is_lasting: bool = False


class Codec(NamedTuple):
    """How a result becomes JSON data, for a cache that keeps it in a file.

    Attributes:
        encode: returns the JSON data of a result.
        decode: returns the result again; raises `ValueError`, `KeyError` or `TypeError` for data that is not one.
    """

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


Compute = Callable[[], CacheEntry]


class Cache(Protocol):
    """A cache; threads may share it."""

    def get(self, key: CacheKey, codec: Codec) -> CacheEntry | None:
        """Returns the cached result, if there is one; waits for nobody."""

    def get_or_set(self, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        """Returns the cached result, or computes it; others who ask for the same meanwhile wait for it."""

    def put(self, key: CacheKey, entry: CacheEntry, codec: Codec) -> None:
        """Caches a result, unless one is cached already."""


class NullCache:
    """A cache that keeps nothing: every query is resolved."""

    def get(self, key: CacheKey, codec: Codec) -> CacheEntry | None:
        """Returns `None`."""
        return None

    def get_or_set(self, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        """Computes the result."""
        return compute()

    def put(self, key: CacheKey, entry: CacheEntry, codec: Codec) -> None:
        """Does nothing."""


class MemoryCache:
    """A cache for one run of one process.  Failures are not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Future[CacheEntry]] = {}

    def get(self, key: CacheKey, codec: Codec) -> CacheEntry | None:
        """Returns the cached result, if there is one."""
        with self._lock:
            future = self._known.get(repr(sorted(key.items())))
        return future.result() if future and future.done() and not future.exception() else None

    def get_or_set(self, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        """Returns the cached result, or computes it; threads that ask for the same meanwhile wait, and share a failure."""
        text = repr(sorted(key.items()))
        with self._lock:
            future, is_first = self._known.get(text), False
            if future is None:
                future = self._known[text] = Future()
                is_first = True
        if is_first:
            try:
                future.set_result(compute())
            except BaseException as error:  # noqa: BLE001  (it is raised again below, here and in those who wait)
                with self._lock:
                    del self._known[text]
                future.set_exception(error)
        return future.result()

    def put(self, key: CacheKey, entry: CacheEntry, codec: Codec) -> None:
        """Caches a result, unless one is cached already."""
        with self._lock:
            if (text := repr(sorted(key.items()))) not in self._known:
                future: Future[CacheEntry] = Future()
                future.set_result(entry)
                self._known[text] = future
