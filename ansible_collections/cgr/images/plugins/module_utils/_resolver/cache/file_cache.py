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

from ..errors import CgrError, InvalidQuestion, of_word
from .cache import Ask, Check, Finding, Key

VERSION = 1


class Folder:
    """A memory in a folder, which is made where there is none.

    Args:
        path: the folder.
        lasting_only: whether only what can never change is kept; otherwise everything, for the time of a run.
    """

    def __init__(self, path: str | Path, lasting_only: bool = False) -> None:
        self._path = Path(path)
        self._lasting_only = lasting_only

    def recall(self, key: Key, ask: Ask, check: Check) -> Finding:
        """Returns what is known, or asks; processes that ask the same meanwhile wait, and share a failure, too.

        Raises:
            InvalidQuestion: the folder cannot be used.
        """
        file = self._file(key)
        known = self._read(file, key, check)
        if isinstance(known, Finding):
            return known
        began = time.monotonic()
        with self._locked(file):
            known = self._read(file, key, check)
            if isinstance(known, Finding):
                return known
            if known is not None and known["failed"] >= began:
                raise of_word(known["word"], known["message"])
            return self._ask(file, key, ask)

    def learn(self, key: Key, finding: Finding) -> None:
        """Keeps a finding, unless something is known already."""
        with contextlib.suppress(CgrError):
            self.recall(key, lambda: finding, lambda _data: None)

    def _ask(self, file: Path, key: Key, ask: Ask) -> Finding:
        try:
            finding = ask()
        except CgrError as error:
            if not self._lasting_only:  # of this run: those who wait right now need not try again
                failure = {"failed": time.monotonic(), "word": error.failed_because, "message": str(error)}
                self._write(file, {"version": VERSION, "key": key, "failure": failure})
            raise
        if finding.lasting or not self._lasting_only:
            self._write(file, {"version": VERSION, "key": key, "data": finding.data, "lasting": finding.lasting})
        return finding

    def _file(self, key: Key) -> Path:
        text = json.dumps(key, sort_keys=True)
        return self._path / f"{hashlib.sha256(text.encode()).hexdigest()}.json"

    def _read(self, file: Path, key: Key, check: Check) -> Finding | dict[str, Any] | None:
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
            check(kept["data"])
            return Finding(kept["data"], bool(kept["lasting"]))
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
            raise InvalidQuestion(
                f"cache {str(self._path)!r} cannot be used: {error.strerror}. Name another folder, or none."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
