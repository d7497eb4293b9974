# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Memories: where an answer is kept, so that the same question gets the same answer, and is asked once.

A memory maps a question's key to what was found, both as plain data.  Keys and findings hold no secret.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Protocol

CacheKey = Mapping[str, Any]
"""What is asked, as JSON data: the registry, the image and the rule; of a set, of each of its images."""


@dataclass(frozen=True)
class CacheEntry:
    """What was found: JSON data, and whether it can never become another."""

    data: Any
    lasting: bool = False


Compute = Callable[[], CacheEntry]
Validate = Callable[[Any], object]
"""Raises `ValueError`, `KeyError` or `TypeError` for data that is no finding about the question."""


class Cache(Protocol):
    """Something that remembers."""

    def get_or_set(self, key: CacheKey, compute: Compute, validate: Validate) -> CacheEntry:
        """Returns what is known, else what `ask` finds; others who want the same at that time wait for it."""

    def put(self, key: CacheKey, entry: CacheEntry) -> None:
        """Keeps a finding, unless something is known already."""


class NullCache:
    """The memory that keeps nothing: every question is asked."""

    def get_or_set(self, key: CacheKey, compute: Compute, validate: Validate) -> CacheEntry:
        """Asks."""
        return compute()

    def put(self, key: CacheKey, entry: CacheEntry) -> None:
        """Forgets."""


class MemoryCache:
    """A memory for one run of one process; its threads may share it.  A failure is not kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Future[CacheEntry]] = {}

    def get_or_set(self, key: CacheKey, compute: Compute, validate: Validate) -> CacheEntry:
        """Returns what is known, or asks; threads that ask the same meanwhile wait, and share a failure, too."""
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

    def put(self, key: CacheKey, entry: CacheEntry) -> None:
        """Keeps a finding, unless something is known already."""
        with self._lock:
            if (text := repr(sorted(key.items()))) not in self._known:
                future: Future[CacheEntry] = Future()
                future.set_result(entry)
                self._known[text] = future
