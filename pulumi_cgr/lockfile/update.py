# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Locks: adding and updating pins, taking some out, going back, and merging.

    >>> from pulumi_cgr.lockfile.update import lock_images
    >>> from pulumi_cgr.resolver import Resolver
    >>> resolver = Resolver()
    >>> lock_images("cgr.lock.json", resolver, [resolver.parse_query("cgr.dev/chainguard/python:latest-dev", min_age="7d")])

All the answers come first, then the lock is written once: the old one or the new one, at every moment.  What others change in
it meanwhile is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .._bridge import (
    Entry,
    Key,
    Lock,
    Progress,
    Query,
    change_lock,
    lock_command,
    lock_key,
    merge_locks,
    read_lock,
    refuse_other_upstream,
    without_digest,
)
from ..resolver import CgrError, InvalidRule, NotLocked, Resolutions, Resolver

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class Use:
    """An image in a file.

    Attributes:
        file: the file, as it is to be named in the lock and in messages.
        line: the line, counted from 1.
        question: the image and the rule that holds for it.
        digest: the digest to which it is pinned there, if the image of the question does not hold it.
    """

    file: str
    line: int
    query: Query
    digest: str | None = None

    @property
    def pinned_to(self) -> str | None:
        """The digest to which the image is pinned in the file."""
        return self.digest or self.query.reference.digest


@dataclass(frozen=True)
class Change:
    """What became of an entry: as it was, and as it is; `None` where there was or is none."""

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
    uses: Sequence[Use] | None = None,
    progress: Progress | None = None,
) -> tuple[Change, ...]:
    """Locks images, or updates them; the others in the lock stay as they are.

    Args:
        path: the lock; it is made where there is none.
        resolver: asks the registry.
        questions: the images and the rules.
        uses: where they are used, if that is known; otherwise what the lock says of it stays.
        progress: see `Resolver.resolve_all`.

    Returns:
        What became of each, in the order of the lock.

    Raises:
        SeveralFailed: there is at least one image without an answer; the lock is as it was.
        InvalidLock: the lock is none, or cannot be written.
    """
    wanted = {lock_key(query): without_digest(query) for query in queries}
    used = None if uses is None else _files(uses)

    def make(lock: Lock) -> Lock:
        made = _asked(lock, wanted, resolver, progress)
        if used is not None:
            made = [replace(entry, used=used.get(entry.key, ())) for entry in made]
        return lock.replaced(made)

    return _changes(wanted, *change_lock(path, make))


def update_all(
    path: Path, resolver: Resolver, uses: Sequence[Use] | None = None, progress: Progress | None = None
) -> tuple[Change, ...]:
    """Updates every image in the lock; arguments, result and errors are as of `lock_images`."""
    queries = [resolver.parse_query(entry.image, **entry.rule) for entry in read_lock(path).entries]
    return lock_images(path, resolver, queries, uses, progress)


def prune(path: Path, uses: Sequence[Use]) -> tuple[Change, ...]:
    """Takes the entries out of the lock that are used nowhere.

    Args:
        path: the lock.
        uses: all the places where images are used.

    Returns:
        What was taken out.

    Raises:
        InvalidLock: the lock is missing, is none, or cannot be written.
    """
    used = _files(uses)
    read_lock(path)
    before, now = change_lock(path, lambda lock: Lock(tuple(entry for entry in lock.entries if entry.key in used)))
    return tuple(change for change in _changes(before.by_key, before, now) if change.after is None)


def rollback(path: Path, resolver: Resolver, query: Query, builds: int = 1) -> Change:
    """Goes back to an earlier build, and keeps the bad ones out for good.

    Each step excludes the digest that is locked and takes what the rule chose without it at the instant of the resolution.  So
    the bad digest never returns, not by a later update either, and the program that deploys stays as it is.

    Args:
        path: the lock.
        resolver: asks the registry.
        question: the image and the rule, which must be in the lock.
        builds: how many builds to go back, at least 1.

    Raises:
        NotLocked: the image is not in the lock with this rule.
        NoSuchBuild: there are not that many builds.
        InvalidLock: the lock is none, or cannot be written.
    """
    if builds < 1:
        raise InvalidRule(f"builds {builds} is not a number of builds from 1 on.", "builds")
    key, query, asking = lock_key(query), without_digest(query), resolver.with_lock(None)

    def make(lock: Lock) -> Lock:
        entry = lock.by_key.get(key)
        if entry is None:
            raise NotLocked(f"{key.image} is not in the lock {path}. Lock it first: {lock_command(query, str(path))}")
        refuse_other_upstream(entry, query, str(path))
        for _build in range(builds):
            entry = replace(entry, exclude=entry.exclude | {entry.digest})
            resolution = asking.resolve_query(entry.once_asked(query))
            assert resolution.updated_at is not None
            entry = replace(entry, digest=resolution.digest, updated_at=resolution.updated_at)
        return lock.replaced([entry])

    (change,) = _changes([key], *change_lock(path, make))
    return change


def merge(base: Path, ours: Path, theirs: Path) -> None:
    """Joins two changes of a lock, as git's merge driver does (`%O %A %B`): the result takes the place of `ours`.

    Args:
        base: the lock of which both were made; an empty file if there was none.
        ours: the lock of one side.
        theirs: the lock of the other.

    Raises:
        InvalidLock: one of them is no lock, or they contradict each other; `ours` is as it was.
    """
    before, other = _read_or_empty(base), _read_or_empty(theirs)
    change_lock(ours, lambda lock: merge_locks(before, lock, other))


def _asked(lock: Lock, wanted: Mapping[Key, Query], resolver: Resolver, progress: Progress | None) -> list[Entry]:
    """Asks the registry, and returns an entry for each question."""
    if not wanted:
        return []
    before = {key: lock.by_key.get(key) for key in wanted}
    asked = {key: entry.now_asked(wanted[key]) if entry else wanted[key] for key, entry in before.items()}
    names = {key: f"{key.image} {key.rule}" if key.rule != "{}" else key.image for key in wanted}
    resolutions = resolver.with_lock(None).resolve_queries({names[key]: asked[key] for key in wanted}, progress)
    return [_entry(wanted[key], resolutions, names[key], before[key]) for key in wanted]


def _entry(query: Query, resolutions: Resolutions, name: str, before: Entry | None) -> Entry:
    resolution = resolutions.resolutions[name]
    resolved = resolution.now if query.is_fixed else resolutions.at
    if resolved is None:
        raise CgrError(f"{name}: the registry gave no time, so it cannot be said when the image was locked.")
    return Entry.of(query, resolution, resolved, before)


def _changes(keys: Iterable[Key], before: Lock, now: Lock) -> tuple[Change, ...]:
    return tuple(Change(before.by_key.get(key), now.by_key.get(key)) for key in sorted(keys))


def _files(uses: Iterable[Use]) -> dict[Key, tuple[str, ...]]:
    found: dict[Key, set[str]] = {}
    for use in uses:
        found.setdefault(lock_key(use.query), set()).add(use.file)
    return {key: tuple(sorted(files)) for key, files in found.items()}


def _read_or_empty(path: Path) -> Lock:
    is_empty = os.path.exists(path) and not os.path.getsize(path)
    return Lock() if is_empty else read_lock(path)
