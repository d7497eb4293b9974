# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What an `ImageDigests` holds: many pins, at one instant.  The rules of `check_image.py`, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from .._bridge import Query, error_from_dict, is_digest, parse_ref
from ..resolver import Instant, Resolution, Resolutions, Resolver
from .check_image import (
    LOCK,
    RESOLVED,
    RULE,
    STALE_AFTER,
    UPSTREAM,
    Properties,
    answering,
    changed,
    handed_in,
    is_sticky,
    is_unknown,
    properties,
    refuse_nonsense,
    text_of,
    with_current,
)

QUESTION = ("images", UPSTREAM, *RULE, "triggers", LOCK)
ANSWER = ("digests", "refs", "updated_at", "reasons", "instant")
KEPT = QUESTION + ANSWER
_FOUND = ("digest", "updated_at", "reason")
_HELD = {"digest": "digests", "updated_at": "updated_at", "reason": "reasons"}


def checked(olds: Properties, news: Properties, resolver: Resolver) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigests`; arguments and errors are as of `pin.checked`."""
    given = {key: news[key] for key in (*QUESTION, STALE_AFTER) if news.get(key) is not None}
    if is_unknown(given):
        # Which of its images is the unknown one, the user sees among the arguments.
        return {**given, **dict.fromkeys(("digests", "refs", "updated_at", "reasons"), pulumi.UNKNOWN)}
    resolver = answering(given, resolver)
    queries, asked = read_queries(given, resolver)
    same_question = all(olds.get(key) == asked.get(key) for key in QUESTION)
    is_kept = not resolver.lock and _is_kept(asked, queries)
    if same_question and is_kept and _is_whole(olds, queries):
        return {**asked, **{key: olds[key] for key in ANSWER if olds.get(key) is not None}}
    if not resolver.lock:
        queries = {key: _with_current(query, key, olds) for key, query in queries.items()}
    resolutions = _handed_in(news.get(RESOLVED), queries) or resolver.resolve_queries(queries)
    found = {key: properties(resolution) for key, resolution in resolutions.resolutions.items()}
    held = {held: {key: found[key][name] for key in found} for name, held in _HELD.items()}
    refs = {key: queries[key].reference.pinned(found[key]["digest"] or "") for key in found}
    if (
        same_question
        and not resolver.lock
        and held["digests"] == olds.get("digests")
        and held["updated_at"] == olds.get("updated_at")
    ):
        held["reasons"] = olds.get("reasons", {})
    # Of a set that follows its tags, the instant is another at every run: it would be a change of its own.
    instant = {"instant": str(resolutions.at)} if is_sticky(asked) and resolutions.at else {}
    return {**asked, **held, "refs": refs, **instant}


def read_queries(given: Properties, resolver: Resolver) -> tuple[dict[str, Query], dict[str, Any]]:
    """Reads the questions among the arguments.

    Returns:
        The questions by the user's keys, and the arguments in their one text form.
    """
    refuse_nonsense(given, resolver)
    rule = {key: given[key] for key in (*RULE, STALE_AFTER) if key in given}
    queries = resolver.parse_queries(given.get("images") or {}, **rule)
    shared = resolver.parse_query(next(iter(queries.values())).reference.repository, **rule).rule.to_dict()
    images = {}
    for key, query in queries.items():
        own = {name: value for name, value in query.rule.to_dict().items() if shared.get(name) != value}
        images[key] = {"image": query.reference.image, **own} if own else query.reference.image
    kept = {name: given[name] for name in ("triggers", LOCK) if name in given}
    mirrored = {key: query.reference.upstream for key, query in queries.items() if query.reference.is_mirrored}
    upstream = {UPSTREAM: mirrored} if mirrored else {}
    return queries, {"images": images, **upstream, **shared, **kept}


def outputs(inputs: Properties) -> dict[str, Any]:
    """Returns what the state keeps of the checked inputs."""
    return {key: inputs[key] for key in KEPT if inputs.get(key) is not None}


def differs(olds: Properties, news: Properties) -> bool:
    """Whether the checked inputs differ from what the state holds, as far as is known."""
    return changed(olds, news, KEPT)


def as_resolved(queries: Mapping[str, Query], resolutions: Resolutions) -> dict[str, Any]:
    """Returns what the program looked up, to be handed in."""
    return {
        "at": str(resolutions.at) if resolutions.at else None,
        "images": {
            key: {"query": text_of(queries[key]), "resolution": resolution.to_dict()}
            for key, resolution in resolutions.resolutions.items()
        },
    }


def _is_kept(asked: Properties, queries: Mapping[str, Query]) -> bool:
    return is_sticky(asked) or all(query.is_fixed for query in queries.values())


def _is_whole(olds: Properties, queries: Mapping[str, Query]) -> bool:
    digests = olds.get("digests")
    return isinstance(digests, Mapping) and all(is_digest(digests.get(key)) for key in queries)


def _with_current(query: Query, key: str, olds: Properties) -> Query:
    ref = (olds.get("refs") or {}).get(key)
    if not ref:
        return query
    held = parse_ref(ref)
    source = (olds.get(UPSTREAM) or {}).get(key, held.repository), held.tag
    same = source == (query.reference.upstream, query.reference.tag)
    return with_current(query, held.digest) if same else query


def _handed_in(resolved: Any, queries: Mapping[str, Query]) -> Resolutions | None:
    if not isinstance(resolved, Mapping):
        return None
    if "error" in resolved:
        raise error_from_dict(resolved["error"])
    entries = resolved.get("images") or {}
    resolutions: dict[str, Resolution] = {}
    for key, query in queries.items():
        resolution = handed_in(entries.get(key), query)
        if resolution is None:
            return None
        resolutions[key] = resolution
    return Resolutions(Instant.parse(resolved["at"]) if resolved.get("at") else None, resolutions)
