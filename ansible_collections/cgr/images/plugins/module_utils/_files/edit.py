# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a file so that it is the old one or the new one at every moment, and nobody else's change is lost."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

from .._resolver.cache.private_files import FLAGS
from . import atomic

CHANGED_MEANWHILE = "was changed by another process meanwhile"


class NotWritten(Exception):
    """A file could not be read or written, and is as it was; the message goes on behind its name."""


@dataclass(frozen=True)
class Version:
    """Which version of a file was read: what it held, and what the file system says of it."""

    hashed: bytes
    stamp: tuple[int, ...]


def read(path: str) -> tuple[bytes, Version]:
    """Returns what a file holds, and its version.

    Raises:
        NotWritten: it cannot be read.
    """
    try:
        with open(os.open(path, os.O_RDONLY | FLAGS), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise NotWritten("is no longer a regular file")
            content = stream.read()
    except OSError as error:
        raise NotWritten(f"cannot be read: {error.strerror}") from error
    return content, Version(hashlib.sha256(content).digest(), _stamp(status))


def replace(path: str, content: bytes, version: Version) -> None:
    """Puts new content in the place of the version that was read; its mode and owner stay.

    Raises:
        NotWritten: another process changed it, or it cannot be written.
    """

    def last_look() -> None:
        if read(path)[1] != version:
            raise NotWritten(CHANGED_MEANWHILE)

    try:
        atomic.replace(path, content, last_look)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}") from error


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
