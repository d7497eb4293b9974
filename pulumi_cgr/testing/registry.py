# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry for tests, over HTTP on the loopback interface: tokens, challenges, tag histories, and digests of tags.

In a test, use `with Registry(histories) as registry: …` and `registry.url`.  In a shell, run
`python -m pulumi_cgr.testing.registry --histories FILE`, which prints the URL for `CGR_REGISTRY_URL`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..resolver import Instant
from .histories import Histories, Readings


@dataclass(frozen=True)
class Request:
    """A request, with the status of the response and the size of its body in bytes.

    The query includes the fields of a form.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    status: int = 0
    size: int = 0


@dataclass(frozen=True)
class Reply:
    """A response.  `length` is a false `Content-Length` to send."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None

    @classmethod
    def of_json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class Registry:
    """A registry on a free loopback port, from `__enter__` (or `start`) to `__exit__` (or `stop`).

    Args:
        histories: the histories of its tags (see `Histories`), which it copies.
        readings: how it behaves where the documentation of the real registry is silent.
        tokens: the tokens it accepts, as bearer or as refresh token, for repositories outside of the public `chainguard/`.
        users: the names and passwords it accepts for them.
        delay: how long it delays every response, in seconds.
        token_seconds: how long its tokens are valid, in seconds.
        now: its clock, in seconds since 1970; by default the clock of this machine.
        port: the port to listen on; 0 for any free port.
        log: a file to which it appends each request as a line of JSON before it responds: `method`, `path`, `status`, and
            `size`, the size of the response body in bytes.

    Attributes:
        requests: all requests so far, in order.
        interfere: a function that may return the response to a request, or `None` to let the registry respond.
    """

    def __init__(
        self,
        histories: Histories | Mapping[str, Any],
        *,
        readings: Readings | None = None,
        tokens: Collection[str] = (),
        users: Mapping[str, str] | None = None,
        delay: float = 0.0,
        token_seconds: float = 300.0,
        now: Callable[[], float] = time.time,
        port: int = 0,
        log: str | Path | None = None,
    ) -> None:
        self.histories = histories.copy() if isinstance(histories, Histories) else Histories(histories)
        self.readings = readings or Readings()
        self.tokens = set(tokens)
        self.users = dict(users or {})
        self.delay = delay
        self.token_seconds = token_seconds
        self.now = now
        self.requests: list[Request] = []
        self.interfere: Callable[[Request], Reply | None] = lambda _request: None
        self._log = Path(log) if log else None
        self._granted: dict[str, tuple[str, float]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"registry": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The URL for `CGR_REGISTRY_URL`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Registry:
        """Starts the registry, in a new thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True, name="cgr-registry").start()
        return self

    def stop(self) -> None:
        """Stops the registry and releases the port."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Registry:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def move(self, image: str, digest: str, updated_at: Instant | None = None) -> None:
        """Moves a tag (`ORG/IMAGE:TAG`) to a digest, now by the registry's clock or at an instant."""
        self.histories.move(image, digest, updated_at or Instant(int(self.now() * 1e9)).with_digits(3))

    def expire_tokens(self) -> None:
        """Makes every token that was granted so far expire."""
        self._granted.clear()

    def answer(self, request: Request) -> Reply:
        """Returns the response to a request, after the delay."""
        time.sleep(self.delay)
        reply = self.interfere(request)
        return self._routed(request) if reply is None else reply

    def note(self, request: Request) -> None:
        """Records a request before the response is sent."""
        self.requests.append(request)
        if self._log:
            kept = {name: getattr(request, name) for name in ("method", "path", "status", "size")}
            with self._log.open("ab", buffering=0) as file:
                file.write(json.dumps(kept).encode() + b"\n")

    def _routed(self, request: Request) -> Reply:
        if request.path == "/token":
            return self._grant(request)
        if request.path == "/v2/":
            return self._challenge("")  # tells clients where to get tokens
        for kind, answer in {"/_chainguard/history/": self._page, "/manifests/": self._manifest}.items():
            name, found, tag = request.path.removeprefix("/v2/").partition(kind)
            if found and tag and request.path.startswith("/v2/"):
                return self._refusal(name, request) or answer(f"{name}:{tag}", request)
        return _errors(404, "NOT_FOUND", "page not found")

    def _grant(self, request: Request) -> Reply:
        name = request.query.get("scope", "").removeprefix("repository:").removesuffix(":pull")
        offered = request.headers.get("authorization", "") or request.query.get("refresh_token", "")
        if offered and not self._knows(offered):
            return _errors(403, "DENIED", "Forbidden")
        if not offered and not name.startswith("chainguard/"):
            return _errors(401, "UNAUTHORIZED", "Authentication required")
        token = secrets.token_urlsafe(16)
        self._granted[token] = (name, time.monotonic() + self.token_seconds)
        # Clients in Go read whole seconds only.
        return Reply.of_json(200, {"token": token, "expires_in": int(self.token_seconds) or self.token_seconds})

    def _knows(self, offered: str) -> bool:
        basic = {base64.b64encode(f"{name}:{password}".encode()).decode() for name, password in self.users.items()}
        return offered in self.tokens or offered.removeprefix("Basic ") in basic

    def _refusal(self, name: str, request: Request) -> Reply | None:
        if not self._may_see(name, request.headers.get("authorization", "")):
            return self._challenge(f',scope="repository:{name}:pull"')
        if not self.histories.has_repository(name):
            return _errors(404, "NAME_UNKNOWN", "repository does not exist")
        return None

    def _challenge(self, scope: str) -> Reply:
        realm = f'Bearer realm="{self.url}/token",service="cgr.dev"{scope}'
        return _errors(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": realm})

    def _may_see(self, name: str, authorization: str) -> bool:
        token = authorization.removeprefix("Bearer ")
        granted_for, until = self._granted.get(token, ("", 0.0))
        return token in self.tokens or (granted_for == name and time.monotonic() < until)

    def _manifest(self, image: str, request: Request) -> Reply:
        """Responds with the digest that a tag points at, without a manifest."""
        moves = self.histories.moves(image)
        if not moves or request.method != "HEAD":
            return _errors(404, "MANIFEST_UNKNOWN", "manifest unknown")
        headers = {"Content-Type": "application/vnd.oci.image.index.v1+json", "Docker-Content-Digest": moves[-1].digest}
        return Reply(200, headers=headers, length=1)

    def _page(self, image: str, request: Request) -> Reply:
        if not self.histories.moves(image) and self.readings.unknown_tag != "[]":
            if self.readings.unknown_tag == "{}":
                return Reply.of_json(200, {})
            return _errors(404, "MANIFEST_UNKNOWN", "manifest unknown")
        try:
            start, end = (
                Instant.parse(request.query[bound]) if bound in request.query else None for bound in ("start", "end")
            )
        except ValueError as error:
            return _errors(400, "INVALID", f"start or end {error}")
        moves = self.histories.page(image, start, end, self.readings)
        return Reply.of_json(200, {"history": [self._record(move.updated_at, move.digest) for move in moves]})

    def _record(self, updated_at: Instant, digest: str) -> dict[str, str]:
        text = str(updated_at.with_digits(max(updated_at.digits, self.readings.digits)))
        return {"updateTimestamp": text, "digest": digest}


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_HEAD(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _answer(self, form: str) -> None:
        path = urlsplit(self.path).path
        query = {name: values[-1] for name, values in parse_qs(form).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers)
        reply = self.registry.answer(request)
        size = 0 if request.method == "HEAD" else len(reply.body)
        self.registry.note(replace(request, status=reply.status, size=size))
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        length = len(reply.body) if reply.length is None else reply.length
        self.send_response_only(reply.status)
        date = formatdate(self.registry.now(), usegmt=True)
        for name, value in {"Date": date, **reply.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        body = b"" if self.command == "HEAD" else reply.body
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = self.close_connection or length != len(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing; see `Registry.requests`."""


def _errors(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply.of_json(status, {"errors": [{"code": code, "message": message}]}, headers)


def main(arguments: list[str] | None = None) -> None:
    """Prints the URL of a registry and runs it until it is interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m pulumi_cgr.testing.registry", description="A registry for offline tests."
    )
    parser.add_argument(
        "--histories", required=True, help="JSON file: {'ORG/IMAGE:TAG': {'history': [{updateTimestamp, digest}]}}"
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument(
        "--token", action="append", default=[], help="a token that gives access to private images (repeatable)"
    )
    parser.add_argument("--delay", type=float, default=0.0, help="delay of every response, in seconds")
    parser.add_argument("--log", help="file to append a line of JSON to for each request: method, path, status, size")
    options = parser.parse_args(arguments)
    try:
        histories = Histories.load(options.histories)
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"--histories {options.histories} cannot be read: {error}")
    with Registry(histories, port=options.port, tokens=options.token, delay=options.delay, log=options.log) as registry:
        print(registry.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
