# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers: what is found, the text forms it is handed on in, and reading those again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from ..history.reader import Record
from .instant import Instant, duration
from .query import Question
from .reference import is_digest


@dataclass(frozen=True)
class Answer:
    """The digest an image stands for, and why.

    Attributes:
        image: the image as it was written.
        repository: the registry and the name in it, such as `cgr.dev/acme.com/python`.
        tag: the tag; none for an image that was pinned by its digest alone.
        digest: the digest that the tag pointed at, that of the index for all platforms.
        ref: the reference to deploy, `repository:tag@digest`.
        updated: when the tag moved to the digest, in UTC; none for an image that was pinned already.
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
    updated: Instant | None
    at: Instant | None
    reason: str
    warnings: tuple[str, ...] = ()
    history: tuple[Record, ...] = field(default=(), repr=False)
    since: Instant | None = field(default=None, repr=False)
    now: Instant | None = None

    @classmethod
    def to(cls, question: Question, digest: str, updated: Instant | None, reason: str) -> Answer:
        """Makes the answer to a question."""
        asked = question.reference
        ref = asked.pinned(digest)
        return cls(asked.image, asked.repository, asked.tag, digest, ref, updated, question.at, reason)

    @property
    def previous(self) -> Record | None:
        """The build before this one, if it was read, with its `digest` and when the tag moved to it (`updated`)."""
        return next((r for r in reversed(self.history) if self._differs(r) and r.updated < self.updated), None)  # type: ignore[operator]

    @property
    def next(self) -> Record | None:
        """The build after this one, if there was one, with its `digest` and when the tag moved to it (`updated`)."""
        return next((r for r in self.history if self._differs(r) and r.updated > self.updated), None)  # type: ignore[operator]

    @property
    def stood(self) -> str | None:
        """How long the tag stood at this build, such as `2 d 4 h`; none where the end is not known."""
        return duration(self.next.updated - self.updated) if self.next and self.updated else None

    def as_dict(self) -> dict[str, Any]:
        """Returns the answer as plain data for users, instants in their one text form; without the warnings."""
        return {
            **{name: getattr(self, name) for name in ("image", "repository", "tag", "digest", "ref")},
            "updated": _text(self.updated),
            "at": _text(self.at),
            "reason": self.reason,
            "previous": _build(self.previous),
            "next": _build(self.next),
            "stood": self.stood,
        }

    def as_record(self) -> dict[str, Any]:
        """Returns, as plain data, what the question does not say already."""
        return {
            "digest": self.digest,
            "updated": _text(self.updated),
            "reason": self.reason,
            "warnings": list(self.warnings),
            "history": [[str(record.updated), record.digest] for record in self.history],
            "since": _text(self.since),
            "now": _text(self.now),
        }

    @classmethod
    def of_record(cls, question: Question, record: Mapping[str, Any]) -> Answer:
        """Reads what `as_record` returned, for the same question.

        Raises:
            ValueError, KeyError, TypeError: it is something else, or cannot be the answer to the question.
        """
        if not isinstance(record, Mapping):
            raise TypeError("is no answer")
        updated, since, now = (_instant(record.get(name)) for name in ("updated", "since", "now"))
        history = tuple(Record(Instant.parse(moved), digest) for moved, digest in record["history"])
        if not all(map(is_digest, [record["digest"], *(build.digest for build in history)])):
            raise ValueError("is no digest")
        if question.reference.digest is None and (updated is None or (question.at and updated > question.at)):
            raise ValueError("is not the answer to this question")
        answer = cls.to(question, record["digest"], updated, str(record["reason"]))
        warnings = tuple(str(warning) for warning in record["warnings"])
        return replace(answer, warnings=warnings, history=history, since=since, now=now)

    def _differs(self, record: Record) -> bool:
        return self.updated is not None and record.digest != self.digest


@dataclass(frozen=True)
class Answers:
    """The answers for a set of images, all at one instant.

    Attributes:
        at: the instant, by the registry's clock if none was asked for; `None` where each image has its own.
        answers: the answers, by the user's keys.
    """

    at: Instant | None
    answers: Mapping[str, Answer]

    @property
    def digests(self) -> dict[str, str]:
        """The digests, by the user's keys."""
        return {key: answer.digest for key, answer in self.answers.items()}

    @property
    def refs(self) -> dict[str, str]:
        """The references to deploy, by the user's keys."""
        return {key: answer.ref for key, answer in self.answers.items()}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should mend, though there are answers."""
        return tuple(warning for answer in self.answers.values() for warning in answer.warnings)


def _build(record: Record | None) -> dict[str, str] | None:
    return {"digest": record.digest, "updated": str(record.updated)} if record else None


def _instant(text: str | None) -> Instant | None:
    return Instant.parse(text) if text else None


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else str(instant)
