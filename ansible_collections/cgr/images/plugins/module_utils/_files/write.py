# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a file so that it is the old one or the new one at every moment, and nobody else's change is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass

CHANGED_MEANWHILE = "was changed by somebody else meanwhile"


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
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise NotWritten("is no file any more")
            content = stream.read()
    except OSError as error:
        raise NotWritten(f"cannot be read: {error.strerror}") from error
    return content, Version(hashlib.sha256(content).digest(), _stamp(status))


def replace(path: str, content: bytes, version: Version) -> None:
    """Puts new content in the place of the version that was read; its mode and owner stay.

    Raises:
        NotWritten: somebody else changed it, or it cannot be written.
    """
    try:
        status = os.stat(path, follow_symlinks=False)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
        handle, partial = tempfile.mkstemp(".cgr-partial", f".{os.path.basename(path)}.", os.path.dirname(path))
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}") from error
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            _take_over(stream.fileno(), status)
            os.fsync(stream.fileno())
        if read(path)[1] != version:
            raise NotWritten(CHANGED_MEANWHILE)
        os.replace(partial, path)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)
    _settle(os.path.dirname(path))


def _take_over(handle: int, status: os.stat_result) -> None:
    made = os.fstat(handle)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(handle, status.st_uid, status.st_gid)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _settle(folder: str) -> None:
    """Lets the new name outlive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
