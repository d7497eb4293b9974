# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Files that nobody but this user can have written.

Windows has no owner and mode of this kind: there, what is in the user's own folders is the user's.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat

FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""How files are opened: no link is followed, nothing is waited for, and no byte is changed."""

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def why_not_private(directory: str) -> str | None:
    """Returns why others may have put files into a directory, or `None` if they cannot."""
    if not hasattr(os, "getuid"):
        return None
    found = os.stat(directory)
    if found.st_uid != os.getuid():
        return f"it belongs to another user (uid {found.st_uid})"
    if found.st_mode & WRITABLE_BY_OTHERS:
        return f"others may write into it (its mode is {stat.S_IMODE(found.st_mode):04o}; chmod go-w takes that away)"
    return None


def is_own_file(handle: int) -> bool:
    """Whether an open file is a regular one that only this user can write."""
    found = os.fstat(handle)
    is_own = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & WRITABLE_BY_OTHERS)
    return stat.S_ISREG(found.st_mode) and is_own


def read_own_file(path: str, largest: int) -> bytes | None:
    """Returns the content of a file; `None` if it does not exist, is a link, belongs to another user, or is too large."""
    try:
        if os.path.islink(path):
            return None
        with open(os.open(path, os.O_RDONLY | FLAGS), "rb") as stream:
            content = stream.read(largest + 1) if is_own_file(stream.fileno()) else b""
    except OSError:
        return None
    return content if content and len(content) <= largest else None


def write_own_file(path: str, content: bytes) -> None:
    """Puts a new file in the place of whatever has its name.

    Raises:
        OSError: it cannot be written.
    """
    partial = f"{path}.{secrets.token_hex(8)}.cgr-partial"
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS, 0o600), "wb") as stream:
            stream.write(content)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(partial)
