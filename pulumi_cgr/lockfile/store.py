# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock file on disk: reading it, and changing it so that it is the old one or the new one at every moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from .._bridge import (
    Lock,
    encode_lock,
    has_conflict,
    lock_conflict_message,
    lock_folder,
    read_lock,
    remove_partial_file,
    replace_file,
)
from .._bridge import read_lock_content as read_content
from ..resolver import InvalidLock
from .conflicts import encode_merged, mark_whole, read_merged
from .merge import Conflict, Merged, merge_locks

Path = str | os.PathLike[str]


def read(path: Path) -> Merged:
    """Reads a lock file, merging both sides where git left conflict markers in it; an empty lock if it does not exist.

    Raises:
        InvalidLock: it cannot be read, or is not a valid lock.
    """
    return read_merged(os.fspath(path), read_content(path) or b"")


def change(path: Path, make: Callable[[Merged], Lock]) -> tuple[Lock, Lock]:
    """Changes a lock file, or creates it; what others change in it meanwhile is kept.

    Args:
        path: the file.
        make: returns the new lock for what the file contains; it may take long, because it does not hold the lock meanwhile.

    Returns:
        What the file contained, with our side of each conflict, and what it contains now.

    Raises:
        InvalidLock: the file is not a valid lock, or cannot be written, or others changed the same entries; it is unchanged.
    """
    name = os.fspath(path)
    content = read_content(path)
    base = read_merged(name, content or b"")
    made = make(base)
    target = os.path.realpath(path)
    try:
        with lock_folder(os.path.dirname(target)):
            there = read_content(path)
            now = made if there == content else _with_changes_of_others(name, base.lock, made, there or b"")
            remove_partial_file(target)
            if there is None or encode_lock(now) != there:
                replace_file(target, encode_lock(now))
    except OSError as error:
        raise InvalidLock(f"{name} cannot be written: {error.strerror or error}.") from error
    return base.with_ours(), now


def merge_files(base: Path, ours: Path, theirs: Path) -> tuple[Conflict, ...]:
    """Merges two changes of a lock file, as git's merge driver does with `%O %A %B`: the result replaces `ours`.

    What can be merged is merged.  Where an entry cannot, the result has git's conflict markers around both sides of it.

    Args:
        base: the file from which both were made; empty if it did not exist.
        ours: the file of our side.
        theirs: the file of the other side.

    Returns:
        The conflicts.

    Raises:
        InvalidLock: a file is missing, or is not a valid lock. If both sides exist, `ours` then is one conflict of both.
    """
    contents = [reject_missing(path) for path in (base, ours, theirs)]
    try:
        before = read_merged(os.fspath(base), contents[0]).lock
        _reject_emptied(before, contents[1:])
        left, right = (
            _without_conflict(path, content) for path, content in zip((ours, theirs), contents[1:], strict=True)
        )
    except InvalidLock:
        if not any(map(has_conflict, contents[1:])):
            _write(ours, mark_whole(*contents[1:]))
        raise
    merged = merge_locks(before, left, right)
    _write(ours, encode_merged(merged))
    return merged.conflicts


def _reject_emptied(before: Lock, sides: Sequence[bytes]) -> None:
    """Raises `InvalidLock` for a side that is an empty file, as an interrupted write leaves it: not a lock without entries."""
    for name, content in zip(("our side", "the other side"), sides, strict=True):
        if before.entries and not content.strip():
            raise InvalidLock(
                f"{name} of the lock file is empty, although both sides were made from one with entries. Restore it from git, or"
                " take the entries out on purpose: cgr-images lock --prune-all"
            )


def reject_conflicts(path: Path, merged: Merged) -> Lock:
    """Returns the lock of a file that has no conflicts.

    Raises:
        InvalidLock: git left conflict markers in it.
    """
    if merged.conflicts:
        raise InvalidLock(lock_conflict_message(path))
    return merged.lock


def reject_missing(path: Path) -> bytes:
    """Returns the content of a file.

    Raises:
        InvalidLock: it does not exist, or cannot be read.
    """
    content = read_content(path)
    if content is None:
        read_lock(path)  # raises the error that says so
    return content or b""


def _with_changes_of_others(name: str, base: Lock, made: Lock, there: bytes) -> Lock:
    merged = merge_locks(base, made, reject_conflicts(name, read_merged(name, there)))
    if merged.conflicts:
        raise InvalidLock(
            f"{name} was changed by another process meanwhile: {merged.conflicts[0]} Run the command again."
        )
    return merged.lock


def _without_conflict(path: Path, content: bytes) -> Lock:
    if has_conflict(content):
        raise InvalidLock(f"{os.fspath(path)}: git left a conflict in it before this merge. Resolve that one first.")
    return read_merged(os.fspath(path), content).lock


def _write(path: Path, content: bytes) -> None:
    target = os.path.realpath(path)
    try:
        with lock_folder(os.path.dirname(target)):
            replace_file(target, content)
    except OSError as error:
        raise InvalidLock(f"{os.fspath(path)} cannot be written: {error.strerror or error}.") from error
