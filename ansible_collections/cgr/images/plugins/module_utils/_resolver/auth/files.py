# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Files that hold credentials: read whole, in bounded time and size, whatever they are."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path
from typing import Mapping

from ..errors import BrokenCredentials
from .time_limit import seconds_to_wait

LARGEST_FILE = 8 * 1024 * 1024


def home_of(environment: Mapping[str, str]) -> Path | None:
    """Returns the home directory; `None` if neither the environment nor the system's list of users says it."""
    named = environment.get("HOME") or environment.get("USERPROFILE")
    try:
        return Path(named) if named else Path.home()
    except (RuntimeError, OSError, KeyError, ImportError):
        return None


def read_file(path: str | os.PathLike[str], deadline: float, what: str) -> str | None:
    """Reads a file; a pipe only as long as there is time left for the request.

    Args:
        path: the file.
        deadline: when to give up, by `time.monotonic()`, in seconds.
        what: what the file is called in messages.

    Returns:
        Its text; `None` if the file does not exist.

    Raises:
        BrokenCredentials: it cannot be read.
    """
    try:
        kind = os.stat(path)
        if stat.S_ISDIR(kind.st_mode):
            raise BrokenCredentials(f"{what} is a directory, not a file.")
        if stat.S_ISREG(kind.st_mode):
            content = _content(path)
        elif stat.S_ISFIFO(kind.st_mode):
            content = _piped(path, deadline, what)
        elif os.path.samefile(path, os.devnull):
            content = b""
        else:
            raise BrokenCredentials(f"{what} is a device or a socket, not a file.")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise BrokenCredentials(f"{what} {_why(path, error)}.") from None
    if len(content) > LARGEST_FILE:
        raise BrokenCredentials(f"{what} is larger than {LARGEST_FILE // 1024 // 1024} MiB, so it is not read.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BrokenCredentials(f"{what} is not text in UTF-8.") from None


def _content(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(LARGEST_FILE + 1)


def _piped(path: str | os.PathLike[str], deadline: float, what: str) -> bytes:
    found: list[bytes | OSError] = []

    def read() -> None:
        try:
            found.append(_content(path))
        except OSError as error:
            found.append(error)

    reader = threading.Thread(target=read, daemon=True, name="cgr-pipe")
    reader.start()
    reader.join(seconds_to_wait(deadline))
    if not found:
        raise BrokenCredentials(f"{what} is a pipe, and no program wrote to it in time.")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _why(path: str | os.PathLike[str], error: Exception) -> str:
    reason = f"cannot be read: {getattr(error, 'strerror', None) or 'no file can have this name'}"
    with contextlib.suppress(OSError, ValueError):
        owner = os.stat(path).st_uid
        if hasattr(os, "geteuid") and os.geteuid() != owner:
            return f"belongs to another user (uid {owner}) and {reason}"
    return reason
