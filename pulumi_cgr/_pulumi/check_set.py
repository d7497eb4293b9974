# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks an `ImageDigests`: many pins, all as of one instant.  The rules of `check_image.py`, for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..resolver import Resolutions, Resolver, SeveralFailed
from .check_image import Warn, warn_nobody
from .given_digest import use_given_digest
from .image_query import ImageQuery
from .pin import Pin, resolution_to_properties
from .prefetched import prefetched_resolutions
from .properties import PREFETCHED, TRIGGERS, Properties, is_unknown, read_arguments, resolver_for, whole_numbers
from .set_query import ARGUMENTS, BY_KEY, INDEXES, QUERY, RESOLVED_AT, given_query, is_kept, parse_queries, pin_of_set

RESOLUTION = ("digests", "refs", INDEXES, "updated_at", "reasons")
KEPT = (*QUERY, *RESOLUTION, RESOLVED_AT)

_Found = dict[str, dict[str, Any]]
"""The properties of each image that the arguments do not hold, by the user's keys."""


def check_set(olds: Properties, news: Properties, resolver: Resolver, warn: Warn = warn_nobody) -> dict[str, Any]:
    """Returns the checked inputs of an `ImageDigests`; arguments and errors are those of `check_image`."""
    given = given_query(read_arguments(news, ARGUMENTS), news)
    if is_unknown(given):
        # The user sees among the arguments which of the images is unknown.
        return {**given, **dict.fromkeys((name for name in RESOLUTION if name != INDEXES), pulumi.UNKNOWN)}
    resolver = resolver_for(given, resolver)
    queries, properties = parse_queries(given, resolver)
    asked = {key: ImageQuery.of(query, given) for key, query in queries.items()}
    pins = {key: pin_of_set(olds, key) for key in queries}
    frozen = _frozen(news, pins, asked, resolver)
    others = {key: each for key, each in asked.items() if key not in frozen}
    is_held = not resolver.lock and is_kept(properties, queries) and _is_whole(olds, properties, pins, others)
    if is_held and not frozen:
        return {**properties, **_held_resolution(olds)}
    if is_held:
        found, instants = {key: pins[key].found for key in others}, _held_instants(olds)
    else:
        found, instants = _resolve(news, pins, others, resolver, warn) if others else ({}, {})
    is_resolved_once = TRIGGERS in properties and "at" not in properties
    return {**properties, **_by_key(asked, {**found, **frozen}), **(instants if is_resolved_once else {})}


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


def _is_whole(
    olds: Properties, properties: Properties, pins: Mapping[str, Pin], asked: Mapping[str, ImageQuery]
) -> bool:
    """Whether the state holds the digests that are not given, of the very set that is asked for."""
    before = given_query(olds, olds)
    is_same_set = all(before.get(name) == properties.get(name) for name in QUERY)
    return is_same_set and all(pins[key].answers(each) for key, each in asked.items())


def _held_resolution(olds: Properties) -> dict[str, Any]:
    return {**{key: olds[key] for key in RESOLUTION if olds.get(key) is not None}, **_held_instants(olds)}


def _held_instants(olds: Properties) -> dict[str, str]:
    return {key: olds[key] for key in ("at", RESOLVED_AT) if olds.get(key) is not None}


def _frozen(news: Properties, pins: Mapping[str, Pin], asked: Mapping[str, ImageQuery], resolver: Resolver) -> _Found:
    """Returns what is found for the images whose digests `ignore_changes=["digests"]` brings back."""
    digests = whole_numbers(news.get("digests"))
    given = {key: digests[key] for key in asked if digests.get(key) is not None} if isinstance(digests, Mapping) else {}
    return {key: use_given_digest(digest, pins[key], asked[key], resolver, "digests") for key, digest in given.items()}


def _resolve(
    news: Properties, pins: Mapping[str, Pin], asked: Mapping[str, ImageQuery], resolver: Resolver, warn: Warn
) -> tuple[_Found, dict[str, str]]:
    """Returns what is found for each image, and the instants of the set."""
    queries = {key: each.query for key, each in asked.items()}
    if not resolver.lock:
        queries = {key: pins[key].as_current(query) for key, query in queries.items()}
    kept: _Found = {}
    try:
        ahead = prefetched_resolutions(news.get(PREFETCHED), queries, resolver.lock)
        resolutions = ahead or resolver.resolve_queries(queries)
    except SeveralFailed as failed:
        kept = _kept(failed, pins, asked, resolver)
        others = {key: query for key, query in queries.items() if key not in kept}
        if not kept:
            raise
        if not others:
            return kept, {}
        resolutions = resolver.resolve_queries(others)
    warn(resolutions.warnings)
    found = {key: resolution_to_properties(each) for key, each in resolutions.resolutions.items()}
    if not resolver.lock:
        found = {key: pins[key].unless_moved(each, asked[key]) for key, each in found.items()}
    return {**found, **kept}, _instants(resolutions)


def _kept(
    failed: SeveralFailed, pins: Mapping[str, Pin], asked: Mapping[str, ImageQuery], resolver: Resolver
) -> _Found:
    """Returns what the state holds for the images of which only the deployed build may no longer be pulled."""
    held = {key: pins[key].despite(error, asked[key], resolver) for key, error in failed.errors.items()}
    return {key: found for key, found in held.items() if found is not None}


def _instants(resolutions: Resolutions) -> dict[str, str]:
    return dict.fromkeys(("at", RESOLVED_AT), str(resolutions.at)) if resolutions.at else {}


def _by_key(asked: Mapping[str, ImageQuery], found: _Found) -> dict[str, Any]:
    values = {name: {key: found[key][part] for key in asked} for part, name in BY_KEY.items()}
    refs = {key: each.query.reference.pinned(found[key]["digest"]) for key, each in asked.items()}
    indexes = {key: index for key, index in values.pop(INDEXES).items() if index}
    return {**values, **({INDEXES: indexes} if indexes else {}), "refs": refs}
