# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Going back to an earlier build in a lock."""

from __future__ import annotations

from dataclasses import replace

from .._bridge import Entry, Lock, Query, lock_command, lock_key, reject_other_upstream, without_digest
from ..resolver import BeforeFirstBuild, InvalidRule, NoBuildFits, NotLocked, Resolver
from .merge import Merged
from .store import Path, change, reject_conflicts
from .update import Change, changes_of


def rollback(path: Path, resolver: Resolver, query: Query, builds: int = 1) -> Change:
    """Goes back to an earlier build, and excludes the bad ones permanently.

    Each step excludes the locked digest and takes what the rule chose without it at the instant of the resolution.  So the bad
    digest never returns, not by a later update either, and the program that deploys stays as it is.

    Args:
        path: the lock file.
        resolver: resolves the images.
        query: the image and the rule, which must be in the lock.
        builds: how many builds to go back, at least 1.

    Raises:
        NotLocked: the lock does not contain the image with this rule.
        NoBuildFits: there are not that many earlier builds; the lock is unchanged.
        InvalidLock: the lock file is not valid, or cannot be written.
    """
    if builds < 1:
        raise InvalidRule(f"builds {builds} is not a whole number from 1.", "builds")
    key, query, asking = lock_key(query), without_digest(query), resolver.with_lock(None)

    def make(merged: Merged) -> Lock:
        entry = reject_conflicts(path, merged).by_key.get(key)
        if entry is None:
            command = lock_command(query, str(path))
            raise NotLocked(f"{key.image} is not in the lock file {path}. Lock it first: {command}")
        reject_other_upstream(entry, query, str(path))
        locked = entry
        for step in range(builds):
            entry = replace(entry, exclude=entry.exclude | {entry.index_digest})
            try:
                resolution = asking.resolve_query(entry.once_asked(query))
            except (NoBuildFits, BeforeFirstBuild) as error:
                raise _nothing_before(locked, step, builds) from error
            assert resolution.updated_at is not None
            entry = entry.repinned(resolution)
        return merged.lock.replaced([entry])

    before, now = change(path, make)
    (changed,) = (each for each in changes_of(before, now, [key]) if each.entry.key == key)
    return changed


def _nothing_before(locked: Entry, possible: int, builds: int) -> NoBuildFits:
    pin = f"the locked build {locked.digest}, of {locked.updated_at}"
    if not possible:
        message = f"the rule allows no build before {pin}, so it cannot go back. The lock is unchanged."
    else:
        found = f"only {possible} build{'s' * (possible > 1)}"
        message = f"the rule allows {found} before {pin}, so it cannot go back {builds}. The lock is unchanged."
    return NoBuildFits(message, image=locked.image)
