# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which entries of a lock are used: the one definition for updates, pruning and checks.  Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .._bridge import Entry, Key, Lock, Query, lock_key, parse_ref

STDIN = "-"
"""The name of standard input, which cannot be looked into again and is never recorded."""


@dataclass(frozen=True)
class Use:
    """An image in a file.

    Attributes:
        file: the file, as the lock names it: relative to the folder of the lock file, with `/`.
        line: the line, counted from 1.
        query: the image and the rule that applies to it.
        digest: the digest to which it is pinned in the file, if the image of the query does not contain it.
        is_program: whether a program or playbook resolves the image itself, so that no digest is written there.
        path: the file as messages name it; empty if that is `file`.
    """

    file: str
    line: int
    query: Query
    digest: str | None = None
    is_program: bool = False
    path: str = ""

    @property
    def shown(self) -> str:
        """The file as messages name it."""
        return self.path or self.file

    @property
    def pinned_to(self) -> str | None:
        """The digest to which the image is pinned in the file."""
        return self.digest or self.query.reference.digest


@dataclass(frozen=True)
class FileUses:
    """The images in files.

    Attributes:
        uses: the images.
        looked_at: the files that were looked at, and those that no longer exist: what does not use an entry any more.
    """

    uses: tuple[Use, ...] = ()
    looked_at: frozenset[str] = frozenset()

    @property
    def told(self) -> frozenset[str]:
        """The files of which all uses are known."""
        return self.looked_at | {use.file for use in self.uses}


def entries_for(lock: Lock, image: str, file: str, digest: str | None = None) -> list[Entry]:
    """Returns the entries that an image in a file may mean, where no rule is given.

    If the lock has several rules for the image, the entries are those with the file's digest, or else those that the file used
    before, or else all.

    Args:
        lock: the lock.
        image: the image with its tag, without a digest.
        file: the file; see `Use`.
        digest: the digest to which it is pinned there, if it is.
    """
    found = [entry for entry in lock.entries if entry.image == image]
    found = [entry for entry in found if entry.digest == digest] or found
    return [entry for entry in found if file in entry.used] or found


def keys_of(lock: Lock, use: Use) -> list[Key]:
    """Returns the keys of the entries that an image in a file uses.

    One that is pinned by its digest alone uses the entries with this digest, or those that the file used before.
    """
    reference = use.query.reference
    if reference.tag is not None:
        return [lock_key(use.query)]
    same = [entry for entry in lock.entries if parse_ref(entry.image).repository == reference.repository]
    exact = [entry.key for entry in same if entry.digest == use.pinned_to]
    return exact or [entry.key for entry in same if use.file in entry.used]


def files_by_key(lock: Lock, uses: Iterable[Use]) -> dict[Key, set[str]]:
    """Returns the files that use each entry."""
    found: dict[Key, set[str]] = {}
    for use in uses:
        for key in keys_of(lock, use):
            found.setdefault(key, set()).add(use.file)
    return found


def with_uses(lock: Lock, files: FileUses, before: Lock) -> Lock:
    """Returns a lock in which `used` is what files say; what they do not tell of stays.

    Args:
        lock: the lock.
        files: the files.
        before: the lock before this update, which has the digests that the files have.
    """
    recorded = [use for use in files.uses if use.file != STDIN]
    now = [files_by_key(each, recorded) for each in (lock, before)]
    entries = []
    for entry in lock.entries:
        used = set(entry.used) - files.told
        for found in now:
            used |= found.get(entry.key, set())
        entries.append(replace(entry, used=tuple(sorted(used))))
    return lock.replaced(entries)


def unused_entries(lock: Lock, files: FileUses) -> list[Entry]:
    """Returns the entries that files used and use no longer.

    An entry that the user named is never among them: a program or playbook may deploy it.
    """
    found = files_by_key(lock, files.uses)
    return [
        entry
        for entry in lock.entries
        if not entry.named and entry.key not in found and not set(entry.used) - files.told
    ]
