# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The beginning of a search: its candidates are read from the tag's history, once."""

from __future__ import annotations

from .._bridge import lock_key, parse_at
from ..changes import digest_in
from ..resolver import Instant, InvalidArgument, Resolver, Timeline
from .search import BAD, GOOD, Search, candidates_of
from .state import State

BEGINNING = "1970-01-01"


class End:
    """One end of a search, as the user gives it: an instant, or a digest.

    Args:
        resolver: knows the mirrors.
        image: the image.
        name: `good` or `bad`.
        text: an instant, a digest, or a reference with a digest.

    Raises:
        InvalidInstant, InvalidImage: it is something else.
    """

    def __init__(self, resolver: Resolver, image: str, name: str, text: str) -> None:
        has_digest = text.startswith("sha256:") or "@" in text
        self.digest = digest_in(resolver, text, image) if has_digest else None
        self.instant: Instant | None = None if has_digest else parse_at(text, name)

    def __str__(self) -> str:
        return self.digest or str(self.instant)


def image_of(resolver: Resolver, image: str) -> str:
    """Returns an image with its tag and without its digest."""
    return lock_key(resolver.parse_query(image)).image


def new_state(resolver: Resolver, image: str, good: End, bad: End) -> State:
    """Reads the candidates of a search.

    A digest counts from the first time that the tag pointed at it, so for a good build that is given as a digest the whole
    history is read.

    Args:
        resolver: reads the history.
        image: the image with its tag.
        good, bad: the two ends.

    Raises:
        InvalidArgument: they are not two different builds of the tag, the good one before the bad one.
        CgrError: as for `Resolver.moves`.
    """
    if good.instant and bad.instant and good.instant >= bad.instant:
        raise InvalidArgument(f"the good instant {good} is not before the bad one {bad}: swap them.", GOOD)
    since = str(good.instant) if good.instant else BEGINNING
    until = str(bad.instant) if bad.instant else None
    past = resolver.moves(image, since=since, until=until, is_begin_exact=True)
    first = good.digest or _at_the_beginning(past, good)
    candidates = candidates_of(past.intervals, first, bad.digest or past.intervals[-1].digest)
    return State(image, str(good), str(bad), Search(candidates))


def _at_the_beginning(past: Timeline, good: End) -> str:
    interval = past.intervals[0]
    if good.instant and interval.updated_at > good.instant:
        raise InvalidArgument(f"the tag did not exist at {good}; its first build is from {interval.updated_at}.", GOOD)
    return interval.digest


__all__ = ["BAD", "GOOD", "End", "image_of", "new_state"]
