# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The lock: pins that were resolved once and are kept beside the code.  Pure: no I/O, no clock.

There is one entry for each image and rule.  An entry changes only when its pin does, so it says since when the rule has chosen
the pin, and nothing else shows up in a diff.
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
from .._resolver.model.signature import Signature

LOCK_FILE_NAME = "cgr.lock.json"
LOCK_VERSION = 1
LOCK_VERSION_2 = 2
"""The version of a lock with an entry that version 1 cannot hold: a platform, a signature, an age that counts from the build."""
VERSION_2_PARTS = frozenset({"platform", "min_age_from", "signed"})


class Key(NamedTuple):
    """The key of an entry, by which entries are sorted: the image with its tag, and the rule as JSON text."""

    image: str
    rule: str


@dataclass(frozen=True)
class Entry:
    """One pin.

    Attributes:
        image: the image as the user writes it, with its tag: `cgr.dev/acme.com/web:1`.
        rule: the parts of the rule in the one text form that `locked_rule` gives them.
        digest: the digest to which the image is pinned.
        updated_at: when the tag moved to it, in UTC.
        resolved: the instant of the resolution, by the registry's clock: at this instant the rule chose the digest.
        upstream: the repository where it was looked up, if the image is on a mirror.
        exclude: digests that were rolled back from; the rule never chooses them again.
        used: the files that use the image, as far as they were given, relative to the folder of the lock file.
        named: whether the user named the image, for a program or a playbook. An entry that is not named is there only because
            files used it, and is unused when they no longer do.
        index: the digest that the tag pointed at, if the entry has a platform: `digest` is then that of one image in it.
        created: when the build was built, in UTC, if the entry has a platform and the build says so.
        signed: who signed the digest that the tag pointed at, if the rule asks for it.
    """

    image: str
    rule: Mapping[str, Any]
    digest: str
    updated_at: Instant
    resolved: Instant
    upstream: str | None = None
    exclude: frozenset[str] = frozenset()
    used: tuple[str, ...] = ()
    named: bool = True
    index: str | None = None
    created: Instant | None = None
    signed: Signature | None = None

    @classmethod
    def of(cls, query: Query, resolution: Resolution, resolved: Instant, before: Entry | None = None) -> Entry:
        """Makes the entry for a resolution; an entry that has the same pin already stays as it is.

        Args:
            query: the image and the rule.
            resolution: their resolution.
            resolved: the instant of the resolution, by the registry's clock.
            before: the entry that the lock has now, if it has one.

        Raises:
            ValueError: the image was already pinned, so nothing was looked up.
        """
        if resolution.updated_at is None:
            raise ValueError("is pinned already")
        upstream = upstream_of(query)
        pin = (resolution.digest, resolution.updated_at, upstream)
        if before and (before.digest, before.updated_at, before.upstream) == pin:
            return before
        image, rule = lock_key(query)
        resolved = max(resolved, resolution.updated_at)
        made = cls(image, json.loads(rule), resolution.digest, resolution.updated_at, resolved, upstream)
        made = made.repinned(resolution)
        return replace(made, exclude=before.exclude, used=before.used, named=before.named) if before else made

    def repinned(self, resolution: Resolution) -> Entry:
        """Returns the entry with the pin of a resolution, which is not pinned already."""
        has_platform = bool(resolution.platform)
        return replace(
            self,
            digest=resolution.digest,
            updated_at=resolution.updated_at or self.updated_at,
            index=resolution.index if has_platform else None,
            created=resolution.created if has_platform else None,
            signed=resolution.signed,
        )

    @property
    def key(self) -> Key:
        """Its key."""
        return Key(self.image, _rule_text(self.rule))

    @property
    def query(self) -> Query:
        """The query it is the resolution of."""
        mirrors = Mirrors(((parse_ref(self.image).repository, self.upstream),)) if self.upstream else None
        return Query.parse(self.image, mirrors, **self.rule)

    @property
    def index_digest(self) -> str:
        """The digest that the tag pointed at, of which histories, `exclude` and `current` speak."""
        return self.index or self.digest

    @property
    def needs_version_2(self) -> bool:
        """Whether version 1 of the format cannot hold it."""
        return bool(VERSION_2_PARTS & set(self.rule))

    @property
    def ref(self) -> str:
        """The reference to deploy."""
        return f"{self.image}@{self.digest}"

    def now_asked(self, query: Query) -> Query:
        """Returns the query for an update: without what was rolled back from, and with an age nothing older than the pin."""
        rule = replace(query.rule, exclude=query.rule.exclude | self.exclude, stale_after=0)
        return replace(query, rule=rule.with_current(self.index_digest))

    def once_asked(self, query: Query) -> Query:
        """Returns the query for the instant at which the entry was resolved."""
        at = query.rule.at or self.resolved + -query.rule.min_age
        return self.now_asked(query).with_rule(at=at, min_age=0, min_age_from="", current=None, signed=False)


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
        """The entries by their keys."""
        return {entry.key: entry for entry in self.entries}

    def find(self, query: Query) -> Entry | None:
        """Returns the entry for an image and a rule."""
        return self.by_key.get(lock_key(query))

    def replaced(self, entries: Iterable[Entry]) -> Lock:
        """Returns the lock with these entries added, or in the place of those with the same key."""
        return Lock.of({**self.by_key, **{entry.key: entry for entry in entries}}.values())


def lock_key(query: Query) -> Key:
    """Returns the key under which a query is locked; a digest in the image does not belong to it."""
    reference = query.reference
    return Key(f"{reference.repository}:{reference.tag}", _rule_text(locked_rule(query.rule)))


def upstream_of(query: Query) -> str | None:
    """Returns the repository where an image on a mirror is looked up; `None` for an image that is not on a mirror."""
    return query.reference.upstream if query.reference.is_mirrored else None


def locked_rule(rule: Rule) -> dict[str, Any]:
    """Returns the parts of a rule that belong to the key of an entry, as JSON data."""
    return rule.to_dict(lambda part: part.is_locked)


def without_digest(query: Query) -> Query:
    """Returns a query without the digest in its image.

    Raises:
        InvalidLock: the image has no tag, so there is nothing to resolve.
    """
    reference = query.reference
    if reference.tag is None:
        raise InvalidLock(
            f"{reference.image} has a digest and no tag, so there is nothing to lock. Write its tag, too."
        )
    return replace(query, reference=replace(reference, image=lock_key(query).image, digest=None))


def _rule_text(rule: Mapping[str, Any]) -> str:
    return json.dumps(rule, sort_keys=True)
