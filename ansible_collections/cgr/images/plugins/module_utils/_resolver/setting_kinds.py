# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How settings are parsed, by the kind of their values."""

from __future__ import annotations

from typing import Any, Callable
from urllib.parse import urlsplit

from .errors import InvalidArgument
from .model.grammar import is_loopback
from .model.kinds import read_flag
from .model.mirrors import Mirrors
from .model.signers import Signers
from .redaction import redact

MAX_TIMEOUT = 3600
MAX_CONCURRENCY = 64


def parser_of(kind: str) -> Callable[[str, Any], Any]:
    """Returns the function that parses the values of a kind of setting; its arguments are the name and the value."""
    parsers: dict[str, Callable[[str, Any], Any]] = {
        "choice": _parse_choice,
        "url": _parse_url,
        "seconds": _parse_seconds,
        "count": _parse_count,
        "mapping": _parse_mirrors,
        "flag": _parse_flag,
        "signers": _parse_signers,
    }
    return parsers.get(kind, _parse_text)


def is_server_url(url: str) -> bool:
    """Whether `url` is an `https://` URL of a host, or an `http://` URL of a loopback host, without user info."""
    try:
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
        has_host = bool(parts.hostname) and parts.port != 0 and parts.netloc.isascii()
        return is_safe and has_host and "@" not in parts.netloc and all("!" <= c <= "~" for c in url)
    except ValueError:
        return False


def _parse_text(_name: str, value: Any) -> str:
    return str(value)


def _parse_choice(name: str, value: Any) -> str:
    if value != "anonymous":
        # The value is not shown: it may be a token that was written into the wrong setting.
        raise InvalidArgument(
            f"{name} has an unknown value: write 'anonymous', or omit it. A token belongs in 'token'.", name
        )
    return "anonymous"


def _parse_url(name: str, value: Any) -> str:
    url = str(value).rstrip("/")
    scheme, _colon, host = url.lower().partition("://")
    if not is_server_url(url) or f"{urlsplit(url).scheme}://{urlsplit(url).netloc}".lower() != f"{scheme}://{host}":
        raise InvalidArgument(
            f"{name} {redact(value)} is not the URL of a server: write https://HOST, or http://HOST:PORT for a loopback"
            " host, without a path.",
            name,
        )
    return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"


def _parse_seconds(name: str, value: Any) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_TIMEOUT:
        raise InvalidArgument(f"{name} {redact(value)} is not a number of seconds from 0 to {MAX_TIMEOUT}.", name)
    return seconds


def _parse_count(name: str, value: Any) -> int:
    # Pulumi's configuration and Ansible's options may hold it as text.
    text = str(value)
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MAX_CONCURRENCY:
        raise InvalidArgument(f"{name} {redact(text)} is not a whole number from 1 to {MAX_CONCURRENCY}.", name)
    return int(text)


def _parse_mirrors(name: str, value: Any) -> Mirrors:
    try:
        return Mirrors.of(value)
    except InvalidArgument as error:
        error.argument = name
        raise


def _parse_flag(name: str, value: Any) -> bool:
    flag = read_flag(value)
    if flag is None:
        raise InvalidArgument(f"{name} {redact(value)} is neither true nor false.", name)
    return flag


def _parse_signers(name: str, value: Any) -> Signers:
    try:
        return Signers.of(value)
    except InvalidArgument as error:
        error.argument = name
        raise
