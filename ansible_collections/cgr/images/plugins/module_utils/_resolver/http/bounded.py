# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers of bounded size, whatever they claim: a limit for all bytes that are read of one, headers and framing included.

urllib3 and http.client read without a limit what precedes the body, a line of a chunk, and a chunk of negative size.
"""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any, BinaryIO

LARGEST_BODY = 2 * 1024 * 1024
PIECE = 64 * 1024

current = threading.local()
"""The limits for the answer that the thread reads.

`current.deadline` is when to stop, by `time.monotonic()`, in seconds; `current.limit` is how many bytes its body may have.
"""


class AnswerTooLarge(Exception):
    """An answer has more bytes than are ever read."""


class BoundedResponse(http.client.HTTPResponse):
    """An answer of which no more than twice the bytes of its body are read, and none after the deadline of the thread."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp: Any = _BoundedFile(self.fp)


class _BoundedFile:
    """The bytes of one answer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: Any = file
        self._left = 2 * int(getattr(current, "limit", LARGEST_BODY))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int | None = -1) -> bytes:
        """Reads so many bytes, or up to the end."""
        if size is not None and size < -1:
            raise http.client.HTTPException("a chunk of negative size")
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        found = bytearray()
        while len(found) < wanted:
            piece = self.read1(min(wanted - len(found), PIECE))
            if not piece:
                break
            found += piece
        return bytes(found)

    def read1(self, size: int = -1) -> bytes:
        """Reads what is there, and waits if nothing is."""
        if time.monotonic() >= getattr(current, "deadline", float("inf")):
            raise TimeoutError("timed out")
        return self._counted(self._file.read1(min(size, PIECE) if size >= 0 else PIECE))

    def readinto(self, buffer: Any) -> int:
        """Reads as many bytes as fit."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def readline(self, limit: int = -1) -> bytes:
        """Reads a line, or as much of it as the limit allows."""
        line = bytearray()
        limit = self._left + 1 if limit < 0 else min(limit, self._left + 1)
        while len(line) < limit and not line.endswith(b"\n"):
            ahead = self._peek()
            end = ahead.find(b"\n") + 1 or len(ahead)
            piece = self.read1(min(end, limit - len(line))) if ahead else b""
            if not piece:
                break
            line += piece
        return bytes(line)

    def _peek(self) -> bytes:
        if time.monotonic() >= getattr(current, "deadline", float("inf")):
            raise TimeoutError("timed out")
        ahead: bytes = self._file.peek(1)
        return ahead

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise AnswerTooLarge
        return piece
