# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves: the right answer, or one clear sentence, and no credential anywhere else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from itertools import cycle, repeat
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.resolver import (
    AccessRefused,
    CgrError,
    InvalidInstant,
    RegistryUnavailable,
    Resolver,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Registry, Reply, Request
from tests.support.servers import drip, drip_headers, hang_up, server, silence, without_date

IMAGE = "cgr.dev/chainguard/python:latest"
A, B = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
RECORD = {"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}
HISTORIES = {"chainguard/python:latest": [RECORD], "acme.com/python:latest": [RECORD]}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES, tokens=["the-secret"]) as registry:
        yield registry


def refusal(registry: Registry, at: str | None = "2026-02-01", image: str = IMAGE, **settings: Any) -> CgrError:
    """Asks, and returns the refusal, after looking at its form."""
    with pytest.raises(CgrError) as caught:
        Resolver(registry=registry.url, environment={}, **settings).resolve(image, at=at)
    sentence = str(caught.value)
    assert sentence.startswith("cgr.dev/")
    assert sentence.isprintable()
    assert "the-secret" not in sentence
    assert len(sentence) < 700
    return caught.value


def records(*entries: object) -> Reply:
    return Reply.of_json(200, {"history": list(entries)})


BELIEVED_BY_NOBODY = {
    "a web page": Reply(200, b"<!DOCTYPE html><html>Sign in</html>"),
    "nothing": Reply(200),
    "a list": Reply.of_json(200, [RECORD]),
    "another object": Reply.of_json(200, {"errors": []}),
    "history as text": Reply.of_json(200, {"history": "none"}),
    "a record as text": records("sha256"),
    "no digest": records({"updateTimestamp": "2026-01-31T00:00:00Z"}),
    "a short digest": records({**RECORD, "digest": "sha256:abc"}),
    "an upper-case digest": records({**RECORD, "digest": A.upper()}),
    "another algorithm": records({**RECORD, "digest": "md5:" + 32 * "a"}),
    "a digest that is a list": records({**RECORD, "digest": [A]}),
    "no instant": records({"digest": A}),
    "an instant that is a number": records({**RECORD, "updateTimestamp": 1700000000}),
    "no date": records({**RECORD, "updateTimestamp": "31 January"}),
    "a leap second": records({**RECORD, "updateTimestamp": "2016-12-31T23:59:60Z"}),
    "the 30th of February": records({**RECORD, "updateTimestamp": "2026-02-30T00:00:00Z"}),
    "control characters": records({**RECORD, "digest": "\x1b[31m\n" + A}),
    "JSON of great depth": Reply(200, b"[" * 100_000),
    "two digests for one instant": records(RECORD, {**RECORD, "digest": B}),
    "a hundred records of other times": records(*repeat({**RECORD, "updateTimestamp": "2020-01-01T00:00:00Z"}, 100)),
    "a body without end": Reply(200, b" " * 3_000_000),
    "another status": Reply(418, b"I am a teapot"),
}


@pytest.mark.parametrize("fault", BELIEVED_BY_NOBODY)
def test_an_answer_that_cannot_be_believed_gives_no_digest(registry: Registry, fault: str) -> None:
    registry.interfere = lambda request: BELIEVED_BY_NOBODY[fault] if "history" in request.path else None

    assert type(refusal(registry)) is UntrustworthyAnswer


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"token": ""}', b'{"token": "a b"}', b'{"token": 7}', b"<html>", b'{"token": "\\u00e9"}'],
)
def test_a_token_that_is_none_is_not_used(registry: Registry, body: bytes) -> None:
    registry.interfere = lambda request: Reply(200, body) if request.path == "/token" else None

    assert type(refusal(registry)) is UntrustworthyAnswer
    assert [request.path for request in registry.requests] == ["/token"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_failures_without_end_are_reported_as_such(registry: Registry, status: int) -> None:
    registry.interfere = lambda _request: Reply(status, headers={"Retry-After": "0"})

    error = refusal(registry, timeout=1)

    assert type(error) is RegistryUnavailable
    assert str(status) in str(error)
    assert "try again later" in str(error).lower()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("after", ["0", "nonsense", "-1", None, "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_failure_that_passes_is_mended_by_another_attempt(registry: Registry, status: int, after: str | None) -> None:
    turns = cycle([Reply(status, headers={"Retry-After": after} if after else {}), None])
    registry.interfere = lambda _request: next(turns)

    assert Resolver(registry=registry.url, environment={}).resolve(IMAGE).digest == A


def test_a_wait_longer_than_the_bound_is_not_begun(registry: Registry) -> None:
    registry.interfere = lambda _request: Reply(429, headers={"Retry-After": "86400"})
    resolver = Resolver(registry=registry.url, environment={})

    with pytest.raises(RegistryUnavailable, match="it answered 429"):
        resolver.resolve(IMAGE)
    assert len(registry.requests) == 1

    registry.interfere = lambda _request: None
    assert resolver.resolve(IMAGE).digest == A  # nobody else is held back by it


@pytest.mark.parametrize("to", ["same", "other"])
def test_a_redirect_is_not_followed(registry: Registry, to: str) -> None:
    with Registry(HISTORIES) as other:
        location = (registry if to == "same" else other).url + "/v2/chainguard/python/_chainguard/history/other"
        registry.interfere = lambda request: (
            Reply(307, headers={"Location": location}) if "latest" in request.path else None
        )

        assert type(refusal(registry, token="the-secret")) is UntrustworthyAnswer

        assert not other.requests
        assert len(registry.requests) == 1


def test_a_cut_body_is_asked_for_again(registry: Registry) -> None:
    turns = iter([None, Reply(200, b'{"history": [', length=100)])
    registry.interfere = lambda _request: next(turns, None)

    assert Resolver(registry=registry.url, environment={}).resolve(IMAGE).digest == A


@pytest.mark.parametrize("answer", [silence, drip, drip_headers, hang_up])
def test_a_registry_that_stalls_is_left_at_the_bound(answer: Callable[[socket.socket], None]) -> None:
    with (
        server(answer) as url,
        pytest.raises(RegistryUnavailable, match="Check the network and the proxy, then try again"),
    ):
        Resolver(registry=url, timeout=0.6, environment={}).resolve(IMAGE)


def test_a_registry_that_is_down_is_reported() -> None:
    with pytest.raises(
        RegistryUnavailable, match=r"127\.0\.0\.1:9 cannot be asked: Connection refused\. Check the network"
    ):
        Resolver(registry="http://127.0.0.1:9", environment={}).resolve(IMAGE)


def test_a_token_that_expired_is_renewed_once(registry: Registry) -> None:
    resolver = Resolver(registry=registry.url, environment={})
    resolver.resolve(IMAGE, at="2026-02-01")
    registry.expire_tokens()

    assert resolver.resolve(IMAGE, at="2026-02-01").digest == A
    assert [request.path == "/token" for request in registry.requests] == [True, False, False, True, False]


def test_a_token_that_is_refused_is_not_renewed_without_end(registry: Registry) -> None:
    registry.interfere = lambda request: Reply(401) if "history" in request.path else None

    assert isinstance(refusal(registry), AccessRefused)
    assert len(registry.requests) == 4


def test_a_token_is_renewed_before_it_expires(registry: Registry) -> None:
    registry.token_seconds = 0.000001
    resolver = Resolver(registry=registry.url, environment={})
    registry.interfere = lambda request: None if request.path == "/token" else records(RECORD)

    resolver.resolve(IMAGE)
    resolver.resolve(IMAGE)

    assert [request.path for request in registry.requests].count("/token") >= 2


def test_without_a_clock_of_the_registry_no_instant_is_answered() -> None:
    with server(without_date) as url:
        resolver = Resolver(registry=url, environment={})
        with pytest.raises(UntrustworthyAnswer, match="gives no time of its own"):
            resolver.resolve(IMAGE, at="2026-02-01")
        assert resolver.resolve(IMAGE).digest == A


def test_the_future_is_judged_by_the_registrys_clock(registry: Registry) -> None:
    registry.now = lambda: 1769904000.0  # 2026-02-01T00:00:00Z

    assert type(refusal(registry, at="2026-02-01T00:00:02Z")) is InvalidInstant
    assert Resolver(registry=registry.url, environment={}).resolve(IMAGE, at="2026-02-01").digest == A


def test_a_build_of_the_future_is_not_the_latest(registry: Registry) -> None:
    registry.now = lambda: 1767225600.0  # 2026-01-01T00:00:00Z

    assert "A build in the future is never chosen" in str(refusal(registry, at=None))


def test_netrc_does_not_replace_the_token_and_cookies_do_not_come_back(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    def with_cookie(request: Request) -> Reply | None:
        return Reply(200, records(RECORD).body, {"Set-Cookie": "a=b"}) if "history" in request.path else None

    registry.interfere = with_cookie
    resolver = Resolver(registry=registry.url, environment={})
    resolver.resolve(IMAGE)
    resolver.resolve(IMAGE)

    assert "authorization" not in registry.requests[0].headers
    assert all(request.headers["authorization"].startswith("Bearer ") for request in registry.requests[1:])
    assert not any("cookie" in request.headers for request in registry.requests)
