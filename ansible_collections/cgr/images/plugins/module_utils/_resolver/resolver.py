# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything is put together: settings, clock and credentials are read here, once, and passed down.

The way of a question: reference → credentials → transport → registry → history → selection → answer.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, fields
from typing import Mapping

from . import history, reference, selection
from .credentials import Keychain
from .errors import BeforeFirstBuild, CgrError, InvalidInstant, InvalidQuestion, UnknownTag, quoted
from .instant import AtLike, Instant
from .registry import DEFAULT_URL, TagHistory, base_url
from .tokens import Tokens
from .transport import Transport

DEFAULT_TIMEOUT = 30.0
USER_AGENT = "pulumi-cgr"


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
    """

    image: str
    repository: str
    tag: str | None
    digest: str
    ref: str
    updated: Instant | None
    at: Instant | None
    reason: str

    def as_dict(self) -> dict[str, str | None]:
        """Returns the answer as plain text, instants in their one text form."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: None if value is None else str(value) for name, value in values.items()}


class Resolver:
    """Answers which digest an image stands for.  Threads may share it; processes may not.

    Args:
        token: a Chainguard token of audience cgr.dev; by default that of `CGR_TOKEN`, else none is sent.
        registry: the URL at which cgr.dev is looked up; by default `CGR_REGISTRY`, else `https://cgr.dev`.
        timeout: the bound on one question, in seconds; by default `CGR_TIMEOUT`, else 30.
        environment: the environment variables to read; by default those of this process, read now.

    Raises:
        InvalidQuestion: `timeout` is no positive number.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        registry: str | None = None,
        timeout: float | str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        environment = dict(os.environ) if environment is None else environment
        self._registry = registry or environment.get("CGR_REGISTRY") or DEFAULT_URL
        self._timeout = _seconds(timeout or environment.get("CGR_TIMEOUT") or DEFAULT_TIMEOUT)
        self._keychain = Keychain.of(token, environment)
        self._transport = Transport(USER_AGENT)
        self._tokens = Tokens(self._transport)

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
        source = self._history_of(parsed)
        try:
            stretch = history.stretch_up_to(source, instant, _now())
            choice = selection.choose(stretch, instant)
            if choice is None:
                raise _nothing(source, stretch, parsed, instant)
        except CgrError as error:
            raise _naming(parsed, error) from error.__cause__
        return _answer(parsed, instant, choice.record.digest, choice.record.updated, choice.reason)

    def _history_of(self, parsed: reference.Reference) -> TagHistory:
        base = base_url(parsed, self._registry)
        deadline = time.monotonic() + self._timeout
        return TagHistory(self._transport, self._tokens, base, parsed, self._keychain.credential_for(parsed), deadline)


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


def _answer(
    parsed: reference.Reference, at: Instant | None, digest: str, updated: Instant | None, reason: str
) -> Answer:
    ref = parsed.pinned(digest)
    return Answer(parsed.image, parsed.repository, parsed.tag, digest, ref, updated, at, reason)


def _nothing(
    source: history.HistorySource, stretch: history.Stretch, parsed: reference.Reference, at: Instant | None
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


def _naming(parsed: reference.Reference, error: CgrError) -> CgrError:
    """Returns the same error with a message that begins with the image it is about."""
    message = str(error)
    return error if message.startswith(parsed.repository) else type(error)(f"{parsed.image}: {message}")


def _now() -> Instant:
    return Instant(time.time_ns())


def _seconds(value: float | str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise InvalidQuestion(f"timeout {quoted(str(value))} is not a number of seconds from 0 to 3600.")
    return seconds
