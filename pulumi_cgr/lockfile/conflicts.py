# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Lock files with git's conflict markers in them: reading both sides, and writing them."""

from __future__ import annotations

import re

from .._bridge import Entry, Lock, decode_lock, decode_lock_file, encode_entry, encode_lock, has_conflict
from ..resolver import InvalidLock
from .merge import Conflict, Merged, merge_locks

_MARKER = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?\n?")
_OURS, _BASE, _THEIRS, _OUTSIDE = b"<", b"|", b"=", b">"


def read_merged(path: str, content: bytes) -> Merged:
    """Reads a lock file, merging both sides where git left conflict markers in it.

    Args:
        path: the name of the file, for messages.
        content: its content.

    Raises:
        InvalidLock: the file, or a side of its conflicts, is not a valid lock.
    """
    if not has_conflict(content):
        return Merged(decode_lock_file(path, content))
    ours, theirs = split_sides(content)
    return merge_locks(Lock(), _decode_side(path, ours, "theirs"), _decode_side(path, theirs, "ours"))


def _decode_side(path: str, content: bytes, other: str) -> Lock:
    try:
        return decode_lock(content)
    except InvalidLock as error:
        raise InvalidLock(
            f"{path}: git left a conflict in it, and one side of it cannot be read: {error} Take the other side, for instance:"
            f" git checkout --{other} {path}"
        ) from error


def split_sides(content: bytes) -> tuple[bytes, bytes]:
    """Returns both sides of a text with conflict markers: ours, and theirs."""
    ours, theirs, where = bytearray(), bytearray(), _OUTSIDE
    for line in content.splitlines(keepends=True):
        if marker := _MARKER.fullmatch(line):
            where = marker[1][:1]
            continue
        if where in (_OURS, _OUTSIDE):
            ours += line
        if where in (_THEIRS, _OUTSIDE):
            theirs += line
    return bytes(ours), bytes(theirs)


def encode_merged(merged: Merged) -> bytes:
    """Returns the content of a lock file, with conflict markers around the entries that could not be merged.

    Each side is a lock file of its own, as is what remains when one side is taken for each conflict.
    """
    if not merged.conflicts:
        return encode_lock(merged.lock)
    entries: list[Entry | Conflict] = sorted([*merged.lock.entries, *merged.conflicts], key=lambda each: each.key)
    texts = [_text(entry, "" if number == len(entries) else ",") for number, entry in enumerate(entries, 1)]
    head, tail = encode_lock(Lock()).decode().split("[]")
    return f"{head}[\n{''.join(texts)}  ]{tail}".encode()


def mark_whole(ours: bytes, theirs: bytes) -> bytes:
    """Returns two texts as one conflict, for what cannot be merged because one of them is not a lock."""
    return b"<<<<<<< ours\n" + ours + b"=======\n" + theirs + b">>>>>>> theirs\n"


def _text(entry: Entry | Conflict, comma: str) -> str:
    if isinstance(entry, Entry):
        return f"{encode_entry(entry)[:-1]}{comma}\n"
    return f"<<<<<<< ours\n{_text(entry.ours, comma)}=======\n{_text(entry.theirs, comma)}>>>>>>> theirs\n"
