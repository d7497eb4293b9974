# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks an `ImageDigest`: works out its properties from its arguments and from what the state held before.

In a preview the engine shows the *checked inputs*, and passes them to whatever depends on the resource.  So they hold the
digest and everything derived from it.  The rules, first match wins:

1. An unknown input makes the digest unknown, and nothing is looked up.
2. A `digest` that is given is used: a pin of the user's, or the old one that `ignore_changes=["digest"]` brings back.
3. An image that is already pinned is used as it is.
4. If there is a lock file, it decides; the state is not used.
5. The digest for an instant never changes, and with `triggers` the digest is kept: if the state holds it, for the same
   query, it is kept.
6. A result that the program looked up ahead (`prefetch.py`) is used, if it is for the same query.
7. Otherwise it is looked up now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi

from .._bridge import Query, Reference, is_digest, locked_rule
from ..resolver import CgrError, DeniedByPolicy, Gone, InvalidImage, Resolution, Resolver
from .prefetched import prefetched_resolution
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
    reject_output_text,
    resolver_for,
    whole_numbers,
    without_none,
)

QUERY = ("image", UPSTREAM, *RULE, TRIGGERS, LOCK)
RESOLUTION = ("repository", "tag", "digest", "ref", INDEX, "updated_at", "reason")
KEPT = QUERY + RESOLUTION
FOUND = ("digest", INDEX, "updated_at", "reason")
"""The part of a resolution that the arguments do not hold."""
NEW_IN_STATE = frozenset({"min_age_from", "platform", "signed", INDEX})
"""The properties that older states do not have; they are absent rather than null."""
ARGUMENTS = (*QUERY, *CHECKS)

GIVEN_REASON = "the digest that was given; nothing was looked up"
# Takes the place of an unknown image while the rule beside it is parsed.
_SOME_IMAGE = "cgr.dev/chainguard/unknown"


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
    query, asked = parse_query(given, resolver)
    if is_unknown(given.get("image")):
        names = [name for name in RESOLUTION if name != INDEX or index_names(asked)]
        return {**asked, **dict.fromkeys(names, pulumi.UNKNOWN)}
    reference = query.reference
    parts = {"repository": reference.repository, "tag": reference.tag}
    is_open = digest is None and reference.digest is None and any(map(is_unknown, asked.values()))
    if is_unknown(digest) or is_open:
        unknown = dict.fromkeys(("digest", "ref", *index_names(asked), "updated_at", "reason"), pulumi.UNKNOWN)
        return without_none({**asked, **parts, **unknown})

    def resolve(query: Query) -> Resolution:
        resolution = prefetched_resolution(news.get(PREFETCHED), query) or resolver.resolve_query(query)
        warn(resolution.warnings)
        return resolution

    found = _resolve(olds, asked, query, digest, resolver, resolve)
    return without_none({**asked, **parts, **found, "ref": reference.pinned(found["digest"])})


def parse_query(given: Properties, resolver: Resolver) -> tuple[Query, dict[str, Any]]:
    """Parses the query among the arguments, as far as it is known.

    Returns:
        The query, and each of its arguments in its one text form, so that another spelling of the same is not a change.
    """
    reject_contradictions(given, resolver)
    unknown = {key: pulumi.UNKNOWN for key, value in given.items() if is_unknown(value)}
    known = {key: value for key, value in given.items() if key not in unknown}
    image = _SOME_IMAGE if "image" in unknown else known.get("image")
    query = resolver.parse_query(image, **{key: known[key] for key in (*RULE, *CHECKS) if key in known})
    for name in CHECKS:
        unknown.pop(name, None)
    kept: dict[str, Any] = {key: known[key] for key in ("image", TRIGGERS, LOCK) if key in known}
    upstream = {UPSTREAM: query.reference.upstream} if query.reference.is_mirrored else {}
    return query, {**kept, **upstream, **locked_rule(query.rule), **unknown}


def index_names(asked: Properties) -> tuple[str, ...]:
    """Returns the name of the property for the index, if the query has a platform."""
    return (INDEX,) if "platform" in asked else ()


def kept_properties(inputs: Properties) -> dict[str, Any]:
    """Returns the checked inputs that the state keeps; those about a platform only if there is one."""
    return {key: inputs.get(key) for key in KEPT if key not in NEW_IN_STATE or inputs.get(key) is not None}


def resolution_to_properties(resolution: Resolution) -> dict[str, str | None]:
    """Returns the part of a resolution that the arguments do not hold, as text."""
    values = resolution.to_result()
    return {key: values.get(key) for key in FOUND}


def given_digest(digest: str, query: Query, resolver: Resolver) -> dict[str, Any]:
    """Returns the properties of an image whose digest is given, after the checks that the rule asks for."""
    given = {**dict.fromkeys(FOUND), "digest": digest, "reason": GIVEN_REASON}
    rule, image = query.rule, query.reference.pinned(digest)
    if rule.pullable or rule.check_mirror:
        resolver.resolve(image, pullable=rule.pullable, check_mirror=rule.check_mirror, signed=False)
    if not rule.signed:
        return given
    return {**given, "reason": f"the digest that was given; {resolver.verify(query.reference.image, digest).sentence}"}


def with_current(query: Query, digest: Any) -> Query:
    """Returns the query of somebody who has deployed a digest, that of the index."""
    return replace(query, rule=query.rule.with_current(digest)) if is_digest(digest) else query


def is_about_kept(error: CgrError, kept: Properties) -> bool:
    """Whether an error says that the build in the state may no longer be pulled, so that the pin stays."""
    return error.index is not None and error.index == kept.get(INDEX)


def source_of(held: Properties) -> tuple[Any, Any]:
    """Returns whose digest checked inputs hold: the repository where it was resolved, and the tag."""
    return held.get(UPSTREAM) or held.get("repository"), held.get("tag")


def reject_wrong_digest(digest: Any, reference: Reference, kept: Any, source: tuple[Any, Any], argument: str) -> None:
    """Checks a digest that is given, or brought back by `ignore_changes`.

    Args:
        digest: the digest.
        reference: the image it is for.
        kept: the digest in the state.
        source: where that one was resolved.
        argument: the property that the digest is in.

    Raises:
        InvalidImage: it is not a digest, contradicts the image, or belongs to another image.
    """
    reject_output_text(argument, digest)
    image = reference.image
    if not is_digest(digest):
        wrong = f"{argument} {digest!r} is not a digest: write sha256: and 64 lower-case hex digits."
        raise InvalidImage(wrong, argument, image=image)
    if reference.digest not in (None, digest):
        wrong = f"the image is already pinned to another digest than {argument} {digest}. Remove one of them."
        raise InvalidImage(wrong, argument, image=image)
    is_kept = reference.digest is None and kept == digest
    if is_kept and source not in ((None, None), (reference.upstream, reference.tag)):
        named = ":".join(str(part) for part in source if part)
        raise InvalidImage(
            f"the digest {digest} is that of {named}, kept from before. Remove ignore_changes or give another digest; to keep"
            " this one on purpose, write it into the image: repository:tag@digest.",
            argument,
            image=image,
        )


def reject_other_platform(digest: Any, image: str, kept: Properties, platforms: tuple[Any, Any], argument: str) -> None:
    """Checks that a digest that `ignore_changes` brings back is for the platform that is asked for.

    Args:
        digest: the digest.
        image: the image it is for.
        kept: the resolution in the state.
        platforms: the platform for which that was resolved, and the one that is asked for.
        argument: the property that the digest is in.

    Raises:
        InvalidImage: it is for another platform.
    """
    held, asked = platforms
    if kept["updated_at"] and kept["digest"] == digest and held != asked:
        raise InvalidImage(
            f"the digest {digest} is that of {held or 'the index of all platforms'}, kept from before, but platform is"
            f" {asked or 'not given'} now. Remove ignore_changes or give another digest.",
            argument,
            image=image,
        )


def _resolve(
    olds: Properties,
    asked: Properties,
    query: Query,
    digest: Any,
    resolver: Resolver,
    resolve: Callable[[Query], Resolution],
) -> dict[str, Any]:
    is_same_query = all(olds.get(key) == asked.get(key) for key in QUERY)
    kept = {key: olds.get(key) for key in FOUND}
    if digest is not None:
        reject_wrong_digest(digest, query.reference, kept["digest"], source_of(olds), "digest")
        platforms = olds.get("platform"), asked.get("platform")
        reject_other_platform(digest, query.reference.image, kept, platforms, "digest")
        is_kept = is_same_query and kept["digest"] == digest
        return kept if is_kept else given_digest(digest, query, resolver)
    if not resolver.lock:
        if is_same_query and is_sticky(asked) and kept["updated_at"] and is_digest(kept["digest"]):
            return kept
        if source_of(olds) == (query.reference.upstream, query.reference.tag):
            query = with_current(query, kept[INDEX] or kept["digest"])
    try:
        found = resolution_to_properties(resolve(query))
    except (DeniedByPolicy, Gone) as error:
        if olds.get("platform") == asked.get("platform") and is_about_kept(error, kept):
            return kept
        raise
    # The reason is the one for which the digest was chosen when it was chosen; from a lock file, it is the lock file's.
    is_same = is_same_query and (found["digest"], found["updated_at"]) == (kept["digest"], kept["updated_at"])
    return kept if is_same and not resolver.lock else found
