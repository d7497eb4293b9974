# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Lookups ahead of the checks: the engine runs checks one at a time, so the program looks everything up at the same time.

Digests that the state already holds are left to the check, which needs no network for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..resolver import CgrError, Resolutions
from . import image_query, set_query
from .prefetched import set_to_text, to_text
from .properties import is_sticky, read_arguments, resolver_for
from .run import current_run, warn


async def prefetch_image(
    arguments: Mapping[str, Any], resource: pulumi.Resource, *, is_frozen: bool = False, is_secret: bool = False
) -> str | None:
    """Looks an image up.

    Args:
        arguments: the arguments of an `ImageDigest`.
        resource: the resource, for warnings.
        is_frozen: whether `ignore_changes` brings back the digest in the state.
        is_secret: whether an argument is a secret.

    Returns:
        What `check_image` takes as `prefetched`: the resolution, or the error; `None` if there is nothing to look up.
    """
    if arguments.get("digest") is not None:
        return None
    try:
        run = current_run()
        given = read_arguments(arguments, image_query.ARGUMENTS)
        resolver = resolver_for(given, run.resolver)
        query, asked = image_query.parse_query(given, resolver)
    except CgrError:
        return None  # the check says so, on the property
    if query.reference.digest is not None and not query.rule.signed:
        return None
    is_kept = ((is_sticky(asked) or query.is_fixed) and not resolver.lock) or is_frozen
    # Secrets cannot be read from the state, so they cannot be compared with what it holds.
    if is_kept and (is_secret or await run.is_held(asked, image_query.QUERY, "digest")):
        return None
    try:
        resolution = await run.in_thread(lambda: resolver.resolve_query(query))
    except CgrError as error:
        return to_text(query, error, resolver.lock)
    if not is_secret:
        warn(resolution.warnings, resource)
    return to_text(query, resolution, resolver.lock)


async def prefetch_set(
    arguments: Mapping[str, Any], resource: pulumi.Resource, *, is_frozen: bool = False, is_secret: bool = False
) -> str | None:
    """Looks the images of an `ImageDigests` up; arguments and result are those of `prefetch_image`."""
    try:
        run = current_run()
        given = read_arguments(arguments, set_query.ARGUMENTS)
        resolver = resolver_for(given, run.resolver)
        queries, asked = set_query.parse_queries(given, resolver)
    except CgrError:
        return None
    is_kept = (set_query.is_kept(asked, queries) and not resolver.lock) or is_frozen
    keys = tuple(key for key in set_query.QUERY if key != "at" or "at" in asked)
    if is_kept and (is_secret or await run.is_held(asked, keys, "digests")):
        return None
    outcome: Resolutions | CgrError
    try:
        outcome = await run.in_thread(lambda: resolver.resolve_queries(queries))
    except CgrError as error:
        outcome = error
    if isinstance(outcome, Resolutions) and not is_secret:
        warn(outcome.warnings, resource)
    return set_to_text(queries, outcome, resolver.lock)
