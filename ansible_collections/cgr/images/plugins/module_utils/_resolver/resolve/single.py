# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Looking one image up: with the credentials there are, as much of its history as the question takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Callable, NamedTuple, TypeVar

from ..auth.credentials import Anonymous, Considered, Credential, CredentialChain, Found
from ..errors import (
    AccessRefused,
    BeforeFirstBuild,
    CgrError,
    CredentialsRefused,
    DeniedByPolicy,
    NoBuildFits,
    NotSignedIn,
    UnknownTag,
    redact,
)
from ..history import reader as history
from ..history import selection
from ..history.reader import HistoryRange
from ..http.transport import Transport
from ..model.instant import Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..registry.tag_history import TagHistory, base_url
from ..registry.token_exchange import TokenExchange

Trace = Callable[[str], None]

_T = TypeVar("_T")


class Fetched(NamedTuple):
    """As much of a tag's history as was read, and what the user should mend."""

    stretch: HistoryRange
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Lookup:
    """What every question of a resolver goes through; threads may share it.

    Attributes:
        registry: the URL at which cgr.dev is looked up.
        seconds: how long one question may take.
        trace: told what each source of credentials had to say.
    """

    transport: Transport
    tokens: TokenExchange
    credential_chain: CredentialChain
    registry: str
    seconds: float
    trace: Trace

    def fetch(self, query: Query) -> Fetched:
        """Reads the stretch of history with which to begin."""

        def read(source: TagHistory) -> HistoryRange:
            return history.fetch_until(source, query.at, Instant(time.time_ns()), query.min_age)

        return Fetched(*self._with_credentials(query.reference, read))

    def fetch_between(
        self, reference: Reference, since: Instant | int, until: Instant | None, progress: Callable[[int, int], None]
    ) -> tuple[Instant, Fetched]:
        """Reads the history between two instants; arguments are as of `history.fetch_between`, and the earlier is returned."""

        def read(source: TagHistory) -> tuple[Instant, HistoryRange]:
            return history.fetch_between(source, since, until, Instant(time.time_ns()), progress)

        (start, stretch), warnings = self._with_credentials(reference, read)
        return start, Fetched(stretch, warnings)

    def resolve(self, query: Query, seen: Fetched | None = None, until: Instant | None = None) -> Resolution:
        """Answers a question, from what was seen already or else anew; reads more of the history where it takes more.

        Args:
            question: what is asked.
            seen: what `see` returned for it.
            until: the instant to take for the present (see `selection.choose`).
        """
        read, warnings = (seen.stretch, seen.warnings) if seen else self.fetch(query)
        choice = selection.choose(read, query, until)
        if choice is None:
            more, warnings = self._with_credentials(
                query.reference, lambda source: _read_on(source, read, query, until)
            )
            return self._resolution(query, *more, warnings)
        return self._resolution(query, read, choice, warnings)

    @staticmethod
    def _resolution(
        query: Query, read: HistoryRange, choice: selection.Choice, warnings: tuple[str, ...]
    ) -> Resolution:
        resolution = Resolution.to(query, choice.record.digest, choice.record.updated_at, choice.reason)
        warnings = (*warnings, *choice.warnings)
        return replace(resolution, warnings=warnings, history=read.records, since=read.start, now=read.now)

    def considered(self, reference: Reference) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not."""
        try:
            return self._find(reference, self._deadline()).considered
        except AccessRefused as error:
            return error.considered

    def _deadline(self) -> float:
        return time.monotonic() + self.seconds

    def _find(self, reference: Reference, deadline: float, refused: Credential | None = None) -> Found:
        considered: tuple[Considered, ...] = ()
        try:
            found = self.credential_chain.find(reference, deadline, refused)
            considered = found.considered
            return found
        except AccessRefused as error:
            considered = error.considered
            raise
        finally:
            for each in considered:
                self.trace(f"{reference.image}: credentials: {each.source}: {each.outcome}")

    def _with_credentials(self, reference: Reference, read: Callable[[TagHistory], _T]) -> tuple[_T, tuple[str, ...]]:
        """Reads with the credentials there are, renewed once if they are refused; of a public image, else without any."""
        deadline = self._deadline()

        def using(credential: Credential) -> _T:
            base = base_url(reference, self.registry)
            return read(TagHistory(self.transport, self.tokens, base, reference, credential, deadline))

        try:
            credential = self._find(reference, deadline).credential
            try:
                return using(credential), ()
            except CredentialsRefused:
                renewed = self._find(reference, deadline, refused=credential).credential
                if renewed == credential:
                    raise
                return using(renewed), ()
        except AccessRefused as error:
            if not reference.is_public or isinstance(error, (NotSignedIn, DeniedByPolicy)):
                raise
            return using(Anonymous()), (
                f"This public image was looked up without credentials, for those there are need repair: {error}",
            )


def _read_on(
    source: TagHistory, stretch: HistoryRange, query: Query, until: Instant | None
) -> tuple[HistoryRange, selection.Choice]:
    while not stretch.has_first_build:
        stretch = history.fetch_earlier(source, stretch)
        choice = selection.choose(stretch, query, until)
        if choice is not None:
            return stretch, choice
    raise _nothing(source, stretch, query, until)


def _nothing(source: TagHistory, stretch: HistoryRange, query: Query, until: Instant | None) -> CgrError:
    """Returns the error for a question that no build answers."""
    refusal = selection.refusal(stretch, query, until)
    if refusal:
        return NoBuildFits(refusal)
    first = stretch.records[0] if stretch.records else None
    limit = query.at or until
    if first is None and limit is not None:
        first = history.fetch_first_build(source, limit)
    if first is None:
        tag, repository = query.reference.tag or "", query.reference.upstream
        return UnknownTag(f"the registry knows no tag {redact(tag)} in {repository}. Check its spelling.")
    return BeforeFirstBuild(
        f"at {limit} is before the tag's first build, which is of {first.updated_at}. Ask for an instant from then on."
    )
