# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The queries of an `ImageDigests`: what its arguments ask for, and what its state holds for each of its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._bridge import Query, locked_rule, parse_ref
from ..resolver import Resolver
from .pin import Pin
from .properties import CHECKS, INDEX, LOCK, RULE, TRIGGERS, UPSTREAM, Properties, is_sticky, reject_contradictions

QUERY = ("images", UPSTREAM, *RULE, TRIGGERS, LOCK)
ARGUMENTS = (*QUERY, *CHECKS)
RESOLVED_AT = "resolved_at"
"""The instant at which a set with `triggers` was resolved.  It is `at` as well, and says that `at` is not an argument."""
INDEXES = "indexes"
BY_KEY = {"digest": "digests", INDEX: INDEXES, "updated_at": "updated_at", "reason": "reasons"}
"""The properties of one image, and the properties of the set that hold them by the user's keys."""

# The values with which an image of a set opts out of a part of the set's rule.
_OPT_OUT = {"min_age_from": "tag", "builds_back": 0, "exclude": [], "signed": False}


def given_query(properties: Properties, inputs: Properties) -> dict[str, Any]:
    """Returns properties without an `at` that is not an argument, but says when the set was resolved.

    Args:
        properties: the properties.
        inputs: the inputs that they are from: those in the state, or those that `ignore_changes` brought back from there.
    """
    return {key: value for key, value in properties.items() if key != "at" or RESOLVED_AT not in inputs}


def parse_queries(given: Properties, resolver: Resolver) -> tuple[dict[str, Query], dict[str, Any]]:
    """Parses the queries among the arguments.

    Returns:
        The queries by the user's keys, and the arguments in their one text form.
    """
    reject_contradictions(given, resolver)
    rule: Any = {name: given[name] for name in (*RULE, *CHECKS) if name in given}
    queries = resolver.parse_queries(given.get("images") or {}, **rule)
    first = next(iter(queries.values())).reference.repository
    shared = locked_rule(resolver.parse_query(first, **rule).rule)
    images = {key: _image_to_property(query, shared) for key, query in queries.items()}
    kept = {name: given[name] for name in (TRIGGERS, LOCK) if name in given}
    mirrored = {key: query.reference.upstream for key, query in queries.items() if query.reference.is_mirrored}
    upstream = {UPSTREAM: mirrored} if mirrored else {}
    return queries, {"images": images, **upstream, **shared, **kept}


def is_kept(asked: Properties, queries: Mapping[str, Query]) -> bool:
    """Whether the digests are looked up once and then kept."""
    return is_sticky(asked) or all(query.is_fixed for query in queries.values())


def pin_of_set(held: Properties, key: str) -> Pin:
    """Returns what the state of a set holds for one of its images.

    Args:
        held: the checked inputs of the set.
        key: the user's key of the image.
    """
    ref = _of_key(held, "refs", key)
    reference = parse_ref(ref) if ref else None
    source = {"repository": reference.repository, "tag": reference.tag} if reference else {}
    found = {part: _of_key(held, name, key) for part, name in BY_KEY.items()}
    return Pin({**_query_of_key(held, key), UPSTREAM: _of_key(held, UPSTREAM, key), **source, **found})


def _image_to_property(query: Query, shared: Properties) -> Any:
    rule = locked_rule(query.rule)
    names = [name for name in RULE if rule.get(name) != shared.get(name)]
    own = {name: rule.get(name, _OPT_OUT.get(name)) for name in names}
    return {"image": query.reference.image, **own} if own else query.reference.image


def _query_of_key(held: Properties, key: str) -> dict[str, Any]:
    given, image = given_query(held, held), _of_key(held, "images", key)
    shared = {name: given[name] for name in (*RULE, TRIGGERS, LOCK) if name in given}
    own = image if isinstance(image, Mapping) else {"image": image}
    return {name: value for name, value in {**shared, **own}.items() if _OPT_OUT.get(name) != value}


def _of_key(held: Properties, name: str, key: str) -> Any:
    return (held.get(name) or {}).get(key)
