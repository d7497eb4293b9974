# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP: one request, bounded in time and size, repeated where that can help, and never sent on to another place.

- Connections are reused; proxies and CA bundles come from the environment, as everywhere with requests.
- `urllib3.util.Retry` says what is worth repeating (connection errors, 429, 502, 503, 504) and how long to wait
  (`Retry-After`, else exponentially).  No wait is begun that would end after the deadline.
- A 429 slows every request to that host down, not only the one that met it, and is waited out until the deadline.
- No redirect is followed: an API that answers JSON has none to give, and a credential must not travel.
- `~/.netrc` is not read, cookies are not kept.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, TypeVar
from urllib.parse import urlsplit

from ..errors import MissingDependency, RegistryUnavailable, UntrustworthyAnswer, redact
from .rate_limiter import RateLimiter

if TYPE_CHECKING:
    import requests
    from urllib3.util import Retry

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
RETRIES = 3
SHORTEST_WAIT = 0.1
SLOW_DOWN = 429
RETRY_STATUSES = frozenset({SLOW_DOWN, 502, 503, 504})
LARGEST_BODY = 2 * 1024 * 1024
CHUNK = 64 * 1024

_T = TypeVar("_T")


@dataclass(frozen=True)
class Response:
    """An answer of which the whole body was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """A pool of so many connections.  Make it where it is used (after a fork), and share it between threads."""

    def __init__(self, user_agent: str, connections: int) -> None:
        self._user_agent = user_agent
        self._connections = connections
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._rate_limiters: dict[str, RateLimiter] = defaultdict(RateLimiter)
        self._free = threading.BoundedSemaphore(connections)

    def get(self, url: str, params: Mapping[str, str], authorization: str | None, deadline: float) -> Response:
        """Sends a GET and reads the answer.

        Args:
            url: an `https://` URL, or `http://` on a loopback host.
            params: the query.
            authorization: the `Authorization` header, or `None` to send none.
            deadline: when to give up, by `time.monotonic()`, in seconds.

        Raises:
            RegistryUnavailable: no answer by the deadline, or only failures that another attempt did not mend.
            UntrustworthyAnswer: a redirect, or a body that is too large.
            MissingDependency: requests is not installed.
        """
        return self._repeat(_Exchange("GET", url, dict(params), None, authorization, deadline), RETRY_STATUSES)

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        authorization: str | None,
        deadline: float,
        retry_statuses: frozenset[int] = RETRY_STATUSES,
    ) -> Response:
        """Sends a form by POST and reads the answer; arguments and errors are as of `get`."""
        return self._repeat(_Exchange("POST", url, None, dict(form), authorization, deadline), retry_statuses)

    def _repeat(self, exchange: _Exchange, retry_statuses: frozenset[int]) -> Response:
        session, rate_limiter = self._open(exchange.host)
        retry = _retry_policy()
        failure = ""
        while (turn := rate_limiter.wait_for_turn(exchange.deadline)) is not None:
            try:
                with self._connection(exchange.deadline):
                    response = _by(exchange.deadline, lambda: exchange.send(session))
                failure = f"it answered {response.status}"
            except _failures() as error:
                response = None
                # Where the time ran out on a later attempt, what went wrong on the earlier one says more.
                if not failure or time.monotonic() < exchange.deadline:
                    failure = _plainly(error)
            if response is not None and response.status not in retry_statuses:
                rate_limiter.speed_up()
                return response
            if response is not None and response.status == SLOW_DOWN:
                pause = _retry_after(response)
                if pause and time.monotonic() + pause >= exchange.deadline:
                    break  # not the pace, for others may have the time; and the next question asks again
                rate_limiter.slow_down(turn, pause)
                continue
            wait = _wait(retry, response)
            if retry.total == 0 or time.monotonic() + wait >= exchange.deadline:
                break
            retry = retry.increment(method=exchange.method, url=exchange.url)
            time.sleep(wait)
        raise RegistryUnavailable(
            f"{exchange.host} cannot be asked: {failure or f'it wants fewer requests ({SLOW_DOWN})'}. Check the network and the"
            " proxy, then try again."
        )

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[None]:
        """Waits for one of the connections to be free, however many threads and sets want one."""
        if not self._free.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise FutureTimeoutError
        try:
            yield
        finally:
            self._free.release()

    def _open(self, host: str) -> tuple[requests.Session, RateLimiter]:
        with self._lock:
            if self._session is None:
                self._session = _new_session(self._user_agent, self._connections)
            return self._session, self._rate_limiters[host]


@dataclass(frozen=True)
class _Exchange:
    """One request, to be sent once or more often."""

    method: str
    url: str
    params: dict[str, str] | None
    form: dict[str, str] | None
    authorization: str | None
    deadline: float

    @property
    def host(self) -> str:
        """The host it goes to, with its port."""
        return urlsplit(self.url).netloc

    def send(self, session: requests.Session) -> Response:
        left = max(self.deadline - time.monotonic(), 0.001)
        with session.request(
            self.method,
            self.url,
            params=self.params,
            data=self.form,
            auth=self._authorize,
            timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            if 300 <= response.status_code < 400:
                raise UntrustworthyAnswer(_redirected(self.url, response.headers.get("Location", "")))
            body = _read_body(response, self.url)
            # A refusal is quoted in messages: what was sent along as a secret has no place there.
            for secret in self._secrets() if response.status_code != 200 else ():
                body = body.replace(secret, b"...")
            return Response(response.status_code, response.headers, body)

    def _secrets(self) -> set[bytes]:
        kind, _space, value = (self.authorization or "").partition(" ")
        password = base64.b64decode(value).partition(b":")[2] if kind == "Basic" else b""
        refresh = (self.form or {}).get("refresh_token", "")
        return {value.encode(), password, refresh.encode()} - {b""}

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As an `auth`, and even where there is nothing to add: else requests would put ~/.netrc in its place.
        if self.authorization is not None:
            request.headers["Authorization"] = self.authorization
        return request


def _new_session(user_agent: str, connections: int) -> requests.Session:
    try:
        import requests
        from requests.adapters import HTTPAdapter
    except ImportError as error:
        raise MissingDependency(
            "The Python library requests is missing here: python -m pip install requests"
        ) from error
    session = requests.Session()
    # An answer must be today's, and small enough to need no compression.
    session.headers.update({"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"})
    session.headers["Cache-Control"] = "no-cache"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=connections))
    return session


def _retry_policy() -> Retry:
    from urllib3.util import Retry

    return Retry(total=RETRIES, backoff_factor=0.2)


def _failures() -> tuple[type[Exception], ...]:
    import requests
    import urllib3

    return (requests.RequestException, urllib3.exceptions.HTTPError, FutureTimeoutError, OSError)


def _wait(retry: Retry, response: Response | None) -> float:
    """Returns the seconds to wait before the next attempt."""
    wait = _retry_after(response) if response else None
    return max(retry.get_backoff_time() if wait is None else wait, SHORTEST_WAIT)


def _retry_after(response: Response) -> float | None:
    """Returns the seconds for which a host wants to be left alone, if it says so in a form that can be read."""
    try:
        return _retry_policy().parse_retry_after(response.headers["Retry-After"])
    except Exception:  # noqa: BLE001  (absent, or nonsense: each release of urllib3 says so with another class)
        return None


def _by(deadline: float, call: Callable[[], _T]) -> _T:
    """Runs `call` and waits for it no longer than until `deadline`.

    Socket time-outs bound one silence, not the whole: a name server that does not answer and a body that drips byte by
    byte pass them.  So the call has a thread of its own, left behind if need be.
    """
    outcome: Future[_T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001  (whatever it was, it is raised again where the call was made)
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True, name="cgr-request").start()
    return outcome.result(timeout=max(deadline - time.monotonic(), 0))


def _read_body(response: requests.Response, url: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise UntrustworthyAnswer(
                f"{urlsplit(url).netloc} sent an answer of more than {LARGEST_BODY // 1024} KiB; it was not read."
            )
    return bytes(body)


def _redirected(url: str, location: str) -> str:
    target = urlsplit(location).netloc or urlsplit(url).netloc
    return (
        f"{urlsplit(url).netloc} sent the request on to {redact(target)}, which was not followed: a credential goes to its own"
        " registry only. A proxy or a sign-in page may stand in between."
    )


def _plainly(error: Exception) -> str:
    """Says in a few words what went wrong on the way, without addresses of objects or nested brackets."""
    import requests

    if isinstance(error, (requests.Timeout, FutureTimeoutError, TimeoutError)):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        trust = "to trust a CA of your own, name its file in REQUESTS_CA_BUNDLE"
        return f"its TLS certificate is not accepted: {_innermost(error)} ({trust})"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "it broke its answer off"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "its answer is not encoded as it says"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not answer ({_innermost(error)})"
    return _innermost(error)


def _innermost(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        error, cause = cause, cause.__cause__ or cause.__context__
    # Python's own words for it: the reason of a failed TLS verification, the name of an error of the system.
    words = (
        getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    )
    return redact(words)[1:-1].rstrip(".")
