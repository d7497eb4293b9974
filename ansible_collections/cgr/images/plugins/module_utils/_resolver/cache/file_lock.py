# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Locks between processes and threads, on every system, with a bound on the time to wait for one.

When a process ends, however it does, so does its lock; except on a system with neither fcntl nor msvcrt, where a file marks
the lock, and counts for nothing once it is old.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
from typing import Any, Iterator

from .private_files import FLAGS, is_own_file

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
ABANDONED_SECONDS = 600


@contextlib.contextmanager
def locked_file(path: str, seconds: float) -> Iterator[None]:
    """Holds the lock of a file, which is created if it does not exist.

    Raises:
        TimeoutError: another process holds it for that long.
        OSError: it cannot be made, or is a link, no file, or another user's.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | FLAGS, 0o600)
    try:
        if not is_own_file(handle):
            raise PermissionError(13, "it is not a file of this user")
        with _held(handle, path, seconds):
            yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked_directory(path: str, seconds: float) -> Iterator[None]:
    """Holds the lock of a directory: of itself, so that no further file lies about; on Windows of a temporary file.

    Raises:
        TimeoutError: another process holds it for that long.
        OSError: the directory does not exist or cannot be locked.
    """
    if fcntl is None:
        name = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        os.stat(path)
        with locked_file(os.path.join(tempfile.gettempdir(), f"cgr-images-{name}.lock"), seconds):
            yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        with _held(handle, path, seconds):
            yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _held(handle: int, path: str, seconds: float) -> Iterator[None]:
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not _take(handle, path):
        if time.monotonic() + pause > until:
            raise TimeoutError(110, f"another process has held the lock {path} for {seconds:g} s")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    try:
        yield
    finally:
        _release(handle, path)


def _take(handle: int, path: str) -> bool:
    """Takes a lock, if nobody holds it."""
    if fcntl is None:
        return _take_region(handle) if sys.platform == "win32" else _take_name(f"{path}.held")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _release(handle: int, path: str) -> None:
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_UN)
    elif sys.platform == "win32":
        msvcrt: Any = __import__("msvcrt")
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    else:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}.held")


def _take_region(handle: int) -> bool:
    msvcrt: Any = __import__("msvcrt")
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _take_name(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        with contextlib.suppress(OSError):
            if time.time() - os.stat(path, follow_symlinks=False).st_mtime > ABANDONED_SECONDS:
                os.unlink(path)
        return False
    return True
