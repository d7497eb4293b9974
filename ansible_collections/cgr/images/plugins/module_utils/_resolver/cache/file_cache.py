# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A cache in a directory: one file for each query, under a lock that processes respect.

A file is written completely and then moved into its place, so it is never read half.  What is read is checked: a file that is
damaged, or belongs to another user or another query, is ignored and replaced.  A directory into which others may write is not
used at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import time
from pathlib import Path
from typing import Any, Iterator

from ..errors import CgrError, InvalidArgument, RegistryUnavailable, error_from_dict
from .cache import CacheEntry, CacheKey, Codec, Compute
from .file_lock import locked_file
from .private_files import read_own_file, why_not_private, write_own_file

VERSION = 1
LARGEST_FILE = 16 * 1024 * 1024
IMAGES_AT_A_TIME = 16


class FileCache:
    """A cache in a directory, which is created if it does not exist.

    Args:
        path: the directory.
        seconds: how long to wait for another process that resolves the same image.
        lasting_only: whether only what can never change is kept; otherwise everything, for the time of a run.

    Attributes:
        warning: why the directory is not used; empty text if it is.
    """

    warning = ""

    def __init__(self, path: str | Path, seconds: float, lasting_only: bool = False) -> None:
        self._path = Path(path)
        self._lasting_only = lasting_only
        self._seconds = seconds

    def get(self, key: CacheKey, codec: Codec) -> CacheEntry | None:
        """Returns the cached result, if there is one; waits for nobody."""
        known = self._read(self._file(key), key, codec) if self._is_private() else None
        return known if isinstance(known, CacheEntry) else None

    def get_or_set(self, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
        """Returns the cached result, or computes it; processes that ask for the same meanwhile wait for it.

        A failure is shared with them, and with those who ask for as long afterwards as it would take to repeat.

        Raises:
            InvalidArgument: the directory cannot be used.
            RegistryUnavailable: another process of this run has not resolved the same in time.
            CgrError: what computing raised, here or in the process that shares its failure.
        """
        if not self._is_private():
            return compute()
        file = self._file(key)
        known = self._read(file, key, codec)
        if isinstance(known, CacheEntry):
            return known
        began = time.monotonic()
        with self._locked(file, key):
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

    def _compute(self, file: str, key: CacheKey, compute: Compute, codec: Codec) -> CacheEntry:
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

    def _file(self, key: CacheKey) -> str:
        text = json.dumps(key, sort_keys=True)
        return str(self._path / f"{hashlib.sha256(text.encode()).hexdigest()}.json")

    def _is_private(self) -> bool:
        """Makes the directory, and returns whether nobody else can put files into it."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            reason = why_not_private(str(self._path))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its name holds a NUL"
            raise InvalidArgument(
                f"cache {str(self._path)!r} cannot be used: {why}. Name another folder, or none."
            ) from None
        self.warning = f"The cache {str(self._path)!r} is not used: {reason}." if reason else ""
        return reason is None

    def _read(self, file: str, key: CacheKey, codec: Codec) -> CacheEntry | dict[str, Any] | None:
        """Returns an entry, a failure, or `None`."""
        content = read_own_file(file, LARGEST_FILE)
        if content is None:
            return None
        try:
            kept = json.loads(content)
            if kept["version"] != VERSION or kept["key"] != key:
                return None
            if "failure" in kept:
                error_from_dict(kept["failure"]["error"])  # only what can be read is used
                return {"until": float(kept["failure"]["until"]), "error": kept["failure"]["error"]}
            return CacheEntry(codec.decode(kept["data"]), bool(kept["lasting"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            return None

    def _write(self, file: str, content: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # a full disk costs the next one a request, and nobody the answer
            write_own_file(file, json.dumps(content).encode())

    @contextlib.contextmanager
    def _locked(self, file: str, key: CacheKey) -> Iterator[None]:
        """Waits for another process that resolves the same. If the lock cannot be held, the lasting cache still answers."""
        stack = contextlib.ExitStack()
        try:
            stack.enter_context(locked_file(f"{os.path.splitext(file)[0]}.lock", self._seconds * _turns(key)))
        except TimeoutError:
            if not self._lasting_only:
                raise RegistryUnavailable(
                    f"another process of this run has been resolving the same for {self._seconds * _turns(key):g} s. Try again,"
                    " or raise 'timeout'."
                ) from None
        except OSError:
            pass  # a planted link or name: others may ask once more than needed
        with stack:
            yield


def _turns(key: CacheKey) -> int:
    """Returns how many times as long as a single image the images of a key may take."""
    return math.ceil(len(key.get("set", ())) / IMAGES_AT_A_TIME) + 1
