# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers: what is found, the text forms it is handed on in, and reading those again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from ..history.reader import Build
from .instant import SECOND, Instant
from .query import Query
from .reference import is_digest


@dataclass(frozen=True)
class Resolution:
    """The digest an image stands for, and why.

    Attributes:
        image: the image as it was written.
        repository: the registry and the name in it, such as `cgr.dev/acme.com/python`.
        tag: the tag; none for an image that was pinned by its digest alone.
        digest: the digest that the tag pointed at, that of the index for all platforms.
        ref: the reference to deploy, `repository:tag@digest`.
        updated_at: when the tag moved to the digest, in UTC; none for an image that was pinned already.
        at: the instant asked for, in UTC; none for the present.
        reason: why this build, for a person.
        warnings: what the user should mend, though there is an answer.
        history: the builds of the tag around this one, oldest first, as far as they were read.
        since: the instant from which on they were read.
        now: the time by the registry's clock when they were read.
    """

    image: str
    repository: str
    tag: str | None
    digest: str
    ref: str
    updated_at: Instant | None
    at: Instant | None
    reason: str
    warnings: tuple[str, ...] = ()
    history: tuple[Build, ...] = field(default=(), repr=False)
    since: Instant | None = field(default=None, repr=False)
    now: Instant | None = None

    @classmethod
    def to(cls, query: Query, digest: str, updated_at: Instant | None, reason: str) -> Resolution:
        """Makes the answer to a question."""
        asked = query.reference
        ref = asked.pinned(digest)
        return cls(asked.image, asked.repository, asked.tag, digest, ref, updated_at, query.at, reason)

    @property
    def previous(self) -> Build | None:
        """The build before this one, if it was read, with its `digest` and when the tag moved to it (`updated_at`)."""
        return next((r for r in reversed(self.history) if self._differs(r) and r.updated_at < self.updated_at), None)  # type: ignore[operator]

    @property
    def next(self) -> Build | None:
        """The build after this one, if there was one, with its `digest` and when the tag moved to it (`updated_at`)."""
        return next((r for r in self.history if self._differs(r) and r.updated_at > self.updated_at), None)  # type: ignore[operator]

    @property
    def active_seconds(self) -> int | None:
        """How many seconds the tag pointed at this build; none if no later build was read."""
        if not self.next or not self.updated_at:
            return None
        return (self.next.updated_at - self.updated_at) // SECOND

    def as_dict(self) -> dict[str, Any]:
        """Returns the answer as plain data for users, instants in their one text form; without the warnings."""
        return {
            **{name: getattr(self, name) for name in ("image", "repository", "tag", "digest", "ref")},
            "updated_at": _text(self.updated_at),
            "at": _text(self.at),
            "reason": self.reason,
            "previous": _build(self.previous),
            "next": _build(self.next),
            "active_seconds": self.active_seconds,
        }

    def to_dict(self) -> dict[str, Any]:
        """Returns, as plain data, what the question does not say already."""
        return {
            "digest": self.digest,
            "updated_at": _text(self.updated_at),
            "reason": self.reason,
            "warnings": list(self.warnings),
            "history": [[str(record.updated_at), record.digest] for record in self.history],
            "since": _text(self.since),
            "now": _text(self.now),
        }

    @classmethod
    def from_dict(cls, query: Query, record: Mapping[str, Any]) -> Resolution:
        """Reads what `to_dict` returned, for the same question.

        Raises:
            ValueError, KeyError, TypeError: it is something else, or cannot be the answer to the question.
        """
        if not isinstance(record, Mapping):
            raise TypeError("is no answer")
        updated_at, since, now = (_instant(record.get(name)) for name in ("updated_at", "since", "now"))
        history = tuple(Build(Instant.parse(moved), digest) for moved, digest in record["history"])
        if not all(map(is_digest, [record["digest"], *(build.digest for build in history)])):
            raise ValueError("is no digest")
        if query.reference.digest is None and (updated_at is None or (query.at and updated_at > query.at)):
            raise ValueError("is not the answer to this question")
        resolution = cls.to(query, record["digest"], updated_at, str(record["reason"]))
        warnings = tuple(str(warning) for warning in record["warnings"])
        return replace(resolution, warnings=warnings, history=history, since=since, now=now)

    def _differs(self, record: Build) -> bool:
        return self.updated_at is not None and record.digest != self.digest


@dataclass(frozen=True)
class Resolutions:
    """The answers for a set of images, all at one instant.

    Attributes:
        at: the instant, by the registry's clock if none was asked for; `None` where each image has its own.
        answers: the answers, by the user's keys.
    """

    at: Instant | None
    resolutions: Mapping[str, Resolution]

    @property
    def digests(self) -> dict[str, str]:
        """The digests, by the user's keys."""
        return {key: resolution.digest for key, resolution in self.resolutions.items()}

    @property
    def refs(self) -> dict[str, str]:
        """The references to deploy, by the user's keys."""
        return {key: resolution.ref for key, resolution in self.resolutions.items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should mend, though there are answers."""
        return tuple(warning for resolution in self.resolutions.values() for warning in resolution.warnings)


def _build(record: Build | None) -> dict[str, str] | None:
    return {"digest": record.digest, "updated_at": str(record.updated_at)} if record else None


def _instant(text: str | None) -> Instant | None:
    return Instant.parse(text) if text else None


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else str(instant)
