# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Merging two changes of a lock, entry by entry.  Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._bridge import Entry, Key, Lock


@dataclass(frozen=True)
class Conflict:
    """Two changes of one entry of which neither can be taken: each side rolled back from the other's pin, for instance.

    Attributes:
        ours: the entry of our side.
        theirs: the entry of the other side.
    """

    ours: Entry
    theirs: Entry

    @property
    def key(self) -> Key:
        """The image and the rule."""
        return self.ours.key

    @property
    def question(self) -> Entry:
        """The entry to update: our side's, without what either side rolled back from. Its own pin may be among that."""
        return _united(self.ours, None, self.ours, self.theirs)

    def __str__(self) -> str:
        return (
            f"{self.ours.image}: our side has {self.ours.digest} and the other side {self.theirs.digest}, and what one of them"
            " rolled back from contradicts the other."
        )


@dataclass(frozen=True)
class Merged:
    """The result of a merge.

    Attributes:
        lock: the entries that could be merged.
        conflicts: those that could not, in the order of their keys.
        had_markers: whether they were read from a file with git's conflict markers, which is to be written without them.
    """

    lock: Lock
    conflicts: tuple[Conflict, ...] = ()
    had_markers: bool = False

    def with_ours(self) -> Lock:
        """Returns the lock with our side of each conflict."""
        return self.lock.replaced(conflict.ours for conflict in self.conflicts)


def merge_locks(base: Lock, ours: Lock, theirs: Lock) -> Merged:
    """Merges two locks that were made from the same one.

    What one side changed is taken.  Where both sides changed a pin, the build to which the tag moved later is taken, and what
    either side rolled back from stays excluded.  An entry that one side removed and the other changed stays.

    Args:
        base: the lock from which both were made.
        ours: the lock of our side.
        theirs: the lock of the other side.
    """
    before, left, right = base.by_key, ours.by_key, theirs.by_key
    merged = [_merge_entries(before.get(key), left.get(key), right.get(key)) for key in {**left, **right}]
    conflicts = [each for each in merged if isinstance(each, Conflict)]
    return Merged(
        Lock.of(each for each in merged if isinstance(each, Entry)),
        tuple(sorted(conflicts, key=lambda conflict: conflict.key)),
    )


def _merge_entries(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Entry | Conflict | None:
    if ours == theirs or theirs == base:
        return ours
    if ours == base or ours is None:
        return theirs
    if theirs is None:
        return ours
    exclude = ours.exclude | theirs.exclude
    allowed = [entry for entry in (ours, theirs) if entry.index_digest not in exclude]
    if not allowed or ours.upstream != theirs.upstream:
        return Conflict(ours, theirs)
    chosen = max(allowed, key=lambda entry: (entry.updated_at, entry.digest))
    same = [entry for entry in allowed if (entry.digest, entry.updated_at) == (chosen.digest, chosen.updated_at)]
    whole = [entry for entry in same if entry.exclude == exclude]
    if not whole and chosen.rule.get("builds_back"):
        return Conflict(ours, theirs)  # without more builds, another one is that many builds back
    # At this instant the rule chooses the pin without anything that is excluded, so that a check finds the same.
    resolved = max(entry.resolved for entry in whole or same)
    return replace(_united(chosen, base, ours, theirs), resolved=resolved)


def _united(chosen: Entry, base: Entry | None, ours: Entry, theirs: Entry) -> Entry:
    before, left, right = (set(entry.used) if entry else set() for entry in (base, ours, theirs))
    used = (left & right) | (left - before) | (right - before)
    return replace(
        chosen,
        exclude=ours.exclude | theirs.exclude,
        used=tuple(sorted(used)),
        named=ours.named or theirs.named,
    )
