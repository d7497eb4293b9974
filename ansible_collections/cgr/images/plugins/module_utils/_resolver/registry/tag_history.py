# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Chainguard's Tag History API.

Source: Chainguard Academy, "Using the Tag History API".  `GET /v2/ORG/IMAGE/_chainguard/history/TAG?start=…&end=…`
answers `{"history": [{"updateTimestamp": "2023-05-12T13:46:10.555Z", "digest": "sha256:…"}, …]}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import UntrustworthyAnswer
from ..http.exchange import Response, describe_body
from ..model.build import BEGINNING, Build, Page
from ..model.grammar import is_digest
from ..model.instant import SECOND, Instant
from ..redaction import redact
from . import response_errors
from .repository import Repository

MARGIN = SECOND
"""How much more is asked for at both ends: bounds may be exclusive, or cut to the second."""


@dataclass(eq=False, repr=False)
class TagHistory:
    """The Tag History API as the source of one tag's history."""

    repository: Repository

    def between(self, start: Instant, end: Instant | None) -> Page:
        """Returns the records from `start` to `end`, with a little to spare; for an unknown tag, an empty history."""
        window = {"start": _bound(start + -MARGIN)}
        if end is not None:
            window["end"] = _bound(end + MARGIN)
        asked = self.repository
        response = asked.get(f"_chainguard/history/{asked.reference.tag}", window)
        if response.status == 404 and not response_errors.is_unknown_repository(response):
            return Page((), _clock(response))
        if response.status != 200:
            raise response_errors.history_error(response, asked.reference, asked.credential)
        return Page(_records(response.body), _clock(response))


def _bound(instant: Instant) -> str:
    return str(instant.with_digits(3))


def _clock(response: Response) -> Instant | None:
    try:
        return Instant.of_http_date(response.headers["Date"])
    except (KeyError, ValueError):
        return None


def _records(body: bytes) -> tuple[Build, ...]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UntrustworthyAnswer(f"The registry's answer is not a tag history: {describe_body(body)}.") from error
    # Go writes an empty list as null, and an empty answer as {}.
    history = answer.get("history", None if answer == {} else "missing") if isinstance(answer, dict) else "missing"
    if history is None:
        return ()
    if not isinstance(history, list):
        raise UntrustworthyAnswer(f"The registry's answer is not a tag history: {describe_body(body)}.")
    return tuple(_record(entry) for entry in history)


def _record(entry: Any) -> Build:
    """Reads one record; a history with a record that cannot be read is not used at all, for it may be the answer."""
    updated_at, digest = (_member(entry, name) for name in ("updateTimestamp", "digest"))
    if not is_digest(digest):
        raise UntrustworthyAnswer(f"The registry's tag history has a record with a malformed digest: {redact(digest)}.")
    try:
        instant = Instant.parse(updated_at)
    except ValueError as error:
        raise UntrustworthyAnswer(
            f"The registry's tag history has a record whose updateTimestamp cannot be read: {redact(updated_at)} {error}."
        ) from error
    if instant < BEGINNING:
        raise UntrustworthyAnswer(
            f"The registry's tag history has a record whose updateTimestamp cannot be right: {redact(updated_at)}."
        )
    return Build(instant, digest)


def _member(entry: Any, name: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    if value is None:
        raise UntrustworthyAnswer(f"The registry's tag history has a record without '{name}'.")
    return str(value)
