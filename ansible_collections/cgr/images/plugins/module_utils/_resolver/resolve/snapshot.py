# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Several images at one instant.

The instant is taken from what was read, not from a request of its own: every history is read at once, and the instant is
the earliest time the registry's clock gave.  At that instant everything that was read was already true.  That clock gives
whole seconds only, and that of one of several front ends may be behind; so if a history has a later move, the instant is that
of the last move, and the histories that were read before it are read again: a request that is sent after an answer sees all that
this answer saw.  So a set of one has the same result as one image.
"""

from __future__ import annotations

from typing import Callable, Mapping, TypeVar

from ..errors import CgrError, SeveralFailed, UntrustworthyAnswer
from ..model.build import CLOCK_TOLERANCE
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
    """Answers questions of which each has an instant of its own.

    Raises:
        SeveralFailed: at least one has no answer.
    """
    return _each(queries, lambda key: resolution(queries[key]), workers, progress)


def resolve_snapshot(
    queries: Queries, lookup: Lookup, workers: int, progress: Progress
) -> tuple[Instant, dict[str, Resolution]]:
    """Answers questions about the present, all at one instant, which is returned.

    Raises:
        SeveralFailed: at least one has no answer.
    """
    seen = _each(queries, lambda key: lookup.fetch(queries[key]), workers, progress)
    instant = _instant(queries, seen)

    def resolution(key: str) -> Resolution:
        now = seen[key].history.now
        known = now is not None and instant <= now
        return lookup.resolve(queries[key], seen[key] if known else None, instant)

    return instant, _each(queries, resolution, workers, lambda _done, _all, _image: None)


def _instant(queries: Queries, seen: Mapping[str, Fetched]) -> Instant:
    times = [fetched.history.now for fetched in seen.values() if fetched.history.now is not None]
    if len(times) < len(seen):
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (no Date header), so no instant can be taken for the set. A proxy may have"
            " removed it."
        )
    moves = [min(times)]
    for key, fetched in seen.items():
        # An age counts from the registry's clock, so only a fraction of its second is added.
        ahead = SECOND if queries[key].rule.min_age else CLOCK_TOLERANCE
        moves += [build.updated_at for build in fetched.history.builds[-1:] if build.updated_at <= max(times) + ahead]
    return max(moves)


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
