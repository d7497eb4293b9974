# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks an `ImageDigests`: many pins, all as of one instant.  The rules of `check_image.py`, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from .._bridge import Query, is_digest, locked_rule, parse_ref
from ..resolver import Resolutions, Resolver, SeveralFailed
from .check_image import (
    Warn,
    given_digest,
    is_about_kept,
    reject_other_platform,
    reject_wrong_digest,
    resolution_to_properties,
    warn_nobody,
    with_current,
)
from .prefetched import prefetched_resolutions
from .properties import (
    CHECKS,
    INDEX,
    LOCK,
    PREFETCHED,
    RULE,
    TRIGGERS,
    UPSTREAM,
    Properties,
    is_sticky,
    is_unknown,
    read_arguments,
    reject_contradictions,
    resolver_for,
    whole_numbers,
)

QUERY = ("images", UPSTREAM, *RULE, TRIGGERS, LOCK)
RESOLVED_AT = "resolved_at"
"""The instant at which a set with `triggers` was resolved.  It is `at` as well, and says that `at` is not an argument."""
INDEXES = "indexes"
RESOLUTION = ("digests", "refs", INDEXES, "updated_at", "reasons")
KEPT = (*QUERY, *RESOLUTION, RESOLVED_AT)
ARGUMENTS = (*QUERY, *CHECKS)
# The properties of one image, and the properties of the set that hold them by the user's keys.
_BY_KEY = {"digest": "digests", INDEX: INDEXES, "updated_at": "updated_at", "reason": "reasons"}


def check_set(olds: Properties, news: Properties, resolver: Resolver, warn: Warn = warn_nobody) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigests`; arguments and errors are those of `check_image`."""
    given = given_query(read_arguments(news, ARGUMENTS), news)
    if is_unknown(given):
        # The user sees among the arguments which of the images is unknown.
        return {**given, **dict.fromkeys((name for name in RESOLUTION if name != INDEXES), pulumi.UNKNOWN)}
    resolver = resolver_for(given, resolver)
    queries, asked = parse_queries(given, resolver)
    before = given_query(olds, olds)
    is_same_query = all(before.get(key) == asked.get(key) for key in QUERY)
    if is_same_query and not resolver.lock and is_kept(asked, queries) and _is_whole(olds, queries):
        return {**asked, **_held_resolution(olds)}
    frozen = _frozen(olds, news, queries, resolver)
    open_queries = {key: queries[key] for key in queries if key not in frozen}
    found, instants = _resolve(olds, news, open_queries, resolver, warn)
    resolved = _by_key(queries, {**found, **frozen})
    if is_same_query and not resolver.lock and _is_same_choice(olds, resolved):
        resolved["reasons"] = olds.get("reasons") or resolved["reasons"]
    return {**asked, **resolved, **(instants if TRIGGERS in asked and "at" not in asked else {})}


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
    rule = {key: given[key] for key in (*RULE, *CHECKS) if key in given}
    queries = resolver.parse_queries(given.get("images") or {}, **rule)
    first = next(iter(queries.values())).reference.repository
    shared = locked_rule(resolver.parse_query(first, **rule).rule)
    images = {}
    for key, query in queries.items():
        own = {name: value for name, value in locked_rule(query.rule).items() if shared.get(name) != value}
        if shared.get("signed") and not query.rule.signed:
            own["signed"] = False
        if shared.get("min_age_from") and not query.rule.min_age_from:
            own["min_age_from"] = "tag"
        images[key] = {"image": query.reference.image, **own} if own else query.reference.image
    kept = {name: given[name] for name in (TRIGGERS, LOCK) if name in given}
    mirrored = {key: query.reference.upstream for key, query in queries.items() if query.reference.is_mirrored}
    upstream = {UPSTREAM: mirrored} if mirrored else {}
    return queries, {"images": images, **upstream, **shared, **kept}


def kept_properties(inputs: Properties) -> dict[str, Any]:
    """Returns the checked inputs that the state keeps."""
    return {key: inputs[key] for key in KEPT if inputs.get(key) is not None}


def with_new_images(held: Properties, news: Properties) -> dict[str, Any]:
    """Returns what the state holds, with unknown values for the images among the arguments that are not in it."""
    images = news.get("images")
    unknown = dict.fromkeys(images, pulumi.UNKNOWN) if isinstance(images, Mapping) else {}
    return {
        name: {**unknown, **value} if name in RESOLUTION and isinstance(value, Mapping) else value
        for name, value in held.items()
    }


def is_kept(asked: Properties, queries: Mapping[str, Query]) -> bool:
    """Whether the digests are looked up once and then kept."""
    return is_sticky(asked) or all(query.is_fixed for query in queries.values())


def _is_whole(olds: Properties, queries: Mapping[str, Query]) -> bool:
    digests = olds.get("digests")
    return isinstance(digests, Mapping) and all(is_digest(digests.get(key)) for key in queries)


def _is_same_choice(olds: Properties, resolved: Properties) -> bool:
    # A time that is None is missing in the state.
    times = {key: time for key, time in resolved["updated_at"].items() if time is not None}
    return bool(resolved["digests"] == olds.get("digests") and times == olds.get("updated_at", {}))


def _held_resolution(olds: Properties) -> dict[str, Any]:
    return {key: olds[key] for key in (*RESOLUTION, "at", RESOLVED_AT) if olds.get(key) is not None}


def _resolve(
    olds: Properties, news: Properties, queries: Mapping[str, Query], resolver: Resolver, warn: Warn
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Returns the properties of each image, and the instants of the set."""
    if not queries:
        return {}, {}
    if not resolver.lock:
        queries = {key: _with_current(query, key, olds) for key, query in queries.items()}
    prefetched, kept = prefetched_resolutions(news.get(PREFETCHED), queries), {}
    try:
        resolutions = prefetched or resolver.resolve_queries(queries)
    except SeveralFailed as failed:
        kept = _kept(failed, olds, queries)
        others = {key: query for key, query in queries.items() if key not in kept}
        if not kept or not others:
            if len(kept) == len(queries):
                return kept, {}
            raise
        resolutions = resolver.resolve_queries(others)
    warn(resolutions.warnings)
    found = {key: resolution_to_properties(each) for key, each in resolutions.resolutions.items()}
    return {**found, **kept}, _instants(resolutions)


def _kept(failed: SeveralFailed, olds: Properties, queries: Mapping[str, Query]) -> dict[str, dict[str, Any]]:
    """Returns the properties in the state of images of which only the deployed build may no longer be pulled."""
    found = {}
    for key, error in failed.errors.items():
        held = {part: (olds.get(name) or {}).get(key) for part, name in _BY_KEY.items()}
        platform = _platform_of(olds, key)
        if is_about_kept(error, held) and platform == str(queries[key].rule.platform):
            found[key] = held
    return found


def _platform_of(olds: Properties, key: str) -> Any:
    own = (olds.get("images") or {}).get(key)
    return own.get("platform", olds.get("platform")) if isinstance(own, Mapping) else olds.get("platform")


def _instants(resolutions: Resolutions) -> dict[str, str]:
    return dict.fromkeys(("at", RESOLVED_AT), str(resolutions.at)) if resolutions.at else {}


def _by_key(queries: Mapping[str, Query], found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values = {name: {key: found[key][part] for key in queries} for part, name in _BY_KEY.items()}
    refs = {key: query.reference.pinned(found[key]["digest"]) for key, query in queries.items()}
    indexes = {key: index for key, index in values.pop(INDEXES).items() if index}
    return {**values, **({INDEXES: indexes} if indexes else {}), "refs": refs}


def _frozen(
    olds: Properties, news: Properties, queries: Mapping[str, Query], resolver: Resolver
) -> dict[str, dict[str, Any]]:
    """Returns the properties of the images whose digests `ignore_changes=["digests"]` brings back."""
    digests = whole_numbers(news.get("digests"))
    frozen = {}
    for key, query in queries.items():
        digest = digests.get(key) if isinstance(digests, Mapping) else None
        if digest is not None:
            held = {part: (olds.get(name) or {}).get(key) for part, name in _BY_KEY.items()}
            reject_wrong_digest(digest, query.reference, held["digest"], _source(olds, key), "digests")
            platforms = _platform_of(olds, key), locked_rule(query.rule).get("platform")
            reject_other_platform(digest, query.reference.image, held, platforms, "digests")
            frozen[key] = held if held["digest"] == digest else given_digest(digest, query, resolver)
    return frozen


def _source(olds: Properties, key: str) -> tuple[Any, Any]:
    """Returns whose digest the state holds under a key: the repository where it was resolved, and the tag."""
    ref = (olds.get("refs") or {}).get(key)
    if not ref:
        return None, None
    held = parse_ref(ref)
    return (olds.get(UPSTREAM) or {}).get(key, held.repository), held.tag


def _with_current(query: Query, key: str, olds: Properties) -> Query:
    is_same = _source(olds, key) == (query.reference.upstream, query.reference.tag)
    digest = (olds.get(INDEXES) or {}).get(key) or (olds.get("digests") or {}).get(key)
    return with_current(query, digest) if is_same else query
