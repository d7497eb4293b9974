# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins: the digest that the state holds for one image, of an `ImageDigest` or in an `ImageDigests`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .._bridge import Query, Reference, is_digest
from ..resolver import CgrError, Resolution, Resolver
from .image_query import ImageQuery
from .properties import INDEX, UPSTREAM, Properties

FOUND = ("digest", INDEX, "updated_at", "reason")
"""The part of a resolution that the arguments do not hold."""


def resolution_to_properties(resolution: Resolution) -> dict[str, Any]:
    """Returns the part of a resolution that the arguments do not hold, as text."""
    values = resolution.to_result()
    return {name: values.get(name) for name in FOUND}


@dataclass(frozen=True)
class Pin:
    """The properties of one image in the state.

    Attributes:
        held: the checked inputs of an `ImageDigest`; empty if the image is not in the state.
    """

    held: Properties

    @property
    def found(self) -> dict[str, Any]:
        """The part that the arguments do not hold."""
        return {name: self.held.get(name) for name in FOUND}

    @property
    def digest(self) -> Any:
        """The digest that is deployed."""
        return self.held.get("digest")

    @property
    def index(self) -> Any:
        """The digest that the tag pointed at: that of the index, if the pin is for one platform."""
        return self.held.get(INDEX) or self.digest

    @property
    def is_resolved(self) -> bool:
        """Whether the digest was looked up for the query in the state, rather than given."""
        return is_digest(self.digest) and bool(self.held.get("updated_at"))

    def answers(self, asked: ImageQuery) -> bool:
        """Whether the digest was found for this very query, rather than given or found for another one."""
        pinned = asked.query.reference.digest
        if pinned is None:
            return self.is_resolved and asked.is_that_of(self.held)
        # The image for a platform has an index, and nothing else does.
        is_found = bool(self.held.get(INDEX)) == bool(asked.query.rule.platform) and is_digest(self.digest)
        return is_found and self.index == pinned and asked.is_that_of(self.held)

    @property
    def source(self) -> tuple[Any, Any]:
        """The repository where the digest was resolved, and the tag."""
        return self.held.get(UPSTREAM) or self.held.get("repository"), self.held.get("tag")

    def is_of(self, reference: Reference) -> bool:
        """Whether the digest was resolved for the tag of an image."""
        return self.source == (reference.upstream, reference.tag)

    def as_current(self, query: Query) -> Query:
        """Returns the query of somebody who has deployed the pin."""
        is_current = self.is_of(query.reference) and is_digest(self.index)
        return replace(query, rule=query.rule.with_current(self.index)) if is_current else query

    def unless_moved(self, found: dict[str, Any], asked: ImageQuery) -> dict[str, Any]:
        """Returns what was found, with the reason for which the same digest was chosen when it was chosen."""
        is_same = asked.is_that_of(self.held) and all(
            found[name] == self.held.get(name) for name in ("digest", "updated_at")
        )
        return {**found, "reason": self.held.get("reason") or found["reason"]} if is_same else found

    def despite(self, error: CgrError, asked: ImageQuery, resolver: Resolver) -> dict[str, Any] | None:
        """Returns what the state holds, if a lookup failed only because the deployed build may no longer be pulled.

        Args:
            error: why it failed.
            asked: the query that was looked up.
            resolver: verifies the signature, if one is asked for that was not asked for before.

        Raises:
            NotSigned, SignatureRefused: the deployed build is not signed as it must be.
        """
        is_deployed = error.index is not None and error.index == self.held.get(INDEX)
        if not is_deployed or self.held.get("platform") != asked.properties.get("platform"):
            return None
        if not asked.query.rule.signed or self.held.get("signed"):
            return self.found
        signature = resolver.verify(asked.query.reference.image, self.index)
        return {**self.found, "reason": f"{self.held.get('reason')}; {signature.sentence}"}
