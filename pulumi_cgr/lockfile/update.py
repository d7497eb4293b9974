# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Adding pins to a lock, updating them, and taking some out.

    >>> from pulumi_cgr.lockfile.update import lock_images
    >>> from pulumi_cgr.resolver import Resolver
    >>> resolver = Resolver()
    >>> lock_images("cgr.lock.json", resolver, [resolver.parse_query("cgr.dev/chainguard/python:latest-dev", min_age="7d")])

All images are resolved first, then the lock file is written once.  What others change in it meanwhile is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from .._bridge import Entry, Key, Lock, Progress, Query, lock_key, upstream_of, without_digest
from ..resolver import (
    InvalidArgument,
    Resolution,
    Resolutions,
    Resolver,
    SeveralFailed,
)
from .entries import make_entry
from .merge import Merged
from .store import Path, change, reject_conflicts, reject_missing
from .uses import FileUses, Use, files_by_key, keys_of, unused_entries, with_uses

__all__ = ["Change", "FileUses", "Use", "changes_of", "lock_images", "prune", "remove", "update_all"]


@dataclass(frozen=True)
class Change:
    """A change of an entry: as it was, and as it is; `None` if it did not or does not exist."""

    before: Entry | None
    after: Entry | None

    @property
    def entry(self) -> Entry:
        """The entry as it is, or was."""
        entry = self.after or self.before
        assert entry is not None
        return entry

    @property
    def is_change(self) -> bool:
        """Whether anything changed."""
        return self.before != self.after


def lock_images(
    path: Path,
    resolver: Resolver,
    queries: Iterable[Query],
    files: FileUses | None = None,
    progress: Progress | None = None,
    *,
    upgrade: bool = False,
    pruned: bool = False,
) -> tuple[Change, ...]:
    """Adds images to a lock; updates them if asked to. The other entries stay as they are.

    Entries in which git left a conflict are always resolved anew, without what either side rolled back from.

    Args:
        path: the lock file; it is created if it does not exist.
        resolver: resolves the images.
        queries: the images that the user names, and their rules.
        files: the files whose images are locked, too; they are recorded as using them.
        progress: see `Resolver.resolve_all`.
        upgrade: whether to update images that the lock has already.
        pruned: whether to take out the entries that files used and use no longer.

    Returns:
        The changes, in the order of the lock; of an image that was asked for, even if it did not change.

    Raises:
        SeveralFailed: at least one image cannot be resolved; the lock is unchanged.
        InvalidArgument: no file uses the lock, so nothing is pruned; the lock is unchanged.
        InvalidLock: the lock file is not valid, or cannot be written.
    """
    named = {lock_key(query): without_digest(query) for query in queries}
    used = {lock_key(use.query): without_digest(use.query) for use in files.uses if _has_tag(use)} if files else {}
    wanted = {**used, **named}

    def make(merged: Merged) -> Lock:
        resolved = _resolve(merged, {**wanted, **_conflicting(merged)}, resolver, progress, upgrade)
        made = _marked(merged, resolved, named.keys(), used.keys())
        if files:
            made = with_uses(made, files, merged.lock)
        if pruned and files:
            made = _without(made, unused_entries(made, _in_use(merged.lock, made, files)))
        return made

    before, now = change(path, make)
    return changes_of(before, now, wanted)


def _marked(merged: Merged, resolved: Iterable[Entry], named: Collection[Key], used: Collection[Key]) -> Lock:
    """Returns the lock with new entries, which say whether the user named them or only files use them."""
    lock = merged.lock
    made = lock.replaced(resolved)
    new = set(used) - lock.by_key.keys() - {conflict.key for conflict in merged.conflicts}
    made = made.replaced(replace(made.by_key[key], named=False) for key in new)
    return made.replaced(replace(made.by_key[key], named=True) for key in named)


def update_all(path: Path, resolver: Resolver, progress: Progress | None = None) -> tuple[Change, ...]:
    """Updates every image in a lock; for arguments, result and errors, see `lock_images`."""
    asked: set[Key] = set()

    def make(merged: Merged) -> Lock:
        entries = [*merged.lock.entries, *(conflict.ours for conflict in merged.conflicts)]
        queries = {entry.key: resolver.parse_query(entry.image, **entry.rule) for entry in entries}
        asked.update(queries)
        return merged.lock.replaced(_resolve(merged, queries, resolver, progress, upgrade=True))

    reject_missing(path)
    before, now = change(path, make)
    return changes_of(before, now, asked)


def prune(path: Path, files: FileUses) -> tuple[Change, ...]:
    """Takes out of a lock the entries that files used and use no longer.

    Args:
        path: the lock file.
        files: all the files that use it.

    Returns:
        What was taken out.

    Raises:
        InvalidArgument: no file uses the lock.
        InvalidLock: the lock file is missing or not valid, or cannot be written.
    """
    reject_missing(path)

    def make(merged: Merged) -> Lock:
        lock = reject_conflicts(path, merged)
        return _without(lock, unused_entries(lock, _in_use(lock, lock, files)))

    return changes_of(*change(path, make))


def remove(path: Path, keep: FileUses) -> tuple[Change, ...]:
    """Takes everything out of a lock that files do not use, even what the user named.

    Args:
        path: the lock file.
        keep: the files whose images stay.

    Raises:
        InvalidLock: the lock file is missing or not valid, or cannot be written.
    """
    reject_missing(path)

    def make(merged: Merged) -> Lock:
        lock = reject_conflicts(path, merged)
        used = files_by_key(lock, keep.uses)
        return _without(lock, [entry for entry in lock.entries if entry.key not in used])

    return changes_of(*change(path, make))


def changes_of(before: Lock, now: Lock, asked: Iterable[Key] = ()) -> tuple[Change, ...]:
    """Returns the changes between two locks, and of the keys that were asked for even if they did not change."""
    keys = {*before.by_key, *now.by_key}
    changes = {key: Change(before.by_key.get(key), now.by_key.get(key)) for key in sorted(keys)}
    wanted = set(asked)
    return tuple(change for key, change in changes.items() if change.is_change or key in wanted)


def _has_tag(use: Use) -> bool:
    return use.query.reference.tag is not None


def _conflicting(merged: Merged) -> dict[Key, Query]:
    return {conflict.key: conflict.ours.query for conflict in merged.conflicts}


def _without(lock: Lock, entries: Iterable[Entry]) -> Lock:
    gone = {entry.key for entry in entries}
    return Lock(tuple(entry for entry in lock.entries if entry.key not in gone))


def _in_use(before: Lock, now: Lock, files: FileUses) -> FileUses:
    """Returns the files, if any of them uses the lock.

    Raises:
        InvalidArgument: none of them does.
    """
    if not any(key in now.by_key for lock in (before, now) for use in files.uses for key in keys_of(lock, use)):
        raise InvalidArgument(
            "prune takes nothing out, because no file was found that uses the lock. Name all the files that use it; to take out"
            " everything, use --prune-all.",
            "prune",
        )
    return files


def _resolve(
    merged: Merged, wanted: Mapping[Key, Query], resolver: Resolver, progress: Progress | None, upgrade: bool
) -> list[Entry]:
    """Resolves what the lock does not have, or what is to be updated, and returns their entries."""
    before = {**merged.lock.by_key, **{conflict.key: conflict.question for conflict in merged.conflicts}}
    contradictory = {conflict.key for conflict in merged.conflicts}
    asked = {
        key: query
        for key, query in wanted.items()
        if upgrade or key in contradictory or key not in before or before[key].upstream != upstream_of(query)
    }
    if not asked:
        return []
    queries = {key: before[key].now_asked(query) if key in before else query for key, query in asked.items()}
    names = {key: f"{key.image} {key.rule}" if key.rule != "{}" else key.image for key in asked}
    pinned = {names[key]: before[key] for key in asked if key in before and key not in contradictory}
    named = {names[key]: queries[key] for key in asked}
    resolutions = _resolutions(named, pinned, resolver.with_lock(None), progress)

    def is_kept(key: Key) -> bool:
        found = resolutions.resolutions.get(names[key])
        return found is None or (names[key] in pinned and _is_older(found, before[key], queries[key]))

    return [
        before[key] if is_kept(key) else make_entry(query, resolutions, names[key], before.get(key))
        for key, query in asked.items()
    ]


def _resolutions(
    queries: Mapping[str, Query], pinned: Mapping[str, Entry], resolver: Resolver, progress: Progress | None
) -> Resolutions:
    """Resolves queries, by their names; without those whose locked build is still chosen, but may no longer be pulled.

    Raises:
        SeveralFailed: at least one cannot be resolved for another reason.
    """
    try:
        return resolver.resolve_queries(queries, progress)
    except SeveralFailed as failed:
        held = {name: pinned[name].index if name in pinned else None for name in failed.errors}
        if any(error.index is None or error.index != held[name] for name, error in failed.errors.items()):
            raise
        others = {name: query for name, query in queries.items() if name not in held}
        return resolver.resolve_queries(others, progress) if others else Resolutions(None, {})


def _is_older(resolution: Resolution, before: Entry, query: Query) -> bool:
    """Whether a build is older than the pin, although the registry still lists the pin: its clock is behind its history."""
    if resolution.updated_at is None or before.upstream != upstream_of(query):
        return False
    if (
        before.index_digest in query.rule.exclude
        or resolution.updated_at >= before.updated_at
        or resolution.history is None
    ):
        return False
    pin = (before.index_digest, before.updated_at)
    return any((build.digest, build.updated_at) == pin for build in resolution.history.builds)
