# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The kinds of values that the parts of a rule hold: how each is read from what a user wrote, and written as JSON."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, NamedTuple

from ..errors import InvalidInstant, InvalidRule
from ..redaction import redact
from .duration import format_duration, parse_duration
from .grammar import is_digest
from .instant import AtLike, Instant
from .platform import Platform

MAX_BUILDS_BACK = 10_000


class Kind(NamedTuple):
    """The kind of value that a part holds.

    Attributes:
        name: its name.
        parse: reads a value from what a user wrote, by the name of the argument.
        to_json: writes a value as JSON data.
        choices: the values to choose from, the default first; none for a value that is free.
    """

    name: str
    parse: Callable[[str, Any], Any]
    to_json: Callable[[Any], Any]
    choices: tuple[str, ...] = ()


def parse_at(at: AtLike, name: str = "at") -> Instant:
    """Parses the instant a user asks for.

    Args:
        at: RFC 3339 or ISO 8601 text, a date or a datetime; UTC if it has no time zone.
        name: the name of the argument, for the error.

    Raises:
        InvalidInstant: it is empty, a bare number, or malformed.
    """
    try:
        if isinstance(at, str) and not at.strip():
            raise ValueError("is empty; omit it to get the latest build")
        return Instant.of(at)
    except ValueError as error:
        raise InvalidInstant(f"{name} {redact(at)} {error}.", name) from error


def parse_current(value: object, name: str = "current") -> str | None:
    """Parses the digest that is deployed; `None` if none is given.

    Raises:
        InvalidRule: it is neither a digest nor a ref that ends with one.
    """
    if value is None or value == "":
        return None
    digest = value.rpartition("@")[2] if isinstance(value, str) else ""
    if not is_digest(digest):
        raise InvalidRule(f"{name} {redact(value)} is neither a digest nor a ref that ends with one.", name)
    return digest


def _parse_duration(name: str, value: object) -> int:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise InvalidRule(f"{name} {redact(value)} {error}.", name) from error


def _parse_count(name: str, value: object) -> int:
    # Pulumi passes every number as a float, and Ansible may pass it as text.
    count = int(value) if _is_whole(value) else -1  # type: ignore[call-overload]
    if not 0 <= count <= MAX_BUILDS_BACK:
        raise InvalidRule(f"{name} {redact(value)} is not a whole number from 0 to {MAX_BUILDS_BACK}.", name)
    return int(count)


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdecimal() and len(value) < 10
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _parse_digests(name: str, value: object) -> frozenset[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, Iterable) or isinstance(found, (Mapping, bytes)):
        raise InvalidRule(f"{name} {redact(value)} is not a list of digests.", name)
    digests = list(found)
    for digest in digests:
        if not is_digest(digest):
            raise InvalidRule(
                f"{name} contains {redact(digest)}, which is not a digest: write sha256: and 64 lower-case hex digits.",
                name,
            )
    return frozenset(digests)


def read_flag(value: object) -> bool | None:
    """Reads a flag, also as the text that a command line, the environment or Ansible gives; `None` if it is neither."""
    text = str(value).strip().lower()
    if text in ("true", "yes", "on", "1"):
        return True
    return False if text in ("false", "no", "off", "0") else None


def _parse_flag(name: str, value: object) -> bool:
    flag = read_flag(value)
    if flag is None:
        raise InvalidRule(f"{name} {redact(value)} is neither true nor false.", name)
    return flag


def choice(*choices: str) -> Kind:
    """Returns the kind of a choice; the first one is the default, and is held as the empty text."""

    def parse(name: str, value: object) -> str:
        if value not in choices:
            raise InvalidRule(f"{name} {redact(value)} is unknown: write {' or '.join(choices)}.", name)
        return "" if value == choices[0] else str(value)

    return Kind("choice", parse, str, choices)


INSTANT = Kind("instant", lambda name, value: parse_at(value, name), str)
DURATION = Kind("duration", _parse_duration, format_duration)
COUNT = Kind("count", _parse_count, int)
DIGESTS = Kind("digests", _parse_digests, sorted)
PLATFORM = Kind("platform", lambda name, value: Platform.parse(value, name), str)
FLAG = Kind("flag", _parse_flag, bool)
DIGEST = Kind("digest", lambda name, value: parse_current(value, name), str)
