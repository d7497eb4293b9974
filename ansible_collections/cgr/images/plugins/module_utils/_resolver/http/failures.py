# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Failures on the way to a host, described in a few words: without addresses of objects, nested brackets and secrets."""

from __future__ import annotations

import re
import socket
import ssl
from concurrent.futures import TimeoutError as FutureTimeoutError
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected

from ..errors import CgrError, RegistryUnavailable, UntrustworthyAnswer
from ..redaction import redact
from .proxies import Proxy

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")


class Broken(Exception):
    """An answer that breaks the rules of HTTP on the way; another attempt may get a whole one."""


def expected_failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions that say that a request failed on the way."""
    import urllib3

    # ValueError: http.client and urllib3 raise it for parts of an answer that they cannot read.
    return (urllib3.exceptions.HTTPError, HTTPException, FutureTimeoutError, OSError, ValueError, Broken)


def final(error: Exception, host: str, proxy: Proxy | None) -> CgrError | None:
    """Returns the error for a failure that another attempt does not change; `None` for the others."""
    chain = _chain(error)
    tunnel = next((found for each in chain if (found := _TUNNEL.search(str(each)))), None)
    if proxy and tunnel:
        return RegistryUnavailable(_proxy_answer(int(tunnel[1]), host, proxy))
    certificate = next((each for each in chain if isinstance(each, ssl.SSLCertVerificationError)), None)
    if certificate:
        reason = redact(certificate.verify_message)[1:-1].rstrip(".")
        return RegistryUnavailable(
            f"{host} cannot be asked: its TLS certificate is not accepted: {reason} (to trust a CA of your own, name its file in"
            " REQUESTS_CA_BUNDLE). Check the network and the proxy, then try again."
        )
    garbage = next((each for each in chain if isinstance(each, BadStatusLine)), None)
    if garbage and not isinstance(garbage, RemoteDisconnected):
        through = f" It was asked through the proxy {proxy.host} ({proxy.variable})." if proxy else ""
        return UntrustworthyAnswer(
            f"{host} answered something that is not HTTP/1.1: it begins with {redact(str(garbage).strip(), 60)}.{through} Check"
            " the address and any proxy in between."
        )
    return None


def plainly(error: Exception, proxy: Proxy | None) -> str:
    """Returns what went wrong."""
    import urllib3

    if isinstance(error, Broken):
        return str(error)
    chain = _chain(error)
    if any(isinstance(each, (socket.timeout, TimeoutError, FutureTimeoutError)) for each in chain):
        return f"the proxy {proxy.host} or the host did not answer in time" if proxy else "it did not answer in time"
    if any(isinstance(each, IncompleteRead) for each in chain):
        return "it broke its answer off"
    if any(isinstance(each, RemoteDisconnected) for each in chain):
        return "it closed the connection without an answer"
    if proxy and any(isinstance(each, urllib3.exceptions.ProxyError) for each in chain):
        return f"the proxy {proxy.host} ({proxy.variable}) does not answer ({_words(chain[-1])})"
    if any(
        isinstance(each, (HTTPException, ValueError)) and not isinstance(each, (OSError, RemoteDisconnected))
        for each in chain
    ):
        return "its answer is not valid HTTP"
    if isinstance(chain[-1], urllib3.exceptions.ProtocolError):
        return "its answer is not valid HTTP"
    return _words(chain[-1])


def _proxy_answer(status: int, host: str, proxy: Proxy) -> str:
    said = f"{host} cannot be asked: the proxy {proxy.host} ({proxy.variable}) answered {status}"
    if status == 407:
        return (
            f"{said}: it wants a user name and a password, or does not take those it got. Write them into {proxy.variable}:"
            " http://USER:PASSWORD@HOST:PORT, both percent-encoded."
        )
    if status == 403:
        return f"{said}: it does not allow connections to {host}. Ask whoever runs it, or exempt the host in NO_PROXY."
    if 300 <= status < 400:
        return f"{said}: it redirects to another page, perhaps to sign in there. Sign in to the proxy, then try again."
    return f"{said}. Check the proxy, then try again."


def _chain(error: BaseException) -> list[BaseException]:
    """Returns an exception and what led to it, the first cause last."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        inner = next((each for each in cause.args if isinstance(each, BaseException)), None)
        reason = getattr(cause, "original_error", None)
        cause = cause.__cause__ or cause.__context__ or inner or (reason if isinstance(reason, BaseException) else None)
    return chain


def _words(error: BaseException) -> str:
    # Python's own words for it, such as the name of an error of the system.
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return redact(words)[1:-1].rstrip(".")
