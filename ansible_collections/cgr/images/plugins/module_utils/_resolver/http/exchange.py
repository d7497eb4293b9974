# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""One request and its answer: sent once, never sent on to another place, and read only as far as an answer can be."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import urlencode, urlsplit

from ..errors import UntrustworthyAnswer
from ..redaction import redact
from .bounded import LARGEST_BODY, AnswerTooLarge, current
from .failures import Broken

if TYPE_CHECKING:
    from urllib3 import PoolManager

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
CHUNK = 64 * 1024
NOT_MODIFIED = 304


@dataclass(frozen=True)
class Response:
    """An answer of which the whole body was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(eq=False, repr=False)
class Exchange:
    """One request, to be sent once or more often.

    Attributes:
        limit: how many bytes the body of the answer may have.
        may_redirect: whether a redirect is an answer, of which only the headers are read, rather than an error.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str] | None
    deadline: float
    limit: int = LARGEST_BODY
    may_redirect: bool = False

    @property
    def host(self) -> str:
        """The host it goes to, with its port."""
        return urlsplit(self.url).netloc

    def send(self, pool: PoolManager) -> Response:
        """Sends the request and reads the answer.

        Raises:
            UntrustworthyAnswer: a redirect, an answer that is too large, or one that is not encoded as was asked.
            Broken: the answer ends too early.
            Exception: what urllib3 raises.
        """
        current.deadline, current.limit = self.deadline, self.limit
        left = max(self.deadline - time.monotonic(), 0.001)
        from urllib3 import Timeout

        try:
            response: Any = pool.request(
                self.method,
                self.url,
                body=None if self.form is None else urlencode(self.form),
                headers=dict(self.headers),
                timeout=Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
            return self._read(response)
        except AnswerTooLarge:
            raise UntrustworthyAnswer(_too_large(self.host, self.limit)) from None

    def _read(self, response: Any) -> Response:
        try:
            status, headers = int(response.status), response.headers
            if 300 <= status < 400:  # its body is of no use, and may have no end
                if self.may_redirect and status != NOT_MODIFIED:
                    response.close()
                    return Response(status, headers, b"")
                raise UntrustworthyAnswer(_redirected(self.host, status, headers.get("Location", "")))
            body = self._body(response)
            if self.method != "HEAD":
                _reject_cut(body, headers)
        except BaseException:
            response.close()  # what is still to come is not read
            raise
        response.release_conn()
        return Response(status, headers, _decoded(body, headers.get("Content-Encoding", ""), self.host, self.limit))

    def _body(self, response: Any) -> bytes:
        body = bytearray()
        for piece in response.stream(CHUNK, decode_content=False):
            body += piece
            if len(body) > self.limit:
                raise UntrustworthyAnswer(_too_large(self.host, self.limit))
        return bytes(body)


def describe_body(body: bytes) -> str:
    """Describes in a few words a body that is not what was expected."""
    start = body[:200].lstrip().lower()
    if not start:
        return "it is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        return "it is a web page, perhaps of a proxy or of a sign-in page"
    return f"it begins with {redact(body[:4000].decode('utf-8', 'replace'), 60)}"


def _reject_cut(body: bytes, headers: Mapping[str, str]) -> None:
    length = headers.get("Content-Length", "")
    is_chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    if length.isascii() and length.isdigit() and not is_chunked and len(body) < int(length[:18]):
        raise Broken("it broke its answer off")


def _decoded(body: bytes, encoding: str, host: str, limit: int) -> bytes:
    """Undoes a compression, though none was asked for; no more of it than an answer may have."""
    if encoding.strip().lower() in ("", "identity") or not body:
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise UntrustworthyAnswer(f"{host} sent an answer in the encoding {redact(encoding)}, which was not asked for.")
    try:
        plain = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, limit + 1)
    except zlib.error:
        raise Broken("its answer is not encoded as it says") from None
    if len(plain) > limit:
        raise UntrustworthyAnswer(_too_large(host, limit))
    return plain


def _too_large(host: str, limit: int) -> str:
    return f"{host} sent an answer of more than {limit // 1024} KiB, which was not read. Check any proxy in between."


def _redirected(host: str, status: int, location: str) -> str:
    if status == NOT_MODIFIED:
        return (
            f"{host} answered 304 (Not Modified), though the request set no condition. A proxy in between may be broken:"
            " tell whoever runs it."
        )
    try:
        parts = urlsplit(location)
        target = redact(parts.hostname + (f":{parts.port}" if parts.port else "")) if parts.hostname else f"'{host}'"
    except ValueError:
        target = "a URL that is malformed"
    return (
        f"{host} redirected the request to {target}. Redirects are not followed, so that credentials stay where they belong. A"
        " proxy or a sign-in page may be the cause."
    )
