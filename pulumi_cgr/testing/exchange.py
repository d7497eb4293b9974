# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The requests that a registry for tests gets, its responses, and the HTTP server between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


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

    @classmethod
    def of_error(cls, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
        return cls.of_json(status, {"errors": [{"code": code, "message": message}]}, headers)


class Answering(Protocol):
    """A registry, or the storage of its blobs, which answers requests."""

    now: Callable[[], float]

    def answer(self, request: Request) -> Reply:
        """Returns the response to a request."""

    def note(self, request: Request) -> None:
        """Records a request before the response is sent."""


def serve(answering: Answering, port: int = 0) -> ThreadingHTTPServer:
    """Returns a server on the loopback interface, not running yet."""
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"answering": answering}))
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    answering: Answering
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
        reply = self.answering.answer(request)
        size = 0 if request.method == "HEAD" else len(reply.body)
        self.answering.note(replace(request, status=reply.status, size=size))
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        length = len(reply.body) if reply.length is None else reply.length
        self.send_response_only(reply.status)
        date = formatdate(self.answering.now(), usegmt=True)
        for name, value in {"Date": date, **reply.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        body = b"" if self.command == "HEAD" else reply.body
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = self.close_connection or length != len(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing; see `Registry.requests`."""
