# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving several images as of one instant.

The instant is taken from the histories, not from a request of its own: all histories are read at the same time, and the
instant is the earliest time that the registry's clock gave.  At that instant everything that was read was already true.  The
clock gives whole seconds only; so if a tag moved since, the instant is that of the last move, and the histories that were read
before it are read again: a request sent after a response sees everything that this response saw.
"""

from __future__ import annotations

from typing import Callable, Mapping, TypeVar

from ..errors import CgrError, SeveralFailed, UntrustworthyAnswer
from ..model.instant import SECOND, Instant
from ..model.query import Query
from ..model.resolution import Resolution
from .concurrency import run_concurrently
from .single import Fetched, Lookup

Progress = Callable[[int, int, str], None]
"""Called after each image with how many are done, how many there are, and the image."""

Queries = Mapping[str, Query]
_Result = TypeVar("_Result")


def resolve_each(
    queries: Queries, resolution: Callable[[Query], Resolution], workers: int, progress: Progress
) -> dict[str, Resolution]:
    """Resolves queries that each have an instant of their own.

    Raises:
        SeveralFailed: at least one cannot be resolved.
    """
    return _each(queries, lambda key: resolution(queries[key]), workers, progress)


def resolve_snapshot(
    queries: Queries, lookup: Lookup, workers: int, progress: Progress
) -> tuple[Instant, dict[str, Resolution]]:
    """Resolves queries about the present as of one instant, which is returned.

    Raises:
        SeveralFailed: at least one cannot be resolved.
    """
    seen = _each(queries, lambda key: lookup.fetch(queries[key]), workers, progress)
    instant = _instant(seen)

    def resolution(key: str) -> Resolution:
        now = seen[key].history.now
        known = now is not None and instant <= now
        return lookup.resolve(queries[key], seen[key] if known else None, instant)

    return instant, _each(queries, resolution, workers, lambda _done, _all, _image: None)


def _instant(seen: Mapping[str, Fetched]) -> Instant:
    times = [fetched.history.now for fetched in seen.values() if fetched.history.now is not None]
    if len(times) < len(seen):
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (no Date header), so no instant can be taken for the set. A proxy may have"
            " removed it."
        )
    past = max(times) + SECOND
    moves = [r.updated_at for fetched in seen.values() for r in fetched.history.builds[-1:] if r.updated_at <= past]
    return max([min(times), *moves])


def _each(queries: Queries, work: Callable[[str], _Result], workers: int, progress: Progress) -> dict[str, _Result]:
    found: dict[str, _Result] = {}
    errors: dict[str, CgrError] = {}
    for key, outcome in run_concurrently(work, queries, workers):
        try:
            found[key] = outcome.result()
        except CgrError as error:
            errors[key] = error.with_image(queries[key].reference.image)
        progress(len(found) + len(errors), len(queries), queries[key].reference.image)
    if errors:
        raise SeveralFailed({key: errors[key] for key in queries if key in errors}, len(queries))
    return {key: found[key] for key in queries}
