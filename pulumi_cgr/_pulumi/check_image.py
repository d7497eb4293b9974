# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks an `ImageDigest`: works out its properties from its arguments and from what the state held before.

In a preview the engine shows the *checked inputs*, and passes them to whatever depends on the resource.  So they hold the
digest and everything derived from it.  The rules, first match wins:

1. An unknown input makes the digest unknown, and nothing is looked up.
2. A `digest` that is given is used: a pin of the user's, or the old one that `ignore_changes=["digest"]` brings back.
3. An image that is already pinned is used as it is.
4. If there is a lock file, it decides; the state is not used.
5. The digest for an instant, or for a platform of an index, never changes, and with `triggers` the digest is kept: if the
   state holds it, for the same query, it is kept.
6. A result that the program looked up ahead (`prefetch.py`) is used, if it is for the same query.
7. Otherwise it is looked up now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi

from .._bridge import Query
from ..resolver import DeniedByPolicy, Gone, Resolution, Resolver
from .given_digest import use_given_digest
from .image_query import ARGUMENTS, QUERY, ImageQuery, parse_query
from .pin import FOUND, Pin, resolution_to_properties
from .prefetched import prefetched_resolution
from .properties import (
    INDEX,
    PREFETCHED,
    Properties,
    is_sticky,
    is_unknown,
    read_arguments,
    resolver_for,
    whole_numbers,
    without_none,
)

RESOLUTION = ("repository", "tag", "ref", *FOUND)
KEPT = QUERY + RESOLUTION
NEW_IN_STATE = frozenset({"min_age_from", "platform", "signed", INDEX})
"""The properties that older states do not have; they are absent rather than null."""

Warn = Callable[[tuple[str, ...]], None]
"""Takes the warnings of a lookup."""


def warn_nobody(_warnings: tuple[str, ...]) -> None:
    """Drops the warnings, for those who had them when they looked the image up ahead."""


def check_image(olds: Properties, news: Properties, resolver: Resolver, warn: Warn = warn_nobody) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigest`.

    Args:
        olds: the checked inputs in the state; empty for a new resource.
        news: the arguments of the program.
        resolver: parses and resolves the query.
        warn: takes the warnings, if the image is looked up.

    Raises:
        CgrError: the arguments are wrong, or the lookup failed.
    """
    given, digest = read_arguments(news, ARGUMENTS), whole_numbers(news.get("digest"))
    resolver = resolver_for(given, resolver)
    asked = parse_query(given, resolver)
    if is_unknown(given.get("image")):
        return {**asked.properties, **_unknown(asked, RESOLUTION)}
    reference = asked.query.reference
    parts = {**asked.properties, "repository": reference.repository, "tag": reference.tag}
    is_open = digest is None and reference.digest is None and is_unknown(asked.properties)
    if is_unknown(digest) or is_open:
        return without_none({**parts, **_unknown(asked, ("ref", *FOUND))})

    def resolve(query: Query) -> Resolution:
        resolution = prefetched_resolution(news.get(PREFETCHED), query, resolver.lock) or resolver.resolve_query(query)
        warn(resolution.warnings)
        return resolution

    pin = Pin(olds)
    if digest is not None:
        found = use_given_digest(digest, pin, asked, resolver, "digest")
    elif resolver.lock:
        found = resolution_to_properties(resolve(asked.query))
    else:
        found = _resolve(pin, asked, resolver, resolve)
    return without_none({**parts, **found, "ref": reference.pinned(found["digest"])})


def kept_properties(inputs: Properties) -> dict[str, Any]:
    """Returns the checked inputs that the state keeps; those about a platform only if there is one."""
    return {key: inputs.get(key) for key in KEPT if key not in NEW_IN_STATE or inputs.get(key) is not None}


def _unknown(asked: ImageQuery, names: tuple[str, ...]) -> dict[str, Any]:
    """Returns unknown values for properties; that of the index exists only if the query has a platform."""
    return {name: pulumi.UNKNOWN for name in names if name != INDEX or "platform" in asked.properties}


def _resolve(pin: Pin, asked: ImageQuery, resolver: Resolver, resolve: Callable[[Query], Resolution]) -> dict[str, Any]:
    if (is_sticky(asked.properties) or asked.query.is_fixed) and pin.answers(asked):
        return pin.found
    try:
        found = resolution_to_properties(resolve(pin.as_current(asked.query)))
    except (DeniedByPolicy, Gone) as error:
        kept = pin.despite(error, asked, resolver)
        if kept is None:
            raise
        return kept
    return pin.unless_moved(found, asked)
