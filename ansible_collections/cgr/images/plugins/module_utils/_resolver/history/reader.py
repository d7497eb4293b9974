# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The history of a tag: finding the stretch of it that answers a question, in few requests and without trusting the cut.

A source answers which records lie between two instants, but may silently leave some out where they are many: the Tag
History API documents a cap of 1000 records a request, and no way to see that it was reached.  Hence:

- A page of fewer than `TRUSTED_BELOW` records is whole.  Any other may have been cut, at either end, and no answer is
  ever taken from it: it only tells where to look next.
- The first window ends shortly after the instant (so that one also learns how long the build stood).  It is widened
  while it holds nothing at or before the instant, and narrowed while it may have been cut.
- Nothing depends on the order of the records, nor on whether the bounds are inclusive: every window is asked for with a
  second to spare at both ends, then filtered exactly.

The source is an interface of one method, because the OCI distribution specification is about to define another one
(pull request 606 there, `_oci/tag-history`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Protocol

from ..errors import InvalidInstant, UntrustworthyAnswer
from ..model.instant import DAY, SECOND, Instant

TRUSTED_BELOW = 100
FIRST_WINDOW = 10 * DAY
SECOND_WINDOW = 112 * DAY
LOOK_AHEAD = 4 * DAY
MOST_REQUESTS = 16
RECORDS_AIMED_AT = 50
CLOCK_TOLERANCE = DAY

BEGINNING = Instant.parse("1970-01-01")
FOREVER = Instant.parse("3000-01-01")


@dataclass(frozen=True)
class Build:
    """One move of a tag: at `updated_at` it came to point at `digest`."""

    updated_at: Instant
    digest: str


@dataclass(frozen=True)
class Page:
    """What a source answered: records in whatever order it has them, and the time by its own clock, if it gave one."""

    records: tuple[Build, ...]
    now: Instant | None


class HistorySource(Protocol):
    """Where the history of one tag comes from."""

    def between(self, start: Instant, end: Instant | None) -> Page:
        """Answers the records from `start` to `end` (to the last where it is `None`); of many, perhaps only some."""


@dataclass(frozen=True)
class HistoryRange:
    """A whole stretch of a tag's history.

    Attributes:
        records: every record in the stretch, oldest first, no two alike.
        start: the instant from which on the stretch is whole.
        end: the instant up to which it is.
        now: the time by the source's clock, when it was read.
    """

    records: tuple[Build, ...]
    start: Instant
    end: Instant
    now: Instant | None

    @property
    def has_first_build(self) -> bool:
        """Whether there is nothing before it."""
        return self.start <= BEGINNING


def fetch_until(
    source: HistorySource, at: Instant | None, guess: Instant, back: int = 0, name: str = "at"
) -> HistoryRange:
    """Finds a whole stretch of history that holds at least one record at or before an instant, if there is any.

    Args:
        source: the history of the tag.
        at: the instant, or `None` for the end of the history.
        guess: roughly the present; where `at` is `None`, the search begins there.  A wrong guess costs requests only.
        back: how many nanoseconds before that instant the search may as well begin.
        name: what the user calls the instant.

    Returns:
        The stretch; without any record up to `at` only if the tag has none.

    Raises:
        InvalidInstant: `at` lies in the future by the source's clock.
        UntrustworthyAnswer: the source's answers can never be known to be whole, or it gave no clock to judge `at` by.
    """
    limit = min(max(at or FOREVER, BEGINNING), FOREVER)
    window = _Window.first(limit, guess if at is None else limit, back)
    for _request in range(MOST_REQUESTS):
        page = source.between(window.start, window.end)
        if at is not None:
            reject_future(at, page.now, name)
        whole = _whole(page, window, limit)
        if whole is not None:
            return whole
        if at is None and _is_far_off(page, window):
            window = _Window.first(limit, page.now or guess, back)
        else:
            window = window.after(page, limit)
    raise UntrustworthyAnswer(_NEVER_WHOLE)


def fetch_earlier(source: HistorySource, stretch: HistoryRange) -> HistoryRange:
    """Returns a stretch that begins earlier: with at least one more record, if there is one.

    Raises:
        UntrustworthyAnswer: the source's answers can never be known to be whole.
    """
    limit = stretch.start + -1
    span = _span_of(RECORDS_AIMED_AT, list(stretch.records)) or SECOND_WINDOW
    window = _Window(_back(limit, span), limit, limit)
    for _request in range(MOST_REQUESTS):
        page = source.between(window.start, window.end)
        older = _whole(page, window, limit)
        if older is not None:
            records = sorted({*older.records, *stretch.records}, key=_order)
            return HistoryRange(tuple(records), older.start, stretch.end, stretch.now)
        window = window.after(page, limit)
    raise UntrustworthyAnswer(_NEVER_WHOLE)


def fetch_between(
    source: HistorySource,
    since: Instant | int,
    until: Instant | None,
    guess: Instant,
    progress: Callable[[int, int], None],
) -> tuple[Instant, HistoryRange]:
    """Finds a whole stretch of history between two instants, with the build at which the tag stood when it began.

    Args:
        source: the history of the tag.
        since: the earlier instant, or how many nanoseconds before the later one.
        until: the later instant, or `None` for the present by the source's clock.
        guess: roughly the present.
        progress: called, each time there is more to read, with how many nanoseconds are read, and how many there are.

    Returns:
        The earlier instant, and the stretch.

    Raises:
        InvalidInstant: `until` lies in the future by the source's clock.
        UntrustworthyAnswer: as of `fetch_until`.
    """
    back = since if isinstance(since, int) else max((until or guess) - since, 0)
    stretch = fetch_until(source, until, guess, min(back, SECOND_WINDOW), "until")
    end = until or stretch.now or guess
    start = end + -since if isinstance(since, int) else since
    # When the tag moved there is known from the digest before.
    while not stretch.has_first_build and len({r.digest for r in stretch.records if r.updated_at <= start}) < 2:
        progress(end - stretch.start, end - start)
        stretch = fetch_earlier(source, stretch)
    return start, stretch


def _whole(page: Page, window: _Window, limit: Instant) -> HistoryRange | None:
    """Returns a page as a stretch, if it is known to be whole and holds what is looked for."""
    if len(page.records) >= TRUSTED_BELOW:
        return None
    records = window.records(page)
    if not (records and records[0].updated_at <= limit) and window.start > BEGINNING:
        return None
    return HistoryRange(tuple(records), window.start, window.end, page.now)


def _is_far_off(page: Page, window: _Window) -> bool:
    """Whether the source's clock says that the search for the latest build began at a wrong guess of the present."""
    return page.now is not None and abs(page.now - window.anchor) > CLOCK_TOLERANCE


def fetch_first_build(source: HistorySource, after: Instant) -> Build | None:
    """Returns the first record after an instant before which there is none.

    Without an `end`, the Tag History API is documented to answer with the oldest records, so that the first is among
    them even where the page was cut.
    """
    page = source.between(max(after, BEGINNING), None)
    later = [record for record in page.records if record.updated_at > after]
    return min(later, key=lambda record: record.updated_at, default=None)


@dataclass(frozen=True)
class _Window:
    """The stretch to ask for next.  `floor` is a record known to lie in it, `anchor` where its records are expected."""

    start: Instant
    end: Instant
    anchor: Instant
    floor: Instant | None = None

    @classmethod
    def first(cls, limit: Instant, anchor: Instant, back: int) -> _Window:
        return cls(_back(anchor, FIRST_WINDOW + back), min(limit + LOOK_AHEAD, FOREVER), anchor)

    def records(self, page: Page) -> list[Build]:
        """Returns the records of a page that lie in the window, oldest first, no two alike."""
        return sorted({r for r in page.records if self.start <= r.updated_at <= self.end}, key=_order)

    def after(self, page: Page, limit: Instant) -> _Window:
        """Returns the window to ask for after this page."""
        if len(page.records) >= TRUSTED_BELOW:
            return self.narrower(page.records, [r for r in self.records(page) if r.updated_at <= limit], limit)
        return self.wider()

    def wider(self) -> _Window:
        second = _back(self.anchor, SECOND_WINDOW)
        start = self.floor or (second if second < self.start else BEGINNING)
        return _Window(start, self.end, self.anchor, self.floor)

    def narrower(self, page: tuple[Build, ...], hits: list[Build], limit: Instant) -> _Window:
        """Shrinks a window whose page may have been cut; `hits` are the page's records up to `limit`, oldest first."""
        if not hits and self.end > limit:
            return _Window(self.start, limit, self.anchor)
        if not hits:
            raise UntrustworthyAnswer(_NEVER_WHOLE)
        newest = hits[-1].updated_at
        start = newest if _newest_is_in(page) else max(newest, _back(self.anchor, _span_of(RECORDS_AIMED_AT, hits)))
        if start <= self.start and self.end <= limit:
            raise UntrustworthyAnswer(_NEVER_WHOLE)
        return _Window(start, limit, self.anchor, newest)


_NEVER_WHOLE = (
    "The registry's tag history cannot be read: it leaves out records whatever stretch is asked for, so no digest is taken"
    " from it. Tell the registry's owner that 'start' and 'end' are not honoured."
)


def _order(record: Build) -> tuple[Instant, str]:
    return record.updated_at, record.digest


def reject_future(at: Instant, now: Instant | None, name: str = "at") -> None:
    """Refuses an instant that has not passed by the source's clock.

    Raises:
        InvalidInstant, UntrustworthyAnswer: as of `fetch_until`.
    """
    if now is None:
        raise UntrustworthyAnswer(
            "The registry gives no time of its own (no Date header), so it cannot be told whether"
            f" '{name}' is in the past."
            " A proxy may have removed it."
        )
    # An HTTP date is cut to the second.
    if at > now + SECOND:
        raise InvalidInstant(
            f"{name} {at} is in the future: the registry's clock says {now}. Ask for an instant that has passed, or leave"
            f" '{name}' out for the latest build."
        )


def _newest_is_in(page: tuple[Build, ...]) -> bool:
    """Guesses whether a page holds the newest record of its window: newest first, or not cut at a round number.

    Only a guess where to look next; the page that is looked at then has to prove it.
    """
    newest_first = all(later.updated_at >= earlier.updated_at for later, earlier in zip(page, page[1:]))
    return newest_first or len(page) % 100 != 0


def _span_of(count: int, records: list[Build]) -> int:
    """Estimates the nanoseconds in which `count` records come, from the pace of `records` (oldest first)."""
    return count * (records[-1].updated_at - records[0].updated_at) // max(len(records) - 1, 1)


def _back(instant: Instant, nanoseconds: int) -> Instant:
    return Instant(max(instant.nanoseconds - nanoseconds, BEGINNING.nanoseconds))
