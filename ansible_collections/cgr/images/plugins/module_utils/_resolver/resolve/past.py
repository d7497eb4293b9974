# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the timeline of a tag."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from ..errors import (
    BeforeFirstBuild,
    DeniedByPolicy,
    Gone,
    NoBuildFits,
    NoSuchBuild,
    SignatureError,
    UnknownPlatform,
    UntrustworthyAnswer,
)
from ..history.reader import reject_future
from ..history.timeline import Timeline, parse_window
from ..model.instant import AtLike, Instant
from ..model.query import Query
from .concurrency import run_concurrently
from .single import Fetched, Lookup

NO_CHOICE = (
    *(NoBuildFits, BeforeFirstBuild, UnknownPlatform, Gone),
    *(DeniedByPolicy, SignatureError, UntrustworthyAnswer),
)
"""The errors that say why a rule chooses no build of a tag that has a history."""


def read_past(
    lookup: Lookup,
    query: Query,
    since: AtLike,
    until: AtLike | None,
    current: str | None,
    progress: Callable[[int, int], None] | None,
    concurrency: int,
) -> Timeline:
    """Reads the timeline of a tag, with what the rule chooses, and what the manifests of its builds say if the rule asks for it.

    Args:
        lookup, query, since, until, current, progress: see `read_timeline`.
        concurrency: how many manifests are read at the same time.

    Raises:
        CgrError: as for `read_timeline`; if only the rule chooses no build, that is in the result.
    """
    query = replace(query, rule=query.rule.with_current(current))
    found, fetched = read_timeline(lookup, query, since, until, current, progress or (lambda _done, _all: None))
    if query.rule.platform and current:
        found = replace(found, current=lookup.with_index_of_current(query, fetched.history).rule.current)
    if query.rule.details:
        found = _with_details(lookup, found, concurrency)
    return _with_choice(lookup, found, None if found.until else fetched)


def read_timeline(
    lookup: Lookup,
    query: Query,
    since: AtLike,
    until: AtLike | None,
    current: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    is_begin_exact: bool = True,
) -> tuple[Timeline, Fetched]:
    """Reads the timeline of a tag, in which the rule has not chosen yet.

    Args:
        lookup: reads the history.
        query: the tag and the rule.
        since: the earlier instant, or a duration before the later one.
        until: the later instant; `None` for the present.
        current: the digest that is deployed.
        progress, is_begin_exact: see `reader.fetch_between`.

    Returns:
        The timeline, and what was read.

    Raises:
        InvalidRule, InvalidInstant: an instant is malformed or in the future.
        CgrError: as for `Lookup.resolve`.
    """
    back, end = parse_window(since, until)
    start, fetched = lookup.fetch_between(query.reference, back, end, progress, is_begin_exact)
    if end is None and isinstance(back, Instant) and fetched.history.now is not None:
        reject_future(back, fetched.history.now, "since")
    return Timeline.of(query, *fetched, start, end, current), fetched


def read_moves(lookup: Lookup, query: Query, since: AtLike, until: AtLike | None, is_begin_exact: bool) -> Timeline:
    """Reads a timeline with at least one interval.

    Raises:
        UnknownTag, BeforeFirstBuild: the tag has no build up to `until`.
        CgrError: as for `read_timeline`.
    """
    found, fetched = read_timeline(lookup, query, since, until, is_begin_exact=is_begin_exact)
    if not found.intervals:
        lookup.resolve(query.with_rule(at=found.until), fetched)  # raises the error that says why
    return found


def _with_details(lookup: Lookup, found: Timeline, concurrency: int) -> Timeline:
    """Adds what the manifests of all builds say; a warning for each one that cannot be read."""
    digests = dict.fromkeys(interval.digest for interval in found.intervals)
    details, warnings = {}, list(found.warnings)
    for digest, outcome in run_concurrently(
        lambda digest: lookup.details(found.query.reference, digest), digests, concurrency
    ):
        try:
            details[digest] = outcome.result()
        except (NoSuchBuild, DeniedByPolicy) as error:  # noqa: PERF203  (all of them are told)
            warnings.append(f"{found.image}: {error.message}")
    return replace(found, details=details, warnings=tuple(warnings))


def _with_choice(lookup: Lookup, found: Timeline, fetched: Fetched | None) -> Timeline:
    """Adds what the rule of a timeline chooses, from what was read if that reaches up to the present."""
    query = found.query
    try:
        if fetched and query.rule.at:
            reject_future(query.rule.at, found.now)
        resolution = lookup.resolve(query, fetched)
        return replace(found, chosen=resolution, warnings=(*found.warnings, *resolution.warnings))
    except NO_CHOICE as error:
        return replace(found, refusal=str(error.with_image(found.image)))
