# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The query for one image: what the arguments of an `ImageDigest` ask for, and what its state says was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pulumi

from .._bridge import Query, locked_rule
from ..resolver import Resolver
from .properties import CHECKS, LOCK, RULE, TRIGGERS, UPSTREAM, Properties, is_unknown, reject_contradictions

QUERY = ("image", UPSTREAM, *RULE, TRIGGERS, LOCK)
ARGUMENTS = (*QUERY, *CHECKS)

# Takes the place of an unknown image while the rule beside it is parsed.
_SOME_IMAGE = "cgr.dev/chainguard/unknown"


class ImageQuery(NamedTuple):
    """The query for one image.

    Attributes:
        query: the query, as far as it is known.
        properties: each part of it in its one text form, so that another spelling of the same is not a change.
    """

    query: Query
    properties: dict[str, Any]

    @classmethod
    def of(cls, query: Query, given: Properties) -> ImageQuery:
        """Returns a query with its properties.

        Args:
            query: the query.
            given: the arguments, for `triggers` and `lock`.
        """
        reference = query.reference
        upstream = {UPSTREAM: reference.upstream} if reference.is_mirrored else {}
        beside = {name: given[name] for name in (TRIGGERS, LOCK) if name in given}
        return cls(query, {"image": reference.image, **upstream, **locked_rule(query.rule), **beside})

    def is_that_of(self, held: Properties) -> bool:
        """Whether the properties in the state are those of this very query."""
        return all(self.properties.get(name) == held.get(name) for name in QUERY)


def parse_query(given: Properties, resolver: Resolver) -> ImageQuery:
    """Parses the query among the arguments of an `ImageDigest`, as far as it is known; what is not is a property only."""
    reject_contradictions(given, resolver)
    known = {name: value for name, value in given.items() if not is_unknown(value)}
    unknown = {name: pulumi.UNKNOWN for name in given if name in QUERY and name not in known}
    image = _SOME_IMAGE if "image" in unknown else known.get("image")
    rule: Any = {name: known[name] for name in (*RULE, *CHECKS) if name in known}
    query, properties = ImageQuery.of(resolver.parse_query(image, **rule), known)
    return ImageQuery(query, {**properties, **unknown})
