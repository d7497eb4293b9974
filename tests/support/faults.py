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
    return [
        *_bodies(),
        *_records(),
        *_statuses(),
        *_challenges(elsewhere),
        *_clocks(),
        *_tokens(elsewhere),
        *_redirects(elsewhere),
    ]


def _bodies() -> list[Fault]:
    """Answers that are not a tag history."""
    return [
        Fault("none", ANSWER, lambda _request: None),
        Fault("cut body", DOWN, body(b'{"history": [', length=500)),
        Fault("gzip bomb", UNTRUSTED, body(_bomb, headers={"Content-Encoding": "gzip"})),
        Fault("body that is not gzip", DOWN, body(b"no gzip", headers={"Content-Encoding": "gzip"})),
        Fault("100 MB body", UNTRUSTED, body(_blank)),
        Fault("web page of a captive portal", UNTRUSTED, body(b"<!DOCTYPE html><html>Sign in</html>")),
        Fault("empty body", UNTRUSTED, body(b"")),
        Fault("JSON that is not an object", UNTRUSTED, body(b"[]")),
        Fault("JSON of great depth", UNTRUSTED, body(b"[" * 100_000)),
        Fault("history missing", "unknown_tag", body(b"{}")),
        Fault("history null", "unknown_tag", body(b'{"history": null}')),
        Fault("history a string", UNTRUSTED, body(b'{"history": "none"}')),
    ]  # fmt: skip


def _records() -> list[Fault]:
    """Tag histories with records that are odd."""
    return [
        Fault("record without a digest", UNTRUSTED, history({"updateTimestamp": "2026-01-31T00:00:00Z"})),
        Fault("record without an instant", UNTRUSTED, history({"digest": A})),
        Fault("record that is not an object", UNTRUSTED, history("2026-01-31T00:00:00Z")),
        Fault("digest null", UNTRUSTED, with_digest(None)),
        Fault("digest malformed", UNTRUSTED, with_digest("sha256:abc")),
        Fault("digest in upper case", UNTRUSTED, with_digest(A.upper())),
        Fault("digest of an unknown algorithm", UNTRUSTED, with_digest("md5:" + 32 * "a")),
        Fault("digest of sha512", SHA512, with_digest(SHA512)),
        Fault("record twice", ANSWER, history(RECORD, RECORD)),
        Fault("two digests for one instant", UNTRUSTED, history(RECORD, {**RECORD, "digest": B})),
        Fault("unsorted", ANSWER, history({**RECORD, "updateTimestamp": "2026-01-30T00:00:00Z", "digest": B}, RECORD, {**RECORD, "updateTimestamp": "2026-01-29T00:00:00Z", "digest": B})),
        Fault("instant without a zone", ANSWER, with_instant("2026-01-31T00:00:00")),
        Fault("instant with an offset", ANSWER, with_instant("2026-01-31T02:00:00+02:00")),
        Fault("instant of the year 0001", UNTRUSTED, with_instant("0001-01-01T00:00:00Z")),
        Fault("instant of the year 9999", UNTRUSTED, with_instant("9999-12-31T00:00:00Z")),
        Fault("leap second", UNTRUSTED, with_instant("2016-12-31T23:59:60Z")),
        Fault("instant that is not a date", UNTRUSTED, with_instant("last week")),
        Fault("start and end ignored, few records", ANSWER, history({**RECORD, "updateTimestamp": "2020-01-01T00:00:00Z", "digest": B}, RECORD, {**RECORD, "updateTimestamp": "2026-03-01T00:00:00Z", "digest": B})),
        Fault("start and end ignored, many records", UNTRUSTED, history(*MANY)),
        Fault("a hundred records of one instant", UNTRUSTED, history(*repeat(RECORD, 100))),
    ]  # fmt: skip


def _statuses() -> list[Fault]:
    """Statuses that pass, or that do not."""
    return [
        Fault("429 once, Retry-After in seconds", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "0"}))),
        Fault("429 once, Retry-After a date", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}))),
        Fault("429 once, Retry-After nonsense", ANSWER, at_first(1, Reply(429, headers={"Retry-After": "soon"}))),
        Fault("429, Retry-After longer than the timeout", DOWN, body(b"", 429, headers={"Retry-After": "3600"})),
        Fault("500 once", DOWN, at_first(1, Reply(500))),
        Fault("500 twice", DOWN, at_first(2, Reply(500))),
        Fault("500 forever", DOWN, body(b"", 500)),
        Fault("502 of a proxy, once", ANSWER, at_first(1, Reply(502, b"<html>Bad Gateway</html>"))),
        Fault("502 of a proxy, forever", DOWN, body(b"<html>Bad Gateway</html>", 502)),
        Fault("401 once after a good token", ANSWER, at_first(1, Reply(401))),
        Fault("401 forever after a good token, without a challenge", "not_signed_in", body(b"", 401)),
    ]  # fmt: skip


def _challenges(elsewhere: str) -> list[Fault]:
    """Challenges that name other places; `elsewhere` is the URL of such a place."""
    return [
        Fault("challenge that names another host", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": f'Bearer realm="{elsewhere}"'})),
        Fault("challenge that names plain HTTP", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": 'Bearer realm="http://cgr.dev/token"'})),
        Fault("challenge given twice", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": f'Bearer realm="{elsewhere}", Bearer realm="{elsewhere}"'})),
        Fault("challenge of Basic", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": "Basic"})),
        Fault("challenge of 60 KB", "not_signed_in", body(b"", 401, headers={"WWW-Authenticate": "Bearer " + 60_000 * "x"})),
    ]  # fmt: skip


def _clocks() -> list[Fault]:
    """Clocks that are wrong."""
    return [
        Fault("clock an hour fast", ANSWER, history(RECORD, headers={"Date": "Sun, 01 Feb 2026 01:00:00 GMT"})),
        Fault("clock an hour slow", "invalid_at", history(RECORD, headers={"Date": "Sat, 31 Jan 2026 23:00:00 GMT"})),
        Fault("unreadable clock", UNTRUSTED, history(RECORD, headers={"Date": "noon"})),
    ]  # fmt: skip


def _tokens(elsewhere: str) -> list[Fault]:
    """Odd answers of the token endpoint."""
    return [
        Fault("token endpoint answers access_token only", ANSWER, _access_token()),
        Fault("token endpoint answers a web page", UNTRUSTED, token(Reply(200, b"<html></html>"))),
        Fault("token endpoint on another host", UNTRUSTED, token(Reply(307, headers={"Location": elsewhere}))),
        Fault("token for another repository", "not_signed_in", token(Reply.of_json(200, {"token": "for-another"}))),
    ]  # fmt: skip


def _redirects(elsewhere: str) -> list[Fault]:
    """Redirects, and a cookie."""
    return [
        Fault("redirect to the same host", UNTRUSTED, redirect("/elsewhere")),
        Fault("redirect to another host", UNTRUSTED, redirect(elsewhere)),
        Fault("redirect to plain HTTP", UNTRUSTED, redirect("http://cgr.dev/v2/")),
        Fault("redirect in a loop", UNTRUSTED, redirect("")),
        Fault("Set-Cookie", ANSWER, history(RECORD, headers={"Set-Cookie": "a=b"})),
    ]  # fmt: skip


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
