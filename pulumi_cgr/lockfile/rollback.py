# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Going back to an earlier build in a lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .._bridge import Entry, Key, Lock, Query, lock_command, lock_key, reject_other_upstream, without_digest
from ..resolver import BeforeFirstBuild, InvalidRule, NoBuildFits, NotLocked, Resolver, Timeline
from .merge import Merged
from .store import Path, change, reject_conflicts
from .update import Change, changes_of

_BEGINNING = "1970-01-01"


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


def rollback_to(
    path: Path,
    resolver: Resolver,
    image: str,
    good: str,
    bad: Iterable[str] = (),
    key: Key | None = None,
) -> tuple[Change, ...]:
    """Goes back to a build that is known to be good, and excludes the bad ones permanently.

    In each entry of the image, every build to which the tag moved after the good one is excluded, up to the instant of the
    resolution. An entry that has an older build keeps it, and one with an instant of its own changes only if its build is bad.

    Args:
        path: the lock file.
        resolver: resolves the images.
        image: the image with its tag, which must be in the lock.
        good: the digest to go back to.
        bad: digests that are known to be bad.
        key: the only entry to change; by default all entries of the image.

    Returns:
        The changes, also of entries that stay as they are.

    Raises:
        NotLocked: the lock does not contain the image.
        NoBuildFits: the tag never pointed at the good build, or the rule does not choose it; the lock is unchanged.
        InvalidLock: the lock file is not valid, or cannot be written.
    """
    asking, excluded = resolver.with_lock(None), frozenset(bad) - {good}
    keys: list[Key] = []

    def make(merged: Merged) -> Lock:
        lock = reject_conflicts(path, merged)
        entries = [each for each in lock.entries if (each.key == key if key else each.image == image)]
        if not entries:
            raise NotLocked(f"{image} is not in the lock file {path}. Lock it first: cgr-images lock {image}")
        keys.extend(entry.key for entry in entries)
        past = asking.moves(image, since=_BEGINNING)
        if all(interval.digest != good for interval in past.intervals):
            raise _never_was(image, good, entries)
        return lock.replaced(_back_to(entry, asking, past, good, excluded) for entry in entries)

    before, now = change(path, make)
    return tuple(each for each in changes_of(before, now, keys) if each.entry.key in keys)


def _back_to(entry: Entry, resolver: Resolver, past: Timeline, good: str, bad: frozenset[str]) -> Entry:
    """Returns an entry with the good build, or with the one it has, if that is older."""
    if "at" in entry.rule and entry.index_digest not in bad:
        return entry
    query = entry.once_asked(resolver.parse_query(entry.image, **entry.rule))
    intervals = [each for each in past.intervals if query.rule.at is None or each.updated_at <= query.rule.at]
    places = [number for number, interval in enumerate(intervals) if interval.digest == good]
    if not places and any(interval.digest == good for interval in past.intervals) and entry.index_digest not in bad:
        return replace(entry, exclude=entry.exclude | bad)  # it was locked before the tag moved to the good build
    after = {interval.digest for interval in intervals[places[-1] :]} - {good} if places else set()
    made = replace(entry, exclude=(entry.exclude | bad | after) - {good})
    resolution = resolver.resolve_query(made.once_asked(resolver.parse_query(entry.image, **entry.rule)))
    if resolution.index != good or resolution.updated_at is None:
        raise NoBuildFits(
            f"the rule chooses {resolution.index} without the builds after {good}, so it cannot go back to that. The lock is"
            " unchanged.",
            image=entry.image,
        )
    return made.repinned(resolution)


def _never_was(image: str, good: str, entries: Sequence[Entry]) -> NoBuildFits:
    index = next((entry.index for entry in entries if entry.index and entry.digest == good), None)
    if index:
        advice = f"It is the image for one platform in the index {index}: give that one"
    else:
        advice = f"Give the digest of an index, as this lists them: cgr-images history {image}"
    return NoBuildFits(f"the tag never pointed at {good}. {advice}. The lock is unchanged.", image=image)


def _nothing_before(locked: Entry, possible: int, builds: int) -> NoBuildFits:
    pin = f"the locked build {locked.digest}, of {locked.updated_at}"
    if not possible:
        message = f"the rule allows no build before {pin}, so it cannot go back. The lock is unchanged."
    else:
        found = f"only {possible} build{'s' * (possible > 1)}"
        message = f"the rule allows {found} before {pin}, so it cannot go back {builds}. The lock is unchanged."
    return NoBuildFits(message, image=locked.image)
