# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock: pins that were looked up once and are kept beside the code.  Pure: no I/O, no clock.

There is one entry for each image and rule.  An entry changes only when its pin does, so that it says since when the pin is the
answer, and nothing else shows up in a diff.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Iterable, Mapping, NamedTuple

from .._resolver.errors import InvalidLock
from .._resolver.model.instant import Instant
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.query import Query
from .._resolver.model.reference import parse_ref
from .._resolver.model.resolution import Resolution
from .._resolver.model.rule import Rule

LOCK_FILE_NAME = "cgr.lock.json"
LOCK_VERSION = 1


class Key(NamedTuple):
    """What an entry answers, in the order of the entries: the image with its tag, and the rule as JSON text."""

    image: str
    rule: str


@dataclass(frozen=True)
class Entry:
    """One pin.

    Attributes:
        image: the image as it is written, with its tag: `cgr.dev/acme.com/web:1`.
        rule: the parts of the rule in their one text form, as of `Query.rule`.
        digest: the digest to which the image is pinned.
        updated_at: when the tag moved to it.
        resolved: the instant of the resolution, by the registry's clock: at this instant the rule chose the digest.
        upstream: the repository where it was looked up, if the image is on a mirror.
        exclude: digests that were rolled back from; the rule never chooses them again.
        used: the files in which the image is used, as far as they were given.
    """

    image: str
    rule: Mapping[str, Any]
    digest: str
    updated_at: Instant
    resolved: Instant
    upstream: str | None = None
    exclude: frozenset[str] = frozenset()
    used: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: Query, resolution: Resolution, resolved: Instant, before: Entry | None = None) -> Entry:
        """Makes the entry for an answer; the one before, if it holds the same pin already, stays.

        Raises:
            ValueError: the answer is no lookup's, for the image was pinned already.
        """
        if resolution.updated_at is None:
            raise ValueError("is pinned already")
        reference = query.reference
        upstream = reference.upstream if reference.is_mirrored else None
        if before and (before.digest, before.updated_at, before.upstream) == (
            resolution.digest,
            resolution.updated_at,
            upstream,
        ):
            return before
        image, rule = lock_key(query)
        made = cls(
            image,
            json.loads(rule),
            resolution.digest,
            resolution.updated_at,
            max(resolved, resolution.updated_at),
            upstream,
        )
        return replace(made, exclude=before.exclude, used=before.used) if before else made

    @property
    def key(self) -> Key:
        """What it answers."""
        return Key(self.image, _rule_text(self.rule))

    @property
    def query(self) -> Query:
        """What it answers, as it was asked."""
        mirrors = Mirrors(((parse_ref(self.image).repository, self.upstream),)) if self.upstream else None
        return Query.parse(self.image, mirrors, **self.rule)

    @property
    def ref(self) -> str:
        """The reference to deploy."""
        return f"{self.image}@{self.digest}"

    def now_asked(self, query: Query) -> Query:
        """Returns the question to ask today: what was rolled back from never returns, and with an age nothing goes back."""
        rule = replace(query.rule, exclude=query.rule.exclude | self.exclude, stale_after=0)
        return replace(query, rule=rule.with_current(self.digest))

    def once_asked(self, query: Query) -> Query:
        """Returns the question whose answer the entry is, at the instant of its resolution."""
        at = query.rule.at or self.resolved + -query.rule.min_age
        return self.now_asked(query).with_rule(at=at, min_age=0, current=None)


@dataclass(frozen=True)
class Lock:
    """The entries, sorted, no two with the same key."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Lock:
        """Makes a lock.

        Raises:
            InvalidLock: two entries have the same image and rule.
        """
        found: dict[Key, Entry] = {}
        for entry in entries:
            if found.setdefault(entry.key, entry) is not entry:
                raise InvalidLock(f"there are two entries for {entry.image} with the same rule; keep the one you want.")
        return cls(tuple(found[key] for key in sorted(found)))

    @cached_property
    def by_key(self) -> Mapping[Key, Entry]:
        """The entries by what they answer."""
        return {entry.key: entry for entry in self.entries}

    def find(self, query: Query) -> Entry | None:
        """Returns the entry for an image and a rule."""
        return self.by_key.get(lock_key(query))

    def replaced(self, entries: Iterable[Entry]) -> Lock:
        """Returns the lock with these entries added, or in the place of those with the same key."""
        return Lock.of({**self.by_key, **{entry.key: entry for entry in entries}}.values())


def lock_key(query: Query) -> Key:
    """Returns the key under which a question is locked; a digest in the image is no part of it."""
    reference = query.reference
    return Key(f"{reference.repository}:{reference.tag}", _rule_text(locked_rule(query.rule)))


def locked_rule(rule: Rule) -> dict[str, Any]:
    """Returns the parts of a rule that belong to the key of an entry, as JSON data."""
    return rule.to_dict(lambda part: part.is_locked)


def without_digest(query: Query) -> Query:
    """Returns a question without the digest in its image.

    Raises:
        InvalidLock: the image has no tag, so nothing is left to ask for.
    """
    reference = query.reference
    if reference.tag is None:
        raise InvalidLock(
            f"{reference.image} has a digest and no tag, so there is nothing to lock. Write its tag, too."
        )
    return replace(query, reference=replace(reference, image=lock_key(query).image, digest=None))


def merge_locks(base: Lock, ours: Lock, theirs: Lock) -> Lock:
    """Joins two locks that were made of the same one, entry by entry.

    What one side changed, changes.  Where both changed a pin, the build to which the tag moved later is taken, and what either
    side rolled back from is left out.  An entry that one side removed and the other changed stays.

    Raises:
        InvalidLock: each side rolled back from the other's pin.
    """
    before, left, right = base.by_key, ours.by_key, theirs.by_key
    joined = (_joined(before.get(key), left.get(key), right.get(key)) for key in {**left, **right})
    return Lock.of(entry for entry in joined if entry)


def _joined(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Entry | None:
    if ours == theirs or theirs == base:
        return ours
    if ours == base or ours is None:
        return theirs
    if theirs is None:
        return ours
    exclude = ours.exclude | theirs.exclude
    fitting = [entry for entry in (ours, theirs) if entry.digest not in exclude]
    if not fitting:
        raise InvalidLock(
            f"{ours.image}: one side rolled back from {ours.digest} and the other from {theirs.digest}. Take either side, and"
            " run: cgr-images lock"
        )
    chosen = max(fitting, key=lambda entry: (entry.updated_at, -entry.resolved.nanoseconds))
    return replace(chosen, exclude=exclude, used=_used(base, ours, theirs))


def _used(base: Entry | None, ours: Entry, theirs: Entry) -> tuple[str, ...]:
    before, left, right = (set(entry.used) if entry else set() for entry in (base, ours, theirs))
    return tuple(sorted((left & right) | (left - before) | (right - before)))


def _rule_text(rule: Mapping[str, Any]) -> str:
    return json.dumps(rule, sort_keys=True)
