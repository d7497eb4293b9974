# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading the range of a tag's history that answers a query, in few requests and without trusting a truncated page.

A source returns the builds between two instants, but may silently omit some if there are many: the Tag History API documents
a maximum of 1000 builds per request, and offers no way to see that it was reached.  Hence:

- A page of fewer than `TRUSTED_BELOW` builds is complete.  Any other page may be truncated, at either end, and no result is
  ever taken from it: it only tells where to look next.
- The first window ends shortly after the instant (which also tells how long the build was current).  It is widened while it
  holds nothing at or before the instant, and narrowed while it may be truncated.
- Nothing depends on the order of the builds, nor on whether the bounds are inclusive: every window is requested with a
  second to spare at both ends, then filtered exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

from ..errors import InvalidInstant, UntrustworthyAnswer
from ..model.build import BEGINNING, CLOCK_TOLERANCE, Build, HistoryRange, Page
from ..model.instant import DAY, SECOND, Instant
from .source import HistorySource

TRUSTED_BELOW = 100
FIRST_WINDOW = 10 * DAY
SECOND_WINDOW = 112 * DAY
LOOK_AHEAD = 4 * DAY
LOOK_BEFORE = 20 * DAY
MAX_REQUESTS = 16
TARGET_BUILDS = 50

FOREVER = Instant.parse("3000-01-01")


def fetch_until(
    source: HistorySource, at: Instant | None, guess: Instant, back: int = 0, name: str = "at"
) -> HistoryRange:
    """Reads a complete range of history that has at least one build at or before an instant, if the tag has one.

    Args:
        source: the history of the tag.
        at: the instant, or `None` for the end of the history.
        guess: roughly the present; if `at` is `None`, the search begins there.  A wrong guess only costs requests.
        back: how many nanoseconds before that instant the search should begin.
        name: what the user calls the instant.

    Returns:
        The range; without a build up to `at` only if the tag's history has no such build.

    Raises:
        InvalidInstant: `at` is in the future by the source's clock.
        UntrustworthyAnswer: the source's pages can never be known to be complete, or it gave no clock to compare `at` with.
    """
    limit = min(max(at or FOREVER, BEGINNING), FOREVER)
    window = _Window.first(limit, guess if at is None else limit, back)
    for _request in range(MAX_REQUESTS):
        page = source.between(window.start, window.end)
        if at is not None:
            reject_future(at, page.now, name)
        complete = _complete(page, window, limit)
        if complete is not None:
            return complete
        if at is None and _is_far_off(page, window):
            window = _Window.first(limit, page.now or guess, back)
        else:
            window = window.after(page, limit)
    raise UntrustworthyAnswer(_NEVER_COMPLETE)


def fetch_earlier(source: HistorySource, history: HistoryRange) -> HistoryRange:
    """Returns a range that begins earlier, with at least one more build, if the tag has one.

    Raises:
        UntrustworthyAnswer: the source's pages can never be known to be complete.
    """
    limit = history.start + -1
    duration = _time_for(TARGET_BUILDS, list(history.builds)) or SECOND_WINDOW
    window = _Window(_back(limit, duration), limit, limit)
    for _request in range(MAX_REQUESTS):
        page = source.between(window.start, window.end)
        older = _complete(page, window, limit)
        if older is not None:
            builds = tuple(sorted({*older.builds, *history.builds}, key=_order))
            deletions = tuple(sorted({*older.deletions, *history.deletions}))
            return replace(
                history, builds=builds, start=older.start, deletions=deletions, known_since=older.known_since
            )
        window = window.after(page, limit)
    raise UntrustworthyAnswer(_NEVER_COMPLETE)


def fetch_between(
    source: HistorySource,
    since: Instant | int,
    until: Instant | None,
    guess: Instant,
    progress: Callable[[int, int], None],
    is_begin_exact: bool = True,
) -> tuple[Instant, HistoryRange]:
    """Reads a complete range of history between two instants, with the build that was current at the earlier one.

    Args:
        source: the history of the tag.
        since: the earlier instant, or how many nanoseconds before the later one.
        until: the later instant, or `None` for the present by the source's clock.
        guess: roughly the present.
        progress: called whenever there is more to read, with how many nanoseconds are read, and how many there are.
        is_begin_exact: whether to read on until it is known when the tag moved to the build that was current at the earlier
            instant. Otherwise only the digest is certain, which takes one request for almost every tag.

    Returns:
        The earlier instant, and the range.

    Raises:
        InvalidInstant: `until` is in the future by the source's clock.
        UntrustworthyAnswer: as for `fetch_until`.
    """
    back = since if isinstance(since, int) else max((until or guess) - since, 0)
    back, needed = (back, 2) if is_begin_exact else (back + LOOK_BEFORE, 1)
    history = fetch_until(source, until, guess, min(back, SECOND_WINDOW), "until")
    end = until or history.now or guess
    start = end + -since if isinstance(since, int) else since
    # When the tag moved to the build that was current then is known only from the digest before.
    while not history.has_first_build and len({r.digest for r in history.builds if r.updated_at <= start}) < needed:
        progress(end - history.start, end - start)
        history = fetch_earlier(source, history)
    return start, history


def _complete(page: Page, window: _Window, limit: Instant) -> HistoryRange | None:
    """Returns a page as a range, if it is known to be complete and has a build up to the limit."""
    if _is_full(page):
        return None
    builds = window.builds_in(page)
    if not (builds and builds[0].updated_at <= limit) and window.start > (page.known_since or BEGINNING):
        return None
    deletions = tuple(sorted({each for each in page.deletions if window.start <= each <= window.end}))
    return HistoryRange(tuple(builds), window.start, window.end, page.now, deletions, page.known_since)


def _is_full(page: Page) -> bool:
    """Whether a page has so many entries that it may be truncated."""
    return len(page.builds) + len(page.deletions) >= TRUSTED_BELOW


def _is_far_off(page: Page, window: _Window) -> bool:
    """Whether the source's clock says that the search for the latest build began at a wrong guess of the present."""
    return page.now is not None and abs(page.now - window.anchor) > CLOCK_TOLERANCE


def fetch_first_build(source: HistorySource, after: Instant) -> Build | None:
    """Returns the first build after an instant, for a tag without a build before it.

    Without an `end`, the Tag History API is documented to answer with the oldest builds, so the first one is among
    them even if the page was truncated.
    """
    page = source.between(max(after, BEGINNING), None)
    later = [build for build in page.builds if build.updated_at > after]
    return min(later, key=lambda build: build.updated_at, default=None)


@dataclass(frozen=True)
class _Window:
    """The range to request next.  `floor` is a build known to be in it, `anchor` the instant where builds are expected."""

    start: Instant
    end: Instant
    anchor: Instant
    floor: Instant | None = None

    @classmethod
    def first(cls, limit: Instant, anchor: Instant, back: int) -> _Window:
        return cls(_back(anchor, FIRST_WINDOW + back), min(limit + LOOK_AHEAD, FOREVER), anchor)

    def builds_in(self, page: Page) -> list[Build]:
        """Returns the builds of a page that are in the window, oldest first, without duplicates."""
        return sorted({r for r in page.builds if self.start <= r.updated_at <= self.end}, key=_order)

    def after(self, page: Page, limit: Instant) -> _Window:
        """Returns the window to request after this page."""
        if _is_full(page):
            return self.narrower(page.builds, [r for r in self.builds_in(page) if r.updated_at <= limit], limit)
        return self.wider()

    def wider(self) -> _Window:
        second = _back(self.anchor, SECOND_WINDOW)
        start = self.floor or (second if second < self.start else BEGINNING)
        return _Window(start, self.end, self.anchor, self.floor)

    def narrower(self, page: tuple[Build, ...], hits: list[Build], limit: Instant) -> _Window:
        """Shrinks a window whose page may be truncated; `hits` are the page's builds up to `limit`, oldest first."""
        if not hits and self.end > limit:
            return _Window(self.start, limit, self.anchor)
        if not hits:
            raise UntrustworthyAnswer(_NEVER_COMPLETE)
        newest = hits[-1].updated_at
        start = newest if _has_newest(page) else max(newest, _back(self.anchor, _time_for(TARGET_BUILDS, hits)))
        if start <= self.start and self.end <= limit:
            raise UntrustworthyAnswer(_NEVER_COMPLETE)
        return _Window(start, limit, self.anchor, newest)


_NEVER_COMPLETE = (
    "The registry's tag history cannot be read: whatever range is requested, it answers so many records that others may be"
    " missing, so no digest is taken from it. Tell the registry's owner that 'start' and 'end' may not be honoured."
)


def _order(build: Build) -> tuple[Instant, str]:
    return build.updated_at, build.digest


def reject_future(at: Instant, now: Instant | None, name: str = "at") -> None:
    """Rejects an instant that has not passed by the source's clock.

    Raises:
        InvalidInstant, UntrustworthyAnswer: as for `fetch_until`.
    """
    if now is None:
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (a Date header that can be read), so it is unknown whether"
            f" '{name}' is in the past. A proxy may have removed or changed the header."
        )
    # An HTTP date has whole seconds.
    if at > now + SECOND:
        default = " to get the latest build" if name == "at" else ""
        raise InvalidInstant(
            f"{name} {at} is in the future: the registry's clock says {now}. Ask for an instant that has passed, or omit"
            f" '{name}'{default}."
        )


def _has_newest(page: tuple[Build, ...]) -> bool:
    """Guesses whether a page has the newest build of its window: it is sorted newest first, or not truncated at a round number.

    The guess only decides where to look next; the next page has to prove it.
    """
    newest_first = all(later.updated_at >= earlier.updated_at for later, earlier in zip(page, page[1:]))
    return newest_first or len(page) % 100 != 0


def _time_for(count: int, builds: list[Build]) -> int:
    """Estimates the nanoseconds in which `count` builds come, from how fast `builds` (oldest first) came."""
    return count * (builds[-1].updated_at - builds[0].updated_at) // max(len(builds) - 1, 1)


def _back(instant: Instant, nanoseconds: int) -> Instant:
    return Instant(max(instant.nanoseconds - nanoseconds, BEGINNING.nanoseconds))
