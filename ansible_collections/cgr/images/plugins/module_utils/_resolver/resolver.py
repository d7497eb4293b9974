# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything is put together: settings, clock and credentials are read here, once, and passed down.

The way of a question: reference → credentials → transport → registry → history → selection → answer.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, fields
from typing import Callable, Mapping
from urllib.parse import urlsplit

from . import history, reference, selection
from .chainctl import Chainctl
from .container_config import places
from .credentials import Anonymous, Considered, Credential, Found, Keychain, Source
from .errors import (
    AccessRefused,
    BeforeFirstBuild,
    CgrError,
    CredentialsRefused,
    DeniedByPolicy,
    InvalidInstant,
    NotSignedIn,
    UnknownTag,
    quoted,
)
from .given import Given
from .identity import Identity
from .instant import AtLike, Instant
from .reference import REGISTRY, Reference, is_loopback
from .registry import TagHistory, base_url
from .settings import DEFAULT_REGISTRY, NAMES, Settings
from .tokens import Tokens
from .transport import Transport

USER_AGENT = "pulumi-cgr"

Trace = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """The digest an image stands for, and why.

    Attributes:
        image: the image as the user wrote it.
        repository: registry and name: `cgr.dev/acme.com/python`.
        tag: the tag; `None` for an image that was pinned by its digest alone.
        digest: `sha256:…`, that of the index: what the tag pointed at.
        ref: `repository:tag@digest`, to be deployed.
        updated: when the tag moved to the digest; `None` for an image that was pinned already.
        at: the instant asked for; `None` for the latest build.
        reason: why this build, for a person.
        warnings: what the user should mend, though there is an answer.
    """

    image: str
    repository: str
    tag: str | None
    digest: str
    ref: str
    updated: Instant | None
    at: Instant | None
    reason: str
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, str | None]:
        """Returns the answer as plain text, instants in their one text form, without the warnings."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "warnings"}
        return {name: None if value is None else str(value) for name, value in values.items()}


class Resolver:
    """Answers which digest an image stands for.  Threads may share it; processes may not.

    Args: settings, see `Settings`; what is not given comes from the environment.
        environment: the environment variables to read; by default those of this process, read now.
        trace: called with a sentence about each source of credentials that was asked: names and places, no secrets.

    Raises:
        InvalidQuestion: a setting is malformed.
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
        environment: Mapping[str, str] | None = None,
        trace: Trace | None = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in NAMES}
        self._settings = Settings.read(given, dict(os.environ if environment is None else environment))
        self._trace = trace
        self._transport = Transport(USER_AGENT)
        self._tokens = Tokens(self._transport)
        self._keychain = Keychain(_sources(self._settings, self._transport), REGISTRY)

    def resolve(self, image: str, *, at: AtLike | None = None) -> Answer:
        """Looks up the digest of an image.

        Args:
            image: `cgr.dev/ORG/IMAGE[:TAG]`; `latest` where no tag is written.  Already pinned (`…@sha256:…`), it is
                answered as it stands, without a request.
            at: the instant to look at, as RFC 3339 or ISO 8601 text, `datetime` or `date` (its midnight); without a zone it
                means UTC.  By default the latest build.

        Raises:
            InvalidQuestion: the image or the instant is malformed, names another registry, or lies in the future.
            NoSuchBuild: no such repository or tag, or the instant is before its first build.
            AccessRefused: credentials are missing or do not suffice.
            RegistryUnavailable: no answer in time.
            UntrustworthyAnswer: an answer that cannot be believed.
        """
        parsed = reference.parse(image)
        instant = None if at is None else parse_at(at)
        if parsed.digest is not None:
            return _answer(parsed, instant, parsed.digest, None, "already pinned in the image; nothing was looked up")
        try:
            choice, warnings = self._choose(parsed, instant, time.monotonic() + self._settings.timeout)
        except CgrError as error:
            raise _naming(parsed, error) from error.__cause__
        return _answer(parsed, instant, choice.record.digest, choice.record.updated, choice.reason, warnings)

    def credentials_for(self, image: str) -> tuple[Considered, ...]:
        """Says which credentials are used for an image, and why those before them are not: names and places, no secrets.

        Raises:
            InvalidImage: the image is no reference.
        """
        try:
            return self._find(reference.parse(image), time.monotonic() + self._settings.timeout).considered
        except AccessRefused as error:
            return error.considered

    def _find(self, parsed: Reference, deadline: float, refused: Credential | None = None) -> Found:
        considered: tuple[Considered, ...] = ()
        try:
            found = self._keychain.find(parsed, deadline, refused)
            considered = found.considered
            return found
        except AccessRefused as error:
            considered = error.considered
            raise
        finally:
            trace = self._trace or (lambda _sentence: None)
            for each in considered:
                trace(f"{parsed.image}: credentials: {each.source}: {each.outcome}")

    def _choose(
        self, parsed: Reference, at: Instant | None, deadline: float
    ) -> tuple[selection.Choice, tuple[str, ...]]:
        """Asks with the credentials there are, renewed once if they are refused; for a public image, else without any."""
        try:
            credential = self._find(parsed, deadline).credential
            try:
                return self._ask(parsed, at, credential, deadline), ()
            except CredentialsRefused:
                renewed = self._find(parsed, deadline, refused=credential).credential
                if renewed == credential:
                    raise
                return self._ask(parsed, at, renewed, deadline), ()
        except AccessRefused as error:
            if not parsed.is_public or isinstance(error, (NotSignedIn, DeniedByPolicy)):
                raise
            choice = self._ask(parsed, at, Anonymous(), deadline)
            return choice, (
                f"This public image was looked up without credentials, for those there are need repair: {error}",
            )

    def _ask(self, parsed: Reference, at: Instant | None, credential: Credential, deadline: float) -> selection.Choice:
        base = base_url(parsed, self._settings.registry)
        source = TagHistory(self._transport, self._tokens, base, parsed, credential, deadline)
        stretch = history.stretch_up_to(source, at, Instant(time.time_ns()))
        choice = selection.choose(stretch, at)
        if choice is None:
            raise _nothing(source, stretch, parsed, at)
        return choice


def parse_at(at: AtLike) -> Instant:
    """Reads the instant a user asks for.

    Raises:
        InvalidInstant: it is none: empty, a bare number, or malformed.
    """
    try:
        if isinstance(at, str) and not at.strip():
            raise ValueError("is empty; leave it out for the latest build")
        return Instant.of(at)
    except ValueError as error:
        raise InvalidInstant(f"at {quoted(at if isinstance(at, str) else repr(at))} {error}.") from error


def _sources(settings: Settings, transport: Transport) -> list[Source]:
    """Returns the places where credentials may be, in the order in which they are asked.

    What lies about on this machine was issued for cgr.dev: if that is looked up at another host, only what was issued for
    the other host is taken, or what the user gives.  A loopback host is this machine itself.
    """
    host = urlsplit(settings.registry).netloc
    is_cgr = settings.registry.rstrip("/") == DEFAULT_REGISTRY or is_loopback(host)
    sources: list[Source] = [Given(settings), Identity(settings, transport)]
    sources += places(settings.environment, REGISTRY if is_cgr else host)
    return [*sources, Chainctl(settings.environment)] if is_cgr else sources


def _answer(
    parsed: Reference,
    at: Instant | None,
    digest: str,
    updated: Instant | None,
    reason: str,
    warnings: tuple[str, ...] = (),
) -> Answer:
    ref = parsed.pinned(digest)
    return Answer(parsed.image, parsed.repository, parsed.tag, digest, ref, updated, at, reason, warnings)


def _nothing(
    source: history.HistorySource, stretch: history.Stretch, parsed: Reference, at: Instant | None
) -> CgrError:
    """Returns the error for a tag that has no record up to `at`."""
    first = stretch.records[0] if stretch.records else None
    if first is None and at is not None:
        first = history.first_record(source, at)
    if first is None:
        return UnknownTag(
            f"the registry knows no tag {quoted(parsed.tag or '')} in {parsed.repository}. Check its spelling."
        )
    return BeforeFirstBuild(f"at {at} is before the tag's first build, which is of {first.updated}.")


def _naming(parsed: Reference, error: CgrError) -> CgrError:
    """Returns the error with a message that begins with the image it is about."""
    message = str(error)
    if not message.startswith(parsed.repository):
        error.args = (f"{parsed.image}: {message}",)
    return error
