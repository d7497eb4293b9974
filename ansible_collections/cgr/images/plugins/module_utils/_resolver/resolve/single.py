# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolving one image: with as much of its history as the query takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable, NamedTuple, TypeVar

from ..auth.credentials import Credential
from ..errors import (
    CgrError,
    DeniedByPolicy,
    Gone,
    NoSuchBuild,
    NotSigned,
)
from ..history import clocks, reader, selection
from ..history.selection import Choice, Known
from ..history.source import HistorySource
from ..model.build import HistoryRange
from ..model.details import Details
from ..model.instant import Instant
from ..model.query import Query
from ..model.reference import Reference
from ..model.resolution import Resolution
from ..model.rule import Rule
from .access import Access
from .current import to_resolution
from .search import search

if TYPE_CHECKING:
    from ..model.attestation import Attestation
    from ..model.signature import Signature
    from ..registry.content import Content
    from ..registry.mirror import Mirror
    from ..signature.verify import SignatureVerifier

OpenHistory = Callable[[Reference, Credential, float], HistorySource]
"""Opens the history of an image with a credential, until a deadline by `time.monotonic()`, in seconds."""

# Modules that only some rules need are imported with the first such rule, for starting is a part of every run.
OpenContent = Callable[[Reference, Credential, float], "Content"]
"""Opens the content of an image's repository, as `OpenHistory` opens its history."""

Clock = Callable[[Reference], "Instant | None"]

MAX_PASSED_OVER = 50
"""How many builds may be passed over, because they may not be used, before it is an error."""

KEPT = "the deployed build is kept, although it may no longer be pulled"

_T = TypeVar("_T")


class Fetched(NamedTuple):
    """As much of a tag's history as was read, and what the user should look at."""

    history: HistoryRange
    warnings: tuple[str, ...]


@dataclass(eq=False, repr=False)
class Lookup:
    """Resolves one image at a time; threads may share it.

    Attributes:
        access: finds the credentials.
        open_history: opens the history of an image.
        open_content: opens the content of its repository.
        mirror: returns what asks the mirror of an image.
        clock: returns this machine's time, to hold the registry's against; `None` for a registry with a clock of its own.
        signatures: returns what verifies who signed a digest.
    """

    access: Access
    open_history: OpenHistory
    open_content: OpenContent
    mirror: Callable[[], Mirror]
    clock: Clock
    signatures: Callable[[], SignatureVerifier]
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
        fetched = fetched or self.fetch(query)
        clocks.reject_fast_clock(query.rule, fetched.history.now, self.clock(query.reference))
        deployed = query.rule.current
        if query.rule.min_age:
            query = self.with_index_of_current(query, fetched.history)
        known, skipped = Known(), ""
        denial: CgrError | None = None
        while True:
            try:
                fetched, choice, known = self._choose(query, fetched, until, known)
            except NoSuchBuild as error:  # after all were passed over, the last one says why
                raise denial or error from None
            resolution = to_resolution(query, choice, *fetched)
            if not query.rule.checks_build:
                return resolution
            try:
                found = self.check(query, resolution)
                return replace(found, reason=found.reason + skipped)
            except (DeniedByPolicy, Gone, NotSigned) as error:
                query = self.with_index_of_current(query, fetched.history)
                if query.rule.current == resolution.index and not isinstance(error, NotSigned):
                    return self._kept(query, resolution, deployed, error)
                if not query.rule.on_denied or query.rule.at or len(known.passed_over) >= MAX_PASSED_OVER:
                    raise
                denial = error
                known = replace(known, passed_over=known.passed_over | {resolution.index})
                skipped = f"{skipped}; newer, but not used: {_why(error, resolution)}"

    def _kept(self, query: Query, resolution: Resolution, deployed: str | None, error: CgrError) -> Resolution:
        """Returns the deployed build, which may no longer be pulled; it must still be signed.

        Raises:
            DeniedByPolicy, Gone: the image for the platform is not known, because only its index was given.
        """
        if query.rule.platform:
            if deployed is None or deployed == resolution.index:
                error.index = resolution.index
                raise error
            name = str(query.rule.platform)
            resolution = resolution.with_details(Details(resolution.index, name, {name: deployed}))
        kept = resolution.with_warning(f"{resolution.image}: {KEPT}: {error.message}")
        return kept.with_signature(self.verify(query.reference, resolution.index)) if query.rule.signed else kept

    def check(self, query: Query, resolution: Resolution) -> Resolution:
        """Looks at the build of a resolution, as far as the rule asks for it, and adds what it says and who signed it.

        Raises:
            DeniedByPolicy, Gone, UnknownPlatform, InvalidRule: see `manifests.read_details`.
            NotSigned, SignatureRefused, MissingDependency: see `SignatureVerifier.verify`.
        """
        if query.rule.needs_content:
            resolution = self.with_details(query, resolution)
        if query.rule.signed:  # the index, which lists the images for the platforms
            resolution = resolution.with_signature(self.verify(query.reference, resolution.index))
        return resolution

    def verify(self, reference: Reference, digest: str) -> Signature:
        """Returns the valid signature of a digest; raises what `SignatureVerifier.verify` does."""
        return self.signatures().verify(reference, digest, lambda read: self.with_content(reference, read)[0])

    def verify_attestation(self, reference: Reference, attestation: Attestation) -> Signature:
        """Returns the valid signature of an attestation; raises what `SignatureVerifier.verify_attestation` does."""
        return self.signatures().verify_attestation(reference, attestation)

    def with_details(self, query: Query, resolution: Resolution) -> Resolution:
        """Adds to a resolution what the manifest of its build says, as far as the rule asks for it.

        Raises:
            DeniedByPolicy, Gone, UnknownPlatform, InvalidRule: see `manifests.read_details`.
        """
        from . import manifests

        details, warnings = self.with_content(
            query.reference, lambda content: manifests.read_details(content, query.rule, resolution.index)
        )
        if query.rule.check_mirror and query.reference.is_mirrored:
            self.mirror().check(query.reference, manifests.images_to_pull(details), self.access.deadline())
        resolution = resolution.with_details(details)
        return replace(resolution, warnings=tuple(dict.fromkeys((*resolution.warnings, *warnings))))

    def details(self, reference: Reference, digest: str) -> Details:
        """Returns what the manifest of a build says; raises what `with_details` does."""
        from . import manifests

        rule = Rule(details=True)
        return self.with_content(reference, lambda content: manifests.read_details(content, rule, digest))[0]

    def _choose(
        self, query: Query, fetched: Fetched, until: Instant | None, known: Known
    ) -> tuple[Fetched, Choice, Known]:
        """Chooses a build, with the build times that it takes."""
        history, warnings = fetched
        while digest := selection.next_to_ask(history, query.rule, until, known):
            created, more = self._created(query, digest)
            known = replace(known, built={**known.built, digest: created})
            warnings = tuple(dict.fromkeys((*warnings, *more)))
        choice = selection.choose(history, query.rule, until, known)
        if choice is not None:
            return Fetched(history, warnings), choice, known

        def read_on(source: HistorySource) -> tuple[HistoryRange, Choice]:
            return search(source, history, query, until, known)

        (longer, choice), more = self._with_history(query.reference, read_on)
        return Fetched(longer, tuple(dict.fromkeys((*warnings, *more)))), choice, known

    def _created(self, query: Query, digest: str) -> tuple[Instant | None, tuple[str, ...]]:
        from . import manifests

        try:
            created, warnings = self.with_content(
                query.reference, lambda content: manifests.read_created(content, digest, query.rule.platform)
            )
        except (DeniedByPolicy, Gone) as error:
            why = "a pull policy denies it" if isinstance(error, DeniedByPolicy) else "the registry does not serve it"
            return None, (
                f"{query.reference.image}: {digest} is taken for too young: {why}, so its build time is unknown.",
            )
        if created is None:
            warnings = (*warnings, f"{query.reference.image}: {digest} gives no build time, so it is not old enough.")
        return created, warnings

    def with_index_of_current(self, query: Query, history: HistoryRange) -> Query:
        """Returns the query with the index of the current pin, if that is the image for a platform."""
        rule, known = query.rule, {build.digest for build in history.builds}
        if not rule.current or rule.current in known or not rule.platform:
            return query
        from . import manifests

        newest_first = list(dict.fromkeys(build.digest for build in reversed(history.builds)))
        current = rule.current
        index, _warnings = self.with_content(
            query.reference, lambda content: manifests.index_of(content, current, newest_first)
        )
        return query.with_rule(current=index) if index else query

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


def _why(error: CgrError, resolution: Resolution) -> str:
    if isinstance(error, NotSigned):
        return f"{resolution.index}, it is not signed"
    policy = "a pull policy denies it" if isinstance(error, DeniedByPolicy) else "the registry does not serve it"
    named = f" ({error.policy})" if isinstance(error, DeniedByPolicy) and error.policy else ""
    return f"{resolution.index}, {policy}{named}"
