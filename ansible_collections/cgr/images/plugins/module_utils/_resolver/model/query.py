# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A question: an image, and the rule that chooses among its builds.  Read once, at the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from ..errors import InvalidInstant, InvalidRule, redact
from . import reference
from .duration import format_duration, parse_duration
from .instant import AtLike, Instant
from .mirrors import Mirrors
from .reference import Reference, is_digest

MOST_BUILDS_BACK = 10_000


@dataclass(frozen=True)
class Query:
    """An image and a rule, known to be right and to make sense together.

    Attributes:
        reference: the image.
        at: the instant to look at; `None` for the present.
        min_age: how old the build must be at least, in nanoseconds; 0 for any age.
        builds_back: how many builds before the one that would be chosen.
        exclude: digests that are never chosen.
        current: the digest that is deployed; with `min_age`, it is never replaced by an older build.
        stale_after: the age in nanoseconds beyond which the newest build is worth a warning; 0 for none.
    """

    reference: Reference
    at: Instant | None = None
    min_age: int = 0
    builds_back: int = 0
    exclude: frozenset[str] = frozenset()
    current: str | None = None
    stale_after: int = 0

    @classmethod
    def of(
        cls,
        image: object,
        mirrors: Mirrors | None = None,
        *,
        at: AtLike | None = None,
        min_age: str | None = None,
        builds_back: int | None = None,
        exclude: Iterable[str] | None = None,
        current: str | None = None,
        stale_after: str | None = None,
    ) -> Query:
        """Reads a question; the arguments are those of `Resolver.resolve`, and the mirrors there are.

        Raises:
            InvalidArgument: an argument is malformed, or some of them make no sense together.
        """
        query = cls(
            reference.parse(image, mirrors),
            None if at is None else parse_at(at),
            _duration("min_age", min_age),
            _count(builds_back),
            _digests(exclude),
            parse_current(current),
            _duration("stale_after", stale_after),
        )
        _refuse_nonsense(query)
        return query

    @property
    def is_fixed(self) -> bool:
        """Whether the answer is the same at all times."""
        return self.at is not None or self.reference.digest is not None

    def rule(self) -> dict[str, Any]:
        """Returns what decides the answer, besides the image, each value in its one text form; what is not given is left out."""
        values = {
            "at": str(self.at) if self.at else None,
            "min_age": format_duration(self.min_age),
            "builds_back": self.builds_back,
            "exclude": sorted(self.exclude),
            "current": self.current,
        }
        return {name: value for name, value in values.items() if value}


RULES = ("at", "min_age", "builds_back", "exclude", "current", "stale_after")
"""The names of a rule's parts, the same in arguments, options and inputs."""


def parse_at(at: AtLike, name: str = "at") -> Instant:
    """Reads the instant a user asks for; `name` is what the argument is called.

    Raises:
        InvalidInstant: it is none: empty, a bare number, or malformed.
    """
    try:
        if isinstance(at, str) and not at.strip():
            raise ValueError("is empty; leave it out for the latest build")
        return Instant.of(at)
    except ValueError as error:
        raise InvalidInstant(f"{name} {redact(at if isinstance(at, str) else repr(at))} {error}.") from error


def _duration(name: str, value: object) -> int:
    if value is None:
        return 0
    try:
        return parse_duration(value)
    except ValueError as error:
        raise InvalidRule(f"{name} {redact(str(value))} {error}.", name) from error


def _count(value: object) -> int:
    if value is None:
        return 0
    # Pulumi hands every number over as a float, and Ansible may hand it over as text.
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value)
    if isinstance(value, str) and value.isdecimal():
        value, whole = int(value), True
    if not whole or not 0 <= int(value) <= MOST_BUILDS_BACK:  # type: ignore[call-overload]
        raise InvalidRule(
            f"builds_back {redact(str(value))} is not a number of builds from 0 to {MOST_BUILDS_BACK}.", "builds_back"
        )
    return int(value)  # type: ignore[call-overload,no-any-return]


def _digests(value: Iterable[str] | None) -> frozenset[str]:
    found = [value] if isinstance(value, str) else [] if value is None else list(value)
    for digest in found:
        if not is_digest(digest):
            raise InvalidRule(
                f"exclude holds {redact(str(digest))}, which is no digest; write sha256: and 64 lower-case hex digits.",
                "exclude",
            )
    return frozenset(found)


def parse_current(value: object) -> str | None:
    """Reads which digest is deployed; `None` where none is given.

    Raises:
        InvalidRule: it is neither a digest nor a ref that ends in one.
    """
    if value is None or value == "":
        return None
    digest = str(value).rpartition("@")[2]  # a whole ref does as well
    if not is_digest(digest):
        raise InvalidRule(f"current {redact(str(value))} is neither a digest nor a ref that ends in one.", "current")
    return digest


def _refuse_nonsense(query: Query) -> None:
    image, pinned = query.reference.image, query.reference.digest
    if query.at is not None and query.min_age:
        raise InvalidRule(
            f"{image}: at and min_age do not go together: give the instant, or the age that counts from now.", "min_age"
        )
    if query.at is not None and query.stale_after:
        raise InvalidRule(
            f"{image}: at and stale_after do not go together: what was chosen for an instant is as old as that.",
            "stale_after",
        )
    if query.current and not query.min_age:
        raise InvalidRule(
            f"{image}: current goes with min_age only; without it, the latest build is taken whatever is deployed.",
            "current",
        )
    if pinned and (query.builds_back or pinned in query.exclude):
        rule = "builds_back" if query.builds_back else "exclude"
        raise InvalidRule(
            f"{image} is pinned already, so {rule} has nothing to choose from. Take the digest out of the image.", rule
        )
