# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything is put together: settings, clock and credentials are read here, once, and passed down.

The way of a question: reference → credentials → transport → registry → history → selection → answer.
"""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from typing import Any, Callable, Iterable, Mapping

from .._lockfile.lookup import LockLookup
from .auth.chain import credential_sources
from .auth.credentials import Considered, CredentialChain
from .cache.cache import Cache, NullCache
from .cache.caching import CachingResolver
from .cache.file_cache import FileCache
from .errors import BeforeFirstBuild, CgrError, NoBuildFits, UntrustworthyAnswer
from .history import timeline
from .history.reader import reject_future
from .history.timeline import Timeline
from .http.transport import Transport
from .model import reference
from .model.instant import AtLike
from .model.query import Query, parse_current
from .model.query_set import parse_queries
from .model.reference import REGISTRY
from .model.resolution import Resolution, Resolutions
from .registry.token_exchange import TokenExchange
from .resolve import snapshot
from .resolve.single import Fetched, Lookup, Trace
from .resolve.snapshot import Progress
from .settings import NAMES, Settings

USER_AGENT = "pulumi-cgr"


class Resolver:
    """Answers which digest an image stands for.  Threads may share it; processes may not.

    Args: settings, see `Settings`; what is not given comes from the environment.
        environment: the environment variables to read; by default those of this process, read now.
        trace: called with a sentence about each source of credentials that was asked: names and places, no secrets.
        memory: where answers are kept for the time of a run; by default every question is asked anew.

    Attributes:
        concurrency: how many images of a set are looked up at the same time.
        mirrors: what other registries call images of cgr.dev; `None` for none.

    Raises:
        InvalidArgument: a setting is malformed.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        identity: str | None = None,
        identity_token: str | None = None,
        identity_token_file: str | None = None,
        credentials: str | None = None,
        registry: str | None = None,
        issuer: str | None = None,
        timeout: float | str | None = None,
        concurrency: int | str | None = None,
        cache: str | os.PathLike[str] | None = None,
        mirrors: Mapping[str, str] | str | None = None,
        lock: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        run_cache: Cache | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in NAMES}
        settings = Settings.read(given, dict(os.environ if environment is None else environment))
        transport = Transport(USER_AGENT, settings.concurrency)
        credential_chain = CredentialChain(credential_sources(settings, transport), REGISTRY)
        trace = trace or (lambda _sentence: None)
        self._lookup = Lookup(
            transport, TokenExchange(transport), credential_chain, settings.registry, settings.timeout, trace
        )
        self.concurrency = settings.concurrency
        self.mirrors = settings.mirrors
        self._locked = LockLookup(settings.lock) if settings.lock else None
        lasting: Cache = (
            FileCache(os.path.expanduser(settings.cache), lasting_only=True) if settings.cache else NullCache()
        )
        self._caching = CachingResolver(self._lookup, run_cache or NullCache(), lasting, settings.concurrency)

    def resolve(
        self,
        image: str,
        *,
        at: AtLike | None = None,
        min_age: str | None = None,
        builds_back: int | None = None,
        exclude: Iterable[str] | None = None,
        current: str | None = None,
        stale_after: str | None = None,
    ) -> Resolution:
        """Looks up the digest of an image.

        The faces repeat these texts (`tests/test_arguments.py`).

        Args:
            image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; the tag is `latest` where none is written. An image that is pinned
                already (`…@sha256:…`) is answered as it stands, without a request.
            at: the instant to look at, such as `2026-01-31T12:00:00Z` or `2026-01-31` (its midnight), as RFC 3339 or
                ISO 8601 text, a date, or a date and time. Without a time zone it means UTC. By default the present.
            min_age: how old the build must be at least, by the registry's clock, such as `7d`, `36h` or `P7D`. Does not go
                together with `at`.
            builds_back: how many builds before the one that would be chosen. A return to an earlier digest counts as one.
            exclude: digests that are known to be bad. The next older build is taken instead.
            current: the digest, or the `ref`, that is deployed. With `min_age`, it is never replaced by an older build,
                unless it is excluded, or `builds_back` asks for one.
            stale_after: warn if the newest build is older than that, such as `30d`.

        Raises:
            InvalidArgument: an argument is malformed, the image names another registry, or the instant lies in the future.
            NoSuchBuild: no such repository or tag, the instant is before its first build, or no build fits the rule.
            AccessRefused: credentials are missing or do not suffice.
            RegistryUnavailable: no answer in time.
            UntrustworthyAnswer: an answer that cannot be believed.
            NotLocked, InvalidLock: it answers out of a lock, which has no answer, or is none.
        """
        return self.resolve_query(
            self.parse_query(
                image,
                at=at,
                min_age=min_age,
                builds_back=builds_back,
                exclude=exclude,
                current=current,
                stale_after=stale_after,
            )
        )

    def history(
        self,
        image: str,
        *,
        since: AtLike = timeline.SINCE,
        until: AtLike | None = None,
        current: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        **rule: Any,
    ) -> Timeline:
        """Looks up at which digests a tag stood, and what a rule takes of them.

        Args:
            image: the image, as of `resolve`. A pin in it is taken for the `current` one.
            since: how far back to look: an instant, or a span before `until`, such as `90d`. The build at which the tag stood
                then is listed, too.
            until: the instant up to which to look. By default the present.
            current: the digest, or the `ref`, that is deployed.
            progress: called, each time there is more to read, with how many nanoseconds are read, and how many there are.
            rule: the rule, as of `resolve`.

        Raises:
            What `resolve` does; where only the rule has no answer, that is in what is returned.
        """
        named = reference.parse(image, self.mirrors)
        tag, current = timeline.tag_of(named), parse_current(current) or named.digest
        query = self.parse_query(tag, current=current if rule.get("min_age") else None, **rule)
        back, end = timeline.read_window(since, until)
        try:
            start, sight = self._lookup.fetch_between(
                query.reference, back, end, progress or (lambda _done, _all: None)
            )
            found = Timeline.of(query, *sight, start, end, current)
            return self._chosen(found, None if end else sight)
        except CgrError as error:
            raise error.about(tag) from error.__cause__

    def _chosen(self, found: Timeline, sight: Fetched | None) -> Timeline:
        """Adds what the rule takes, of what was seen if that reaches up to the present."""
        query = found.query
        try:
            if sight and query.at:
                reject_future(query.at, found.now)
            resolution = self._lookup.resolve(query, sight)
            return replace(found, chosen=resolution, warnings=(*found.warnings, *resolution.warnings))
        except (NoBuildFits, BeforeFirstBuild, UntrustworthyAnswer) as error:
            return replace(found, refusal=str(error.about(found.image)))

    def resolve_all(self, images: Mapping[str, Any], *, progress: Progress | None = None, **rule: Any) -> Resolutions:
        """Looks up the digests of a set of images, all at one instant, many at a time: all of them, or none.

        Args:
            images: by keys of the caller's, each an image or its own rule: `{"image": …, "min_age": …}`.
            progress: called after each image with how many are done, how many there are, and the image.
            rule: the rule for those without their own, as of `resolve`.

        Raises:
            SeveralFailed: there is at least one image without an answer; it lists each, and why.
        """
        return self.resolve_queries(self.parse_queries(images, **rule), progress)

    @property
    def lock(self) -> str | None:
        """The lock out of which it answers; `None` if it asks the registry."""
        return self._locked.path if self._locked else None

    def with_lock(self, path: str | os.PathLike[str] | None) -> Resolver:
        """Returns a resolver with the same settings that answers out of a lock, or out of none.

        Args:
            path: the file; `None` or nothing to ask the registry.
        """
        made = copy.copy(self)
        made._locked = LockLookup(os.fspath(path)) if path else None
        return made

    def parse_query(self, image: object, **rule: Any) -> Query:
        """Reads a question; arguments and errors are as of `resolve`."""
        return Query.of(image, self.mirrors, **rule)

    def parse_queries(self, images: Mapping[str, Any], **rule: Any) -> dict[str, Query]:
        """Reads the questions of a set, by the caller's keys; arguments and errors are as of `resolve_all`."""
        return parse_queries(images, rule, self.mirrors)

    def resolve_queries(self, queries: Mapping[str, Query], progress: Progress | None = None) -> Resolutions:
        """Answers a set of questions; arguments and errors are as of `resolve_all`."""
        progress = progress or (lambda _done, _all, _image: None)
        fixed = {key: query for key, query in queries.items() if self._locked or query.is_fixed}
        moving = {key: query for key, query in queries.items() if key not in fixed}
        resolutions = snapshot.resolve_each(fixed, self.resolve_query, self.concurrency, progress)
        instants = {query.at for query in fixed.values() if query.at or not query.is_fixed}
        at = instants.pop() if len(instants) == 1 else None
        if moving:
            at, answered = self._caching.resolve_snapshot(moving, progress)
            resolutions.update(answered)
        return Resolutions(at, {key: resolutions[key] for key in queries})

    def resolve_query(self, query: Query) -> Resolution:
        """Answers a question; raises what `resolve` does."""
        if query.reference.digest is not None:
            return Resolution.to(
                query, query.reference.digest, None, "already pinned in the image; nothing was looked up"
            )
        if self._locked:
            return self._locked.resolve(query)
        return self._caching.resolve(query)

    def credentials_for(self, image: str) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not: names and places, no secrets.

        Raises:
            InvalidImage: the image is no reference.
        """
        return self._lookup.considered(reference.parse(image, self.mirrors))
