# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A memory in a folder: one file for each question, under a lock that processes respect.

A file is written whole and then moved into its place, so it is never read half.  What is read is checked: a file that is
broken, or belongs to somebody else or to another question, counts as none and is replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any, Iterator

from ..errors import CgrError, InvalidArgument, error_from_code
from .cache import CacheEntry, CacheKey, Compute, Validate

VERSION = 1


class FileCache:
    """A memory in a folder, which is made where there is none.

    Args:
        path: the folder.
        lasting_only: whether only what can never change is kept; otherwise everything, for the time of a run.
    """

    def __init__(self, path: str | Path, lasting_only: bool = False) -> None:
        self._path = Path(path)
        self._lasting_only = lasting_only

    def get_or_set(self, key: CacheKey, compute: Compute, validate: Validate) -> CacheEntry:
        """Returns what is known, or asks; processes that ask the same meanwhile wait, and share a failure, too.

        Raises:
            InvalidArgument: the folder cannot be used.
        """
        file = self._file(key)
        known = self._read(file, key, validate)
        if isinstance(known, CacheEntry):
            return known
        began = time.monotonic()
        with self._locked(file):
            known = self._read(file, key, validate)
            if isinstance(known, CacheEntry):
                return known
            if known is not None and known["failed"] >= began:
                raise error_from_code(known["word"], known["message"])
            return self._compute(file, key, compute)

    def put(self, key: CacheKey, entry: CacheEntry) -> None:
        """Keeps a finding, unless something is known already."""
        with contextlib.suppress(CgrError):
            self.get_or_set(key, lambda: entry, lambda _data: None)

    def _compute(self, file: Path, key: CacheKey, compute: Compute) -> CacheEntry:
        try:
            entry = compute()
        except CgrError as error:
            if not self._lasting_only:  # of this run: those who wait right now need not try again
                failure = {"failed": time.monotonic(), "word": error.error_code, "message": str(error)}
                self._write(file, {"version": VERSION, "key": key, "failure": failure})
            raise
        if entry.lasting or not self._lasting_only:
            self._write(file, {"version": VERSION, "key": key, "data": entry.data, "lasting": entry.lasting})
        return entry

    def _file(self, key: CacheKey) -> Path:
        text = json.dumps(key, sort_keys=True)
        return self._path / f"{hashlib.sha256(text.encode()).hexdigest()}.json"

    def _read(self, file: Path, key: CacheKey, validate: Validate) -> CacheEntry | dict[str, Any] | None:
        """Returns a finding, a failure, or nothing."""
        try:
            with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), encoding="utf-8") as stream:
                if os.fstat(stream.fileno()).st_uid != os.getuid():
                    return None
                kept = json.load(stream)
            if kept["version"] != VERSION or kept["key"] != key:
                return None
            if "failure" in kept:
                return {
                    "failed": float(kept["failure"]["failed"]),
                    **{n: kept["failure"][n] for n in ("word", "message")},
                }
            validate(kept["data"])
            return CacheEntry(kept["data"], bool(kept["lasting"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
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
