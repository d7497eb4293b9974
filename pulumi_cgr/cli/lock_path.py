# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which lock file a command uses."""

from __future__ import annotations

import os

from .._bridge import LOCK_FILE_NAME
from ..resolver import InvalidArgument
from .output import say


def lock_given(lock_file: str | None) -> str | None:
    """Returns the path of the lock file that is given, or that the environment names; nothing if neither does.

    Raises:
        InvalidArgument: it is standard input.
    """
    path = os.environ.get("CGR_LOCK") if lock_file is None else lock_file
    if path == "-":
        raise InvalidArgument(
            "--lock - is standard input, which cannot be a lock file. Name a file; ./- for one called -.", "lock"
        )
    return os.path.expanduser(path) if path else path


def lock_of(lock_file: str | None) -> str:
    """Returns the path of the lock file: the one given, or the nearest `cgr.lock.json` in this folder and those above it.

    The search ends at the root of the work tree, and takes place in a work tree only.
    """
    given = lock_given(lock_file)
    if given:
        return given
    found = _lock_above()
    if found is None or found == LOCK_FILE_NAME:
        return LOCK_FILE_NAME
    say(f"using the lock file {found}")
    return found


def find_lock(lock_file: str | None) -> str | None:
    """Returns the path of the lock file, as `lock_of` does; `None` if it does not exist."""
    path = lock_given(lock_file) or _lock_above() or LOCK_FILE_NAME
    return path if os.path.exists(path) else None


def _lock_above() -> str | None:
    folder, path = os.path.realpath(os.curdir), LOCK_FILE_NAME
    found = None
    while True:
        if found is None and os.path.exists(path):
            found = path
        if os.path.exists(os.path.join(folder, ".git")):
            return found
        if folder == os.path.dirname(folder):
            return None  # not a work tree
        folder, path = os.path.dirname(folder), os.path.join(os.pardir, path)
