# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolutions: the digest of an image and why it was chosen, and their JSON forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from .build import Build, HistoryRange
from .details import Details
from .grammar import is_digest
from .instant import SECOND, Instant
from .query import Query
from .signature import Signature


@dataclass(frozen=True)
class Resolution:
    """The digest of an image, and why it was chosen.

    Attributes:
        image: the image as it was written.
        repository: the registry and the repository's name, such as `cgr.dev/acme.com/python`.
        tag: the tag; none for an image that was pinned by its digest alone.
        digest: the digest the tag pointed at, which is that of the index for all platforms; or that of the image for the
            `platform` that was asked for.
        ref: the reference to deploy, `repository:tag@digest`.
        updated_at: when the tag moved to the digest, in UTC; none for an image that was already pinned.
        at: the instant asked for, in UTC; none for the present.
        reason: why this build was chosen, for a person.
        warnings: what the user should look at, although there is a digest.
        history: the part of the tag's history that was read; none if it was not read.
        details: what the manifest of the build says, if that was asked for.
        present: the instant that its run takes for the present; `None` if `at` was given, or the run does not set it.
        signed: who signed the digest, and when; `None` if that was not asked for.
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
    history: HistoryRange | None = field(default=None, repr=False)
    present: Instant | None = None
    details: Details | None = None
    signed: Signature | None = None

    @classmethod
    def of(
        cls,
        query: Query,
        digest: str,
        updated_at: Instant | None,
        reason: str,
        warnings: tuple[str, ...] = (),
        history: HistoryRange | None = None,
    ) -> Resolution:
        """Makes the resolution of a query."""
        asked = query.reference
        ref = asked.pinned(digest)
        parts = (asked.image, asked.repository, asked.tag, digest, ref, updated_at, query.rule.at, reason)
        return cls(*parts, warnings, history)

    def with_details(self, details: Details) -> Resolution:
        """Returns the resolution with what the manifest says: the image for a platform, if one was asked for."""
        digest = details.platforms[details.platform] if details.platform else details.index
        ref = f"{self.ref.rpartition('@')[0]}@{digest}"
        return replace(self, digest=digest, ref=ref, details=details)

    @property
    def index(self) -> str:
        """The digest that the tag pointed at, also if the image for a platform was asked for."""
        return self.details.index if self.details else self.digest

    @property
    def platform(self) -> str | None:
        """The platform that was asked for, such as `linux/arm64`; none if none was."""
        return (self.details.platform or None) if self.details else None

    @property
    def platforms(self) -> Mapping[str, str]:
        """The digests of the images for the platforms; empty for a single image, or if they were not asked for."""
        return self.details.platforms if self.details else {}

    @property
    def created(self) -> Instant | None:
        """When it was built, in UTC; none if it does not say, or was not asked."""
        return self.details.created if self.details else None

    @property
    def now(self) -> Instant | None:
        """The time by the registry's clock when the history was read."""
        return self.history.now if self.history else None

    @property
    def previous(self) -> Build | None:
        """The build before this one, if it was read: its `digest`, and when the tag moved to it (`updated_at`)."""
        return next((build for build in reversed(self._others) if build.updated_at < self.updated_at), None)  # type: ignore[operator]

    @property
    def next(self) -> Build | None:
        """The build after this one, if it was read: its `digest`, and when the tag moved to it (`updated_at`)."""
        return next((build for build in self._others if build.updated_at > self.updated_at), None)  # type: ignore[operator]

    @property
    def is_next_known(self) -> bool:
        """Whether the history was read up to the next build, or to the present, so that `next` is the whole truth."""
        history = self.history
        return bool(self.next or (history and history.now and history.now <= history.end))

    @property
    def active_seconds(self) -> int | None:
        """How many seconds the tag pointed at this build; none if no later build was read."""
        if not self.next or not self.updated_at:
            return None
        return (self.next.updated_at - self.updated_at) // SECOND

    def to_result(self) -> dict[str, Any]:
        """Returns the values that modules, functions and `--json` return, instants as text; without the warnings.

        Those about platforms are only there if they were asked for.
        """
        return {
            **{name: getattr(self, name) for name in ("image", "repository", "tag", "digest", "ref")},
            "updated_at": _text(self.updated_at),
            "at": _text(self.at),
            "reason": self.reason,
            "previous": _build(self.previous),
            "next": _build(self.next),
            "active_seconds": self.active_seconds,
            **self._details_to_result(),
            **self._signed_to_dict(),
        }

    def _details_to_result(self) -> dict[str, Any]:
        if self.details is None:
            return {}
        platform = {"platform": self.platform, "index": self.index} if self.platform else {}
        return {**platform, "platforms": dict(self.platforms), "created": _text(self.created)}

    def to_dict(self) -> dict[str, Any]:
        """Returns what the query does not say already as JSON data, for another process; `from_dict` reads it."""
        return {
            "digest": self.digest,
            "updated_at": _text(self.updated_at),
            "reason": self.reason,
            "warnings": list(self.warnings),
            "history": _history_to_dict(self.history) if self.history else None,
            "present": _text(self.present),
            **({"details": self.details.to_dict()} if self.details else {}),
            **self._signed_to_dict(),
        }

    @classmethod
    def from_dict(cls, query: Query, data: Mapping[str, Any]) -> Resolution:
        """Reads what `to_dict` returned for the same query.

        Raises:
            ValueError, KeyError, TypeError: it is something else, or cannot be a resolution of the query.
        """
        if not isinstance(data, Mapping):
            raise TypeError("is not a resolution")
        updated_at, at = _instant(data.get("updated_at")), query.rule.at  # Pulumi drops what is None
        history = _history_from_dict(data["history"]) if data.get("history") else None
        if not is_digest(data["digest"]):
            raise ValueError("is not a digest")
        if query.reference.digest is None and (updated_at is None or (at and updated_at > at)):
            raise ValueError("is not a resolution of this query")
        warnings = tuple(str(warning) for warning in data["warnings"])
        signed = Signature.from_dict(data["signed"]) if data.get("signed") else None
        if query.rule.signed and signed is None:
            raise ValueError("is not signed")
        resolution = cls.of(query, data["digest"], updated_at, str(data["reason"]), warnings, history)
        resolution = replace(resolution, present=_instant(data.get("present")), signed=signed)
        details = Details.from_dict(data["details"]) if data.get("details") else None
        if (details.platform if details else "") != str(query.rule.platform or ""):
            raise ValueError("is not for the platform of the query")
        if details and resolution.digest != (
            details.platforms[details.platform] if details.platform else details.index
        ):
            raise ValueError("is not the digest of its platform")
        return resolution.with_details(details) if details else resolution

    def for_query(self, query: Query) -> Resolution:
        """Returns the resolution for a query that asks for the same, perhaps in other words, such as a mirror's name."""
        resolution = self.of(query, self.digest, self.updated_at, self.reason, self.warnings, self.history)
        return replace(resolution, present=self.present, details=self.details, signed=self.signed)

    def with_signature(self, signature: Signature) -> Resolution:
        """Returns the resolution of a digest whose signature was verified."""
        return replace(self, signed=signature, reason=f"{self.reason}; {signature.sentence}")

    def with_warning(self, warning: str) -> Resolution:
        """Returns the resolution with one more warning."""
        return replace(self, warnings=(*self.warnings, warning))

    def _signed_to_dict(self) -> dict[str, Any]:
        return {"signed": self.signed.to_dict()} if self.signed else {}

    @property
    def _others(self) -> tuple[Build, ...]:
        if self.history is None or self.updated_at is None:
            return ()
        return tuple(build for build in self.history.builds if build.digest != self.index)


@dataclass(frozen=True)
class Resolutions:
    """The resolutions of a set of images, all as of one instant.

    Attributes:
        at: the instant, by the registry's clock if none was asked for; `None` if each image has its own.
        resolutions: the resolutions, by the user's keys.
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
        """Warnings that do not prevent a digest; each of them once."""
        found = [warning for resolution in self.resolutions.values() for warning in resolution.warnings]
        return tuple(dict.fromkeys(found))


def _build(build: Build | None) -> dict[str, str] | None:
    return {"digest": build.digest, "updated_at": str(build.updated_at)} if build else None


def _history_to_dict(history: HistoryRange) -> dict[str, Any]:
    builds = [[str(build.updated_at), build.digest] for build in history.builds]
    bounds = {"start": history.start.nanoseconds, "end": history.end.nanoseconds}  # exact, unlike their text
    return {"builds": builds, **bounds, "now": _text(history.now)}


def _history_from_dict(data: Mapping[str, Any]) -> HistoryRange:
    builds = tuple(Build(Instant.parse(updated_at), digest) for updated_at, digest in data["builds"])
    if not all(is_digest(build.digest) for build in builds):
        raise ValueError("is not a digest")
    start, end = Instant(int(data["start"])), Instant(int(data["end"]))
    return HistoryRange(builds, start, end, _instant(data.get("now")))


def _instant(text: str | None) -> Instant | None:
    return Instant.parse(text) if text else None


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else str(instant)
