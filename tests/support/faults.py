# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Failures of a registry, or of a proxy before it.

Each fault has its own repository, `chainguard/fault-N`, so that one registry can simulate all of them in one run.
"""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count, repeat

import trustme

from pulumi_cgr.testing import Registry, Reply, Request

from . import servers

A, B = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
SHA512 = "sha512:" + 128 * "a"
RECORD = {"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}
ANSWER = "the right digest"
AT = "2026-02-01T00:00:00Z"

Interfere = Callable[[Request], "Reply | None"]


@dataclass(frozen=True)
class Fault:
    """A fault, and the expected outcome: the right digest, or an error code."""

    name: str
    comes: str
    interfere: Interfere


def history(*records: object, headers: dict[str, str] | None = None) -> Interfere:
    """Responds to requests for the history with these records."""
    reply = Reply.of_json(200, {"history": list(records)}, headers)
    return lambda request: reply if "/_chainguard/" in request.path else None


def body(
    content: bytes | Callable[[], bytes],
    status: int = 200,
    length: int | None = None,
    headers: dict[str, str] | None = None,
) -> Interfere:
    """Responds to requests for the history with this; what is large is made for the first request."""

    def interfere(request: Request) -> Reply | None:
        if "/_chainguard/" not in request.path:
            return None
        return Reply(status, content() if callable(content) else content, headers or {}, length)

    return interfere


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(50_000_000))


def _blank() -> bytes:
    return b" " * 100_000_000


def token(reply: Reply) -> Interfere:
    """Responds with this at the token endpoint."""
    return lambda request: reply if request.path == "/token" else None


def at_first(turns: int, reply: Reply) -> Interfere:
    """Responds with this to the first requests for the history only."""
    numbers = count()
    return lambda request: reply if "/_chainguard/" in request.path and next(numbers) < turns else None


def redirect(to: str) -> Interfere:
    return body(b"", 307, headers={"Location": to})


def with_digest(digest: object) -> Interfere:
    return history({**RECORD, "digest": digest})


def with_instant(instant: object) -> Interfere:
    return history({**RECORD, "updateTimestamp": instant})


MANY = [
    {"updateTimestamp": f"2026-01-{day:02}T{hour:02}:00:00Z", "digest": B} for day in range(1, 31) for hour in range(24)
]
UNTRUSTED = "untrustworthy_answer"
DOWN = "unavailable"


def faults(other: Registry) -> list[Fault]:
    """Returns the faults that can be simulated over HTTP; `other` is a registry for redirects."""
    elsewhere = other.url + "/v2/chainguard/fault/_chainguard/history/latest"
    rows: list[tuple[str, str, Interfere | None]] = [
        ("none", ANSWER, lambda _request: None),
        ("cut body", DOWN, body(b'{"history": [', length=500)),
        ("gzip bomb", UNTRUSTED, body(_bomb, headers={"Content-Encoding": "gzip"})),
        ("body that is not gzip", DOWN, body(b"no gzip", headers={"Content-Encoding": "gzip"})),
        ("100 MB body", UNTRUSTED, body(_blank)),
        ("web page of a captive portal", UNTRUSTED, body(b"<!DOCTYPE html><html>Sign in</html>")),
        ("empty body", UNTRUSTED, body(b"")),
        ("JSON that is not an object", UNTRUSTED, body(b"[]")),
        ("JSON of great depth", UNTRUSTED, body(b"[" * 100_000)),
        ("history missing", "unknown_tag", body(b"{}")),
        ("history null", "unknown_tag", body(b'{"history": null}')),
        ("history a string", UNTRUSTED, body(b'{"history": "none"}')),
        ("record without a digest", UNTRUSTED, history({"updateTimestamp": "2026-01-31T00:00:00Z"})),
        ("record without an instant", UNTRUSTED, history({"digest": A})),
        ("record that is not an object", UNTRUSTED, history("2026-01-31T00:00:00Z")),
        ("digest null", UNTRUSTED, with_digest(None)),
        ("digest malformed", UNTRUSTED, with_digest("sha256:abc")),
        ("digest in upper case", UNTRUSTED, with_digest(A.upper())),
        ("digest of an unknown algorithm", UNTRUSTED, with_digest("md5:" + 32 * "a")),
        ("digest of sha512", SHA512, with_digest(SHA512)),
        ("record twice", ANSWER, history(RECORD, RECORD)),
        ("two digests for one instant", UNTRUSTED, history(RECORD, {**RECORD, "digest": B})),
        ("unsorted", ANSWER, history({**RECORD, "updateTimestamp": "2026-01-30T00:00:00Z", "digest": B}, RECORD, {**RECORD, "updateTimestamp": "2026-01-29T00:00:00Z", "digest": B})),
        ("instant without a zone", ANSWER, with_instant("2026-01-31T00:00:00")),
        ("instant with an offset", ANSWER, with_instant("2026-01-31T02:00:00+02:00")),
        ("instant of the year 0001", UNTRUSTED, with_instant("0001-01-01T00:00:00Z")),
        ("instant of the year 9999", UNTRUSTED, with_instant("9999-12-31T00:00:00Z")),
        ("leap second", UNTRUSTED, with_instant("2016-12-31T23:59:60Z")),
        ("instant that is not a date", UNTRUSTED, with_instant("last week")),
        ("start and end ignored, few records", ANSWER, history({**RECORD, "updateTimestamp": "2020-01-01T00:00:00Z", "digest": B}, RECORD, {**RECORD, "updateTimestamp": "2026-03-01T00:00:00Z", "digest": B})),
        ("start and end ignored, many records", UNTRUSTED, history(*MANY)),
        ("a hundred records of one instant", UNTRUSTED, history(*repeat(RECORD, 100))),
        ("429 once, Retry-After in seconds", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "0"}))),
        ("429 once, Retry-After a date", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}))),
        ("429 once, Retry-After nonsense", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "soon"}))),
        ("429, Retry-After longer than the timeout", DOWN, body(b"", 429, headers={"Retry-After": "3600"})),
        ("500 once", DOWN, at_first(1, Reply(500))),
        ("500 twice", DOWN, at_first(2, Reply(500))),
        ("500 forever", DOWN, body(b"", 500)),
        ("502 of a proxy, once", ANSWER, at_first(1, Reply(502, b"<html>Bad Gateway</html>"))),
        ("502 of a proxy, forever", DOWN, body(b"<html>Bad Gateway</html>", 502)),
        ("401 once after a good token", ANSWER, at_first(1, Reply(401))),
        ("401 forever after a good token, without a challenge", "not_signed_in", body(b"", 401)),
        ("challenge that names another host", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": f'Bearer realm="{elsewhere}"'})),
        ("challenge that names plain HTTP", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": 'Bearer realm="http://cgr.dev/token"'})),
        ("challenge given twice", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": f'Bearer realm="{elsewhere}", Bearer realm="{elsewhere}"'})),
        ("challenge of Basic", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": "Basic"})),
        ("challenge of 60 KB", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": "Bearer " + 60_000 * "x"})),
        ("clock an hour fast", ANSWER, history(RECORD, headers={"Date": "Sun, 01 Feb 2026 01:00:00 GMT"})),
        ("clock an hour slow", "invalid_at", history(RECORD, headers={"Date": "Sat, 31 Jan 2026 23:00:00 GMT"})),
        ("unreadable clock", UNTRUSTED, history(RECORD, headers={"Date": "noon"})),
        ("token endpoint answers access_token only", ANSWER, None),
        ("token endpoint answers a web page", UNTRUSTED, token(Reply(200, b"<html></html>"))),
        ("token endpoint on another host", UNTRUSTED, token(Reply(307, headers={"Location": elsewhere}))),
        ("token for another repository", "not_signed_in", token(Reply.of_json(200, {"token": "for-another"}))),
        ("redirect to the same host", UNTRUSTED, redirect("/elsewhere")),
        ("redirect to another host", UNTRUSTED, redirect(elsewhere)),
        ("redirect to plain HTTP", UNTRUSTED, redirect("http://cgr.dev/v2/")),
        ("redirect in a loop", UNTRUSTED, redirect("")),
        ("Set-Cookie", ANSWER, history(RECORD, headers={"Set-Cookie": "a=b"})),
    ]  # fmt: skip
    return [Fault(name, comes, interfere or _access_token()) for name, comes, interfere in rows]


def _access_token() -> Interfere:
    def interfere(request: Request) -> Reply | None:
        if request.path == "/token":
            return Reply.of_json(200, {"access_token": "granted"})
        return (
            Reply.of_json(200, {"history": [RECORD]})
            if request.headers.get("authorization") == "Bearer granted"
            else None
        )

    return interfere


AUTHORITY, STRANGER = trustme.CA(), trustme.CA()
"""The certificate authority that the tests trust, and one that they do not trust."""


def tls(identity: str, authority: trustme.CA = AUTHORITY, expired: bool = False) -> ssl.SSLContext:
    """Returns the TLS context of a server."""
    past = datetime.now(timezone.utc) - timedelta(days=1)
    certificate = authority.issue_cert(identity, not_after=past) if expired else authority.issue_cert(identity)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


OK = b"HTTP/1.1 200 OK\r\nDate: Sun, 01 Feb 2026 00:00:00 GMT\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = servers.without_end(65536 * b"x")

BELOW_HTTP: dict[str, tuple[servers.Resolution, ssl.SSLContext | None] | str] = {
    "no route": "https://255.255.255.255",
    "refused": "http://127.0.0.1:9",
    "stall before the headers": (servers.silence, None),
    "stall within the headers": (servers.drip_headers, None),
    "stall after the headers": (servers.drip, None),
    "hang up": (servers.hang_up, None),
    "chunk of a negative size": (servers.answers(CHUNKED + b"-5\r\n", ENDLESS), None),
    "chunk without a size": (servers.answers(CHUNKED + b"zz\r\n", ENDLESS), None),
    "redirect with a body without end": (
        servers.answers(b"HTTP/1.1 302 Found\r\nLocation: https://example.com/\r\n\r\n", ENDLESS),
        None,
    ),
    "redirect to what is not a URL": (servers.answers(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n"), None),
    "304": (servers.answers(b"HTTP/1.1 304 Not Modified\r\n\r\n"), None),
    "body without end": (servers.answers(OK + b"\r\n", ENDLESS), None),
    "HTTP/0.9": (servers.answers(b"<html>welcome</html>"), None),
    "another protocol": (servers.answers(b"SSH-2.0-OpenSSH_9.6\r\n"), None),
    "encoding that was not asked for": (
        servers.answers(OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"),
        None,
    ),
    "TLS certificate of another name": (servers.silence, tls("registry.example.com")),
    "TLS certificate that has expired": (servers.silence, tls("127.0.0.1", expired=True)),
    "TLS certificate of an unknown authority": (servers.silence, tls("127.0.0.1", STRANGER)),
}
"""Faults below HTTP, each with its own address or server."""

NOT_BELIEVED = frozenset(
    {
        "redirect with a body without end",
        "redirect to what is not a URL",
        "304",
        "body without end",
        "HTTP/0.9",
        "another protocol",
        "encoding that was not asked for",
    }
)
"""Those with a response that cannot be trusted; in all others the registry cannot be reached."""
