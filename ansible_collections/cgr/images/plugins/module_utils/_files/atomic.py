# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Writing a file so that it is the old one or the new one at every moment, and one at a time."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import stat
from typing import Callable, Iterator

from .._resolver.cache.file_lock import locked_directory
from .._resolver.cache.private_files import FLAGS

LOCK_SECONDS = 60.0
_PARTIAL = ".cgr-partial"


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Holds the lock of a folder, against other threads and processes; waits for it.

    Raises:
        OSError: the folder does not exist or cannot be locked, or another process holds the lock for too long.
    """
    with locked_directory(folder, LOCK_SECONDS):
        yield


def replace(path: str, content: bytes, last_look: Callable[[], None] = lambda: None) -> None:
    """Replaces the content of a file, or creates it; keeps its mode and owner.

    Args:
        path: the file, which must not be a symbolic link.
        content: the new content.
        last_look: called right before the change; an exception that it raises stops the change.

    Raises:
        OSError: it cannot be written, is read-only, or is a device or the like.
    """
    before = os.stat(path, follow_symlinks=False) if os.path.lexists(path) else None
    if before and not stat.S_ISREG(before.st_mode):  # root would put a file in the place of /dev/null
        raise OSError(22, "it is not a regular file")
    if before and not os.access(path, os.W_OK):
        raise PermissionError(13, "it is read-only")
    folder, name = os.path.split(path)
    partial = os.path.join(folder, f".{name}.{secrets.token_hex(8)}{_PARTIAL}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS, 0o600 if before else 0o666)
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            if before:
                _take_over(stream.fileno(), partial, before)
            os.fsync(stream.fileno())
        last_look()
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)
    _settle(folder or ".")


def remove_partial(path: str) -> None:
    """Removes what a process that was killed left of `replace`; for use in `locked` only."""
    folder, name = os.path.split(path)
    for partial in glob.glob(os.path.join(glob.escape(folder), f".{glob.escape(name)}.*{_PARTIAL}")):
        with contextlib.suppress(OSError):
            os.unlink(partial)


def _take_over(handle: int, path: str, before: os.stat_result) -> None:
    made = os.fstat(handle)
    if hasattr(os, "fchown") and (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(handle, before.st_uid, before.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(handle, stat.S_IMODE(before.st_mode))
    else:  # Windows
        os.chmod(path, stat.S_IMODE(before.st_mode))


def _settle(folder: str) -> None:
    """Lets the new name outlive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
