# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving one image: with as much of its history as the query takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Callable, NamedTuple, TypeVar

from ..auth.credentials import Credential
from ..errors import (
    BeforeFirstBuild,
    CgrError,
    NoBuildFits,
    UnknownTag,
)
from ..history import clocks, reader, selection
from ..history.selection import Choice
from ..history.source import HistorySource
from ..model.build import HistoryRange
from ..model.instant import Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..redaction import redact
from ..registry.content import Content
from .access import Access
from .current import to_resolution

OpenHistory = Callable[[Reference, Credential, float], HistorySource]
"""Opens the history of an image with a credential, until a deadline by `time.monotonic()`, in seconds."""

OpenContent = Callable[[Reference, Credential, float], Content]
"""Opens the content of an image's repository, as `OpenHistory` opens its history."""

Clock = Callable[[Reference], "Instant | None"]

_T = TypeVar("_T")


class Fetched(NamedTuple):
    """As much of a tag's history as was read, and what the user should look at."""

    history: HistoryRange
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Lookup:
    """Resolves one image at a time; threads may share it.

    Attributes:
        access: finds the credentials.
        open_history: opens the history of an image.
        open_content: opens the content of its repository.
        clock: returns this machine's time, to hold the registry's against; `None` for a registry with a clock of its own.
    """

    access: Access
    open_history: OpenHistory
    open_content: OpenContent
    clock: Clock
    _clock_warning: list[str] = field(default_factory=list, init=False)

    def fetch(self, query: Query, present: Instant | None = None, name: str = "at") -> Fetched:
        """Reads the range of history to begin with.

        Args:
            query: the image and the rule.
            present: the instant that the user takes for the present, if it is not now.
            name: what the user calls that instant.
        """
        rule = query.rule
        at, called = (rule.at, "at") if rule.at else (present, name)

        def read(source: HistorySource) -> HistoryRange:
            return reader.fetch_until(source, at, Instant(time.time_ns()), rule.min_age, called)

        history, warnings = self._with_history(query.reference, read)
        clocks.reject_fast_clock(rule, history.now, self.clock(query.reference))
        return Fetched(history, (*warnings, *self._clock_warnings(query.reference, history)))

    def fetch_between(
        self,
        reference: Reference,
        since: Instant | int,
        until: Instant | None,
        progress: Callable[[int, int], None],
        is_begin_exact: bool = True,
    ) -> tuple[Instant, Fetched]:
        """Reads the history between two instants; arguments as for `reader.fetch_between`; returns the earlier one, too."""

        def read(source: HistorySource) -> tuple[Instant, HistoryRange]:
            return reader.fetch_between(source, since, until, Instant(time.time_ns()), progress, is_begin_exact)

        (start, history), warnings = self._with_history(reference, read)
        if until:
            clocks.reject_future_instant(until, "until", history.now, self.clock(reference))
        return start, Fetched(history, (*warnings, *self._clock_warnings(reference, history)))

    def resolve(self, query: Query, fetched: Fetched | None = None, until: Instant | None = None) -> Resolution:
        """Resolves a query, reading more of the history if it takes more.

        Args:
            query: the image and the rule.
            fetched: what `fetch` returned for the query, if it was called.
            until: the instant to take for the present (see `selection.choose`).
        """
        history, warnings = fetched or self.fetch(query)
        clocks.reject_fast_clock(query.rule, history.now, self.clock(query.reference))
        choice = selection.choose(history, query.rule, until)
        if choice is not None:
            return to_resolution(query, choice, history, warnings)

        def read_on(source: HistorySource) -> tuple[HistoryRange, Choice]:
            return _read_on(source, history, query, until)

        (longer, choice), more = self._with_history(query.reference, read_on)
        return to_resolution(query, choice, longer, tuple(dict.fromkeys((*warnings, *more))))

    def with_content(self, reference: Reference, read: Callable[[Content], _T]) -> tuple[_T, tuple[str, ...]]:
        """Reads the content of an image's repository; returns what `read` returned, and warnings."""
        return self.access.run(
            reference, lambda credential, deadline: read(self.open_content(reference, credential, deadline))
        )

    def _with_history(self, reference: Reference, read: Callable[[HistorySource], _T]) -> tuple[_T, tuple[str, ...]]:
        return self.access.run(
            reference, lambda credential, deadline: read(self.open_history(reference, credential, deadline))
        )

    def _clock_warnings(self, reference: Reference, history: HistoryRange) -> tuple[str, ...]:
        """Warns of clocks that are far apart, always in the words of the first time: so a set is warned of once."""
        warning = clocks.clock_warning(history.now, self.clock(reference))
        if warning is None:
            return ()
        self._clock_warning.append(warning)
        return (self._clock_warning[0],)


def _read_on(
    source: HistorySource, history: HistoryRange, query: Query, until: Instant | None
) -> tuple[HistoryRange, Choice]:
    while not history.has_first_build:
        history = reader.fetch_earlier(source, history)
        choice = selection.choose(history, query.rule, until)
        if choice is not None:
            return history, choice
    raise _no_build(source, history, query, until)


def _no_build(source: HistorySource, history: HistoryRange, query: Query, until: Instant | None) -> CgrError:
    """Returns the error for a query that no build matches."""
    reason = selection.explain_no_build(history, query.rule, until)
    if reason:
        return NoBuildFits(reason)
    first = history.builds[0] if history.builds else None
    limit = query.rule.at or until
    if first is None and limit is not None:
        first = reader.fetch_first_build(source, limit)
    if first is None:
        tag, repository = query.reference.tag or "", query.reference.upstream
        return UnknownTag(f"the registry has no tag {redact(tag)} in {repository}. Check its spelling.")
    return BeforeFirstBuild(
        f"at {limit} is before the tag's first build, which is from {first.updated_at}. Ask for a later instant."
    )
