# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The class `Resolver`: settings and environment are read here, once, and passed down.

The path of a query: reference → credentials → transport → registry → history → selection → resolution.
"""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Callable, Mapping, TypeVar

from .auth.credentials import Considered
from .border import border, log_debug
from .cache.cache import Cache
from .cache.present import RunPresent
from .errors import CgrError, InvalidImage
from .history import timeline
from .history.timeline import Timeline
from .model import query_set, reference
from .model.instant import AtLike
from .model.kinds import parse_current
from .model.query import Query
from .model.query_set import ImageLike
from .model.reference import Reference
from .model.resolution import Resolution, Resolutions
from .model.rule import RuleArguments
from .resolve import snapshot
from .resolve.access import Trace
from .resolve.past import read_moves, read_past
from .resolve.snapshot import Progress
from .settings import Settings, SettingsArguments

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .._lockfile.lookup import LockLookup
    from .model.attestation import Attestation
    from .model.signature import Signature
    from .registry.content import Content


_T = TypeVar("_T")


class Resolver:
    """Resolves images to digests.  Threads may share it; processes may not.

    Args:
        environment: the environment variables to read; by default those of this process, read now.
        trace: called with a sentence about each source of credentials that was asked: names and places, no secrets.
        run_cache: where results are kept for the time of a run; by default every query is resolved anew.
        present: the instant as of which all queries of a run that follow a tag are resolved; by default each has its own.
        settings: see `Settings`; what is not given comes from the environment.

    Attributes:
        concurrency: how many images of a set are resolved at the same time.
        mirrors: the mirrors of cgr.dev; `None` means no mirrors.
        signed: whether what does not say otherwise must be signed.

    Raises:
        InvalidArgument: a setting is malformed.
        TypeError: a setting does not exist.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        trace: Trace | None = None,
        run_cache: Cache | None = None,
        present: RunPresent | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> None:
        from .wiring import make_caching_resolver  # what sends requests takes as long to import as all the rest

        read = Settings.read(settings, dict(os.environ if environment is None else environment))
        self._caching = make_caching_resolver(read, trace, run_cache, present)
        self._lookup = self._caching.lookup
        self._locked = _lock_lookup(read.lock) if read.lock else None
        self._debug = trace or log_debug
        self.concurrency = read.concurrency
        self.mirrors = read.mirrors
        self.signed = read.signed

    def resolve(self, image: str, **rule: Unpack[RuleArguments]) -> Resolution:
        """Resolves an image to its digest.

        Args:
            image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; without a tag it means `latest`. An image that is already pinned
                (`…@sha256:…`) is returned as it is, without a request.
            rule: which build to choose; see `Rule`. By default the latest.

        Raises:
            InvalidArgument: an argument is malformed, the image is in another registry, or the instant is in the future.
            NoSuchBuild: the repository or tag does not exist, the instant is before its first build, or no build matches.
            AccessRefused: credentials are missing or do not suffice.
            RegistryUnavailable: the registry did not answer in time.
            UntrustworthyAnswer: the registry's answer cannot be believed.
            NotSigned, SignatureRefused: `signed` is asked for, and the digest is not signed as it must be.
            MissingDependency: `signed` is asked for, and cosign is not installed or too old.
            NotLocked, InvalidLock: it resolves from a lock file, which does not contain the image, or is not valid.
        """
        return self.resolve_query(self.parse_query(image, **rule))

    def resolve_all(
        self, images: Mapping[str, ImageLike], *, progress: Progress | None = None, **rule: Unpack[RuleArguments]
    ) -> Resolutions:
        """Resolves a set of images as of one instant, many at a time: all of them, or none.

        Args:
            images: the images by keys of the caller's, each as for `resolve` or with its own rule:
                `{"image": …, "min_age": …}`.
            progress: called after each image with how many are done, how many there are, and the image.
            rule: the rule for images without a rule of their own.

        Raises:
            SeveralFailed: at least one image cannot be resolved; it lists each of them, and why.
        """
        return self.resolve_queries(self.parse_queries(images, **rule), progress)

    def history(
        self,
        image: str,
        *,
        since: AtLike = timeline.SINCE,
        until: AtLike | None = None,
        progress: Callable[[int, int], None] | None = None,
        **rule: Unpack[RuleArguments],
    ) -> Timeline:
        """Returns the digests that a tag pointed at, and which of them a rule chooses.

        Args:
            image: the image, as for `resolve`. A digest in it is taken for the `current` one.
            since: how far back to look: an instant, or a duration before `until`, such as `90d`. The build that was current
                then is included.
            until: the instant up to which to look. By default the present.
            progress: called whenever there is more to read, with how many nanoseconds are read, and how many there are.
            rule: the rule, as for `resolve`.

        Raises:
            What `resolve` raises; if only the rule chooses no build, that is in the result.
        """
        with border(self._debug):
            named = reference.parse(image, self.mirrors)
            tag = timeline.tag_of(named)
            current = parse_current(rule.pop("current", None)) or named.digest
            query = self.parse_query(tag, **rule)
            try:
                return read_past(self._lookup, query, since, until, current, progress, self.concurrency)
            except CgrError as error:
                raise error.with_image(tag) from error.__cause__

    def moves(
        self, image: str, *, since: AtLike, until: AtLike | None = None, is_begin_exact: bool = False
    ) -> Timeline:
        """Returns the digests that a tag pointed at between two instants; one request for almost every tag.

        Args:
            image: the image, as for `resolve`; a digest in it is ignored.
            since, until: see `history`.
            is_begin_exact: whether the first interval begins when the tag moved to its digest. Otherwise it may have moved
                there earlier.

        Raises:
            What `resolve` raises; `BeforeFirstBuild` if the tag's first build is after `until`.
        """
        query = self.parse_query(timeline.tag_of(reference.parse(image, self.mirrors)))
        with border(self._debug):
            try:
                return read_moves(self._lookup, query, since, until, is_begin_exact)
            except CgrError as error:
                raise error.with_image(query.reference.image) from error.__cause__

    def read_content(self, image: Reference, work: Callable[[Content], _T]) -> _T:
        """Reads manifests and blobs of an image's repository, with the available credentials.

        Args:
            image: the image.
            work: called with the content of the repository.

        Raises:
            AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for `resolve`.
        """
        with border(self._debug):
            return self._lookup.with_content(image, work)[0]

    @property
    def lock(self) -> str | None:
        """The lock file from which it resolves; `None` if it asks the registry."""
        return self._locked.path if self._locked else None

    def with_lock(self, path: str | os.PathLike[str] | None) -> Resolver:
        """Returns a resolver with the same settings that resolves from a lock file, or from none.

        Args:
            path: the file; `None` or the empty text to ask the registry.
        """
        made = copy.copy(self)
        made._locked = _lock_lookup(os.fspath(path)) if path else None
        return made

    def parse_query(self, image: object, **rule: Unpack[RuleArguments]) -> Query:
        """Parses a query; arguments and errors are those of `resolve`."""
        return Query.parse(image, self.mirrors, **self._with_settings(rule))

    def parse_queries(self, images: Mapping[str, ImageLike], **rule: Unpack[RuleArguments]) -> dict[str, Query]:
        """Parses the queries of a set, by the caller's keys; arguments and errors are those of `resolve_all`."""
        return query_set.parse_queries(images, self.mirrors, **self._with_settings(rule))

    def _with_settings(self, rule: RuleArguments) -> RuleArguments:
        """Returns a rule with what the settings say about every image, unless it says otherwise."""
        return {**rule, "signed": True} if self.signed and rule.get("signed") is None else rule

    def resolve_query(self, query: Query) -> Resolution:
        """Resolves a query; raises what `resolve` does."""
        with border(self._debug):
            if query.reference.digest is not None:
                return self._caching.resolve_pinned(query, query.reference.digest)
            return self._locked.resolve(query) if self._locked else self._caching.resolve(query)

    def verify(self, image: str, digest: str | None = None) -> Signature:
        """Verifies that a digest is signed, whatever the rule; a lock file is not used.

        Args:
            image: the image, as for `resolve`.
            digest: the digest of its index; by default the one in the image.

        Returns:
            Who signed it, and when.

        Raises:
            InvalidArgument: the image is malformed, no digest is given, or `signers` has no signer for it.
            NotSigned, SignatureRefused: it is not signed as it must be.
            MissingDependency: cosign is not installed or too old.
            AccessRefused, RegistryUnavailable, UntrustworthyAnswer: as for `resolve`.
        """
        with border(self._debug):
            named = reference.parse(image, self.mirrors)
            pinned = digest or named.digest
            if pinned is None:
                raise InvalidImage(f"it has no digest to verify: write {image}@sha256:….", image=image)
            try:
                return self._lookup.verify(named, pinned)
            except CgrError as error:
                raise error.with_image(image) from error.__cause__

    def verify_attestation(self, image: Reference, attestation: Attestation) -> Signature:
        """Verifies that an attestation is signed by somebody who may sign the image.

        Args:
            image: the image.
            attestation: what its repository has.

        Returns:
            Who signed it, and when.

        Raises:
            InvalidArgument, MissingDependency, RegistryUnavailable: as for `verify`.
            SignatureRefused: it is not signed as it must be; the message says why.
        """
        with border(self._debug):
            return self._lookup.verify_attestation(image, attestation)

    def resolve_queries(self, queries: Mapping[str, Query], progress: Progress | None = None) -> Resolutions:
        """Resolves a set of queries; arguments and errors are those of `resolve_all`."""
        with border(self._debug):
            return self._resolve_queries(queries, progress or (lambda _done, _all, _image: None))

    def _resolve_queries(self, queries: Mapping[str, Query], progress: Progress) -> Resolutions:
        fixed = {key: query for key, query in queries.items() if self._locked or query.is_fixed}
        moving = {key: query for key, query in queries.items() if key not in fixed}
        found = snapshot.resolve_each(fixed, self.resolve_query, self.concurrency, progress)
        instants = {query.rule.at for query in fixed.values() if query.rule.at or not query.is_fixed}
        at = instants.pop() if len(instants) == 1 else None
        if moving:
            at, resolved = self._caching.resolve_snapshot(moving, progress)
            found.update(resolved)
        return Resolutions(at, {key: found[key] for key in queries})

    def credentials_for(self, image: str) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not: names and places, no secrets.

        Raises:
            InvalidImage: the image is not a reference.
        """
        with border(self._debug):
            return self._lookup.access.considered(reference.parse(image, self.mirrors))


def _lock_lookup(path: str) -> LockLookup:
    from .._lockfile.lookup import LockLookup  # only who has a lock file needs it

    return LockLookup(path)
