# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Several images, or all images of a run, as of one instant.

The instant is taken from the histories, not from a request of its own: all histories are read at the same time, and the
instant is the earliest time that the registry's clock gave.  At that instant everything that was read was already true.  The
clock gives whole seconds only, and that of one of several front ends may be behind.  So if a history has a later move, the
instant is that of the last move, and the histories that were read before it are read again: a request sent after a response
sees everything that this response saw.

A run may have its instant already.  A history that was read after it was set has everything that happened up to it, whatever
the clocks say; one that was read before is read again.
"""

from __future__ import annotations

from typing import Callable, Mapping, Protocol, TypeVar

from ..errors import CgrError, SeveralFailed, UntrustworthyAnswer
from ..model.build import BEGINNING, CLOCK_TOLERANCE
from ..model.instant import SECOND, Instant
from ..model.query import Query
from ..model.resolution import Resolution
from .concurrency import run_concurrently
from .single import Fetched, Lookup

Progress = Callable[[int, int, str], None]
"""Called after each image with how many are done, how many there are, and the image."""

Queries = Mapping[str, Query]
_Result = TypeVar("_Result")


class Present(Protocol):
    """The instant that is taken for the present."""

    @property
    def given(self) -> Instant | None:
        """The instant, if the user gave one."""

    @property
    def name(self) -> str:
        """The instant as the user wrote it."""

    def known(self) -> Instant | None:
        """Returns the instant; `None` if nothing has set it yet."""

    def set_once(self, instant: Instant) -> Instant:
        """Sets the instant, unless it is set already; returns the one that counts."""


class OwnPresent:
    """The present of one set: the instant at which it is read."""

    given = None
    name = "at"

    def known(self) -> Instant | None:
        """Returns `None`."""
        return None

    def set_once(self, instant: Instant) -> Instant:
        """Returns the instant."""
        return instant


def resolve_each(
    queries: Queries, resolution: Callable[[Query], Resolution], workers: int, progress: Progress
) -> dict[str, Resolution]:
    """Resolves queries that each have an instant of their own.

    Raises:
        SeveralFailed: at least one cannot be resolved.
    """
    return _each(queries, lambda key: resolution(queries[key]), workers, progress)


def resolve_snapshot(
    queries: Queries, lookup: Lookup, workers: int, progress: Progress, present: Present
) -> tuple[Instant, dict[str, Resolution]]:
    """Resolves queries that follow a tag, all as of one instant, which is returned.

    Args:
        queries: the queries, by keys of the caller's.
        lookup: resolves one image.
        workers: how many images are resolved at the same time.
        progress: called after each image.
        present: the instant to take for the present.

    Raises:
        SeveralFailed: at least one cannot be resolved.
    """
    known = present.known()
    seen, errors = _collect(
        queries, lambda key: lookup.fetch(queries[key], present.given, present.name), workers, progress
    )
    if errors:  # the others may fail, too, for reasons that only show now
        readable = {key: queries[key] for key in seen}
        _found, more = _collect(
            readable, lambda key: lookup.resolve(queries[key], seen[key]), workers, _ignore_progress
        )
        raise _several_failed({**errors, **more}, queries)
    instant, usable = _agree(queries, seen, known, present)

    def resolution(key: str) -> Resolution:
        return lookup.resolve(queries[key], usable.get(key), instant)

    return instant, _each(queries, resolution, workers, _ignore_progress)


def resolve_at_present(query: Query, lookup: Lookup, present: Present) -> tuple[Instant | None, Resolution]:
    """Resolves one query that follows a tag as of an instant, which is returned.

    It is `None` if nothing has set it, and the registry gives no time of its own: the latest build needs none.
    """
    known = present.known()
    fetched = lookup.fetch(query, present.given, present.name)
    if known is None and fetched.history.now is None:
        return None, lookup.resolve(query, fetched)
    instant, usable = _agree({"": query}, {"": fetched}, known, present)
    return instant, lookup.resolve(query, usable.get(""), instant)


def _agree(
    queries: Queries, seen: Mapping[str, Fetched], known: Instant | None, present: Present
) -> tuple[Instant, Mapping[str, Fetched]]:
    """Returns the instant to take for the present, and what was read late enough to be used.

    Args:
        queries: the queries.
        seen: what was read for them.
        known: the instant, if it was set before this was read.
        present: sets the instant.
    """
    if known is not None:
        return known, seen
    own = _instant(queries, seen)
    instant = present.set_once(own)
    if instant != own:  # another process set it meanwhile
        return instant, {}
    return instant, {key: fetched for key, fetched in seen.items() if instant <= _read_until(queries[key], fetched)}


def _instant(queries: Queries, seen: Mapping[str, Fetched]) -> Instant:
    times = [fetched.history.now for fetched in seen.values() if fetched.history.now is not None]
    if len(times) < len(seen):
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (no Date header), so no instant can be taken for the set. A proxy may have"
            " removed the header."
        )
    moves = [move for key, fetched in seen.items() for move in _last_move(queries[key], fetched, max(times))]
    return max([min(times), *moves])


def _read_until(query: Query, fetched: Fetched) -> Instant:
    """Returns the last instant up to which the history is known to be complete."""
    now = fetched.history.now or BEGINNING
    return max([now, *_last_move(query, fetched, now)])


def _last_move(query: Query, fetched: Fetched, now: Instant) -> list[Instant]:
    """Returns the last move of a tag, unless it is in the future: a move that was read has happened, so the clock is behind.

    An age counts from the registry's clock, so only a fraction of the clock's second is added.
    """
    ahead = SECOND if query.rule.min_age else CLOCK_TOLERANCE
    return [build.updated_at for build in fetched.history.builds[-1:] if build.updated_at <= now + ahead]


def _each(queries: Queries, work: Callable[[str], _Result], workers: int, progress: Progress) -> dict[str, _Result]:
    found, errors = _collect(queries, work, workers, progress)
    if errors:
        raise _several_failed(errors, queries)
    return {key: found[key] for key in queries}


def _collect(
    queries: Queries, work: Callable[[str], _Result], workers: int, progress: Progress
) -> tuple[dict[str, _Result], dict[str, CgrError]]:
    """Works on every query; returns the results and the errors, by their keys."""
    found: dict[str, _Result] = {}
    errors: dict[str, CgrError] = {}
    for key, outcome in run_concurrently(work, queries, workers):
        try:
            found[key] = outcome.result()
        except CgrError as error:
            errors[key] = error.with_image(queries[key].reference.image)
        progress(len(found) + len(errors), len(queries), queries[key].reference.image)
    return found, errors


def _several_failed(errors: Mapping[str, CgrError], queries: Queries) -> SeveralFailed:
    return SeveralFailed({key: errors[key] for key in queries if key in errors}, len(queries))


def _ignore_progress(_done: int, _total: int, _image: str) -> None:
    pass
