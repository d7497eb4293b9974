# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A cache in a directory: one file for each query, under a lock that processes respect.

A file is written completely and then moved into its place, so it is never read half.  What is read is checked: a file that is
damaged, or belongs to another user or another query, is ignored and replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, Iterator

from ..errors import CgrError, InvalidArgument, error_from_dict
from .cache import CacheEntry, CacheKey, Codec, Compute

VERSION = 1


class FileCache:
    """A cache in a directory, which is created if it does not exist.

    Args:
        path: the directory.
        lasting_only: whether only what can never change is kept; otherwise everything, for the time of a run.
    """

    def __init__(self, path: str | Path, lasting_only: bool = False) -> None:
        self._path = Path(path)
        self._lasting_only = lasting_only

    def get(self, key: CacheKey, codec: Codec) -> CacheEntry | None:
        """Returns the cached result, if there is one; waits for nobody."""
        known = self._read(self._file(key), key, codec)
        return known if isinstance(known, CacheEntry) else None

    def get_or_set(self, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        """Returns the cached result, or computes it; processes that ask for the same meanwhile wait for it.

        A failure is shared with them, and with those who ask for as long afterwards as it would take to repeat.

        Raises:
            InvalidArgument: the directory cannot be used.
            CgrError: what computing raised, here or in the process that shares its failure.
        """
        file = self._file(key)
        known = self._read(file, key, codec)
        if isinstance(known, CacheEntry):
            return known
        began = time.monotonic()
        with self._locked(file):
            known = self._read(file, key, codec)
            if isinstance(known, CacheEntry):
                return known
            if known is not None and known["until"] >= began:
                raise error_from_dict(known["error"])
            return self._compute(file, key, compute, codec)

    def put(self, key: CacheKey, entry: CacheEntry, codec: Codec) -> None:
        """Caches a result, unless one is cached already."""
        with contextlib.suppress(CgrError):
            self.get_or_set(key, lambda: entry, codec)

    def _compute(self, file: Path, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        began = time.monotonic()
        try:
            entry = compute()
        except CgrError as error:
            if not self._lasting_only:
                now = time.monotonic()
                failure = {"until": now + (now - began), "error": error.to_dict()}
                self._write(file, {"version": VERSION, "key": key, "failure": failure})
            raise
        if entry.is_lasting or not self._lasting_only:
            self._write(
                file, {"version": VERSION, "key": key, "data": codec.encode(entry.value), "lasting": entry.is_lasting}
            )
        return entry

    def _file(self, key: CacheKey) -> Path:
        text = json.dumps(key, sort_keys=True)
        return self._path / f"{hashlib.sha256(text.encode()).hexdigest()}.json"

    def _read(self, file: Path, key: CacheKey, codec: Codec) -> CacheEntry | dict[str, Any] | None:
        """Returns an entry, a failure, or `None`."""
        try:
            with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as stream:
                if os.fstat(stream.fileno()).st_uid != os.getuid():
                    return None
                kept = json.load(stream)
            if kept["version"] != VERSION or kept["key"] != key:
                return None
            if "failure" in kept:
                error_from_dict(kept["failure"]["error"])  # only what can be read is used
                return {"until": float(kept["failure"]["until"]), "error": kept["failure"]["error"]}
            return CacheEntry(codec.decode(kept["data"]), bool(kept["lasting"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _write(self, file: Path, content: dict[str, Any]) -> None:
        partial = file.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):  # a full disk costs the next one a request, and nobody the answer
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
                json.dump(content, stream)
            os.replace(partial, file)

    @contextlib.contextmanager
    def _locked(self, file: Path) -> Iterator[None]:
        import fcntl  # there is none on Windows, where no controller runs

        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise InvalidArgument(
                f"cache {str(self._path)!r} cannot be used: {error.strerror}. Name another folder, or none."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
