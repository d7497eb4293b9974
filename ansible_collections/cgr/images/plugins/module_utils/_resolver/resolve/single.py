# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving one image: with the available credentials, and as much of its history as the query takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Callable, NamedTuple, TypeVar

from ..auth.chain import CredentialChain
from ..auth.credentials import Anonymous, Considered, Credential, Found
from ..errors import (
    AccessRefused,
    BeforeFirstBuild,
    CgrError,
    CredentialsRefused,
    DeniedByPolicy,
    NoBuildFits,
    NotSignedIn,
    RegistryUnavailable,
    UnknownTag,
    UntrustworthyAnswer,
)
from ..history import clocks, reader, selection
from ..history.selection import Choice
from ..history.source import HistorySource
from ..model.build import HistoryRange
from ..model.instant import Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..redaction import hide_secrets, redact
from .current import to_resolution

Trace = Callable[[str], None]
OpenHistory = Callable[[Reference, Credential, float], HistorySource]
"""Opens the history of an image with a credential, until a deadline by `time.monotonic()`, in seconds."""

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
        credential_chain: finds the credentials.
        open_history: opens the history of an image.
        seconds: how long one query may take.
        trace: called with what each source of credentials returned.
        clock: returns this machine's time, to hold the registry's against; `None` for a registry with a clock of its own.
    """

    credential_chain: CredentialChain
    open_history: OpenHistory
    seconds: float
    trace: Trace
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

        history, warnings = self._with_credentials(query.reference, read)
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

        (start, history), warnings = self._with_credentials(reference, read)
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

        (longer, choice), more = self._with_credentials(query.reference, read_on)
        return to_resolution(query, choice, longer, tuple(dict.fromkeys((*warnings, *more))))

    def considered(self, reference: Reference) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not."""
        try:
            return self._find(reference, self._deadline()).considered
        except CgrError as error:
            return error.considered

    def _clock_warnings(self, reference: Reference, history: HistoryRange) -> tuple[str, ...]:
        """Warns of clocks that are far apart, always in the words of the first time: so a set is warned of once."""
        warning = clocks.clock_warning(history.now, self.clock(reference))
        if warning is None:
            return ()
        self._clock_warning.append(warning)
        return (self._clock_warning[0],)

    def _deadline(self) -> float:
        return time.monotonic() + self.seconds

    def _find(self, reference: Reference, deadline: float, refused: Credential | None = None) -> Found:
        considered: tuple[Considered, ...] = ()
        try:
            found = self.credential_chain.find(reference, deadline, refused)
            considered = found.considered
            return found
        except CgrError as error:
            considered = error.considered
            raise
        finally:
            for each in considered:
                self.trace(hide_secrets(f"{reference.image}: credentials: {each.source}: {each.outcome}"))

    def _with_credentials(
        self, reference: Reference, read: Callable[[HistorySource], _T]
    ) -> tuple[_T, tuple[str, ...]]:
        """Reads with the available credentials, renewed once if they are refused; a public image finally without any."""
        deadline = self._deadline()
        try:
            found = self._find(reference, deadline)
        except (AccessRefused, RegistryUnavailable, UntrustworthyAnswer) as error:
            return self._without_credentials(reference, read, error, deadline)
        # The queries for other images did not use this image's time.
        deadline += found.waited

        def read_with(credential: Credential) -> _T:
            return read(self.open_history(reference, credential, deadline))

        try:
            try:
                return read_with(found.credential), ()
            except CredentialsRefused:
                renewed = self._find(reference, deadline, refused=found.credential).credential
                if renewed == found.credential:
                    raise
                return read_with(renewed), ()
        except AccessRefused as error:
            return self._without_credentials(reference, read, error, deadline)

    def _without_credentials(
        self, reference: Reference, read: Callable[[HistorySource], _T], error: CgrError, deadline: float
    ) -> tuple[_T, tuple[str, ...]]:
        """Reads a public image without credentials, after an error with the available ones."""
        if not reference.is_public or isinstance(error, (NotSignedIn, DeniedByPolicy)):
            raise error
        return read(self.open_history(reference, Anonymous(), deadline)), (
            f"A public image was resolved without credentials, because the available ones do not work: {error.message}",
        )


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
