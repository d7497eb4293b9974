# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP: requests that are bounded in time and size, repeated where that can help, and never sent on to another place.

- Connections are reused; proxies and CA bundles come from the environment variables (see `proxies.py`, `connections.py`).
- `urllib3.util.Retry` says how long to wait before another attempt (`Retry-After`, else exponentially).  No wait is begun that
  would end after the deadline.
- A host whose requests keep failing is not asked for a while (see `circuit_breaker.py`).
- A 429 slows every request to that host down, not only the one that met it, and is waited out until the deadline.
- No redirect is followed, and no more of one is read than its headers: an API that answers JSON does not redirect, and a
  credential must not travel.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, TypeVar
from urllib.parse import urlencode

from ..errors import RegistryUnavailable
from .bounded import LARGEST_BODY
from .circuit_breaker import CircuitBreaker
from .connections import Connections
from .exchange import Exchange, Response
from .failures import expected_failures, final, plainly
from .proxies import Proxy, proxy_for, remember_proxy_secrets
from .rate_limiter import RateLimiter

if TYPE_CHECKING:
    from urllib3.util import Retry

JSON = "application/json"
RETRIES = 3
SHORTEST_WAIT = 0.1
SLOW_DOWN = 429
RETRY_STATUSES = frozenset({SLOW_DOWN, 502, 503, 504})

_T = TypeVar("_T")


class Transport:
    """Sends requests over so many connections.  Make it where it is used (after a fork), and share it between threads.

    Args:
        user_agent: how it names itself.
        connections: how many requests are under way at the same time.
        environment: the environment variables, which name proxies and certificate authorities.
    """

    def __init__(self, user_agent: str, connections: int, environment: Mapping[str, str]) -> None:
        # An answer must be today's, and small enough to need no compression.
        self._headers = {
            "User-Agent": user_agent,
            "Accept": JSON,
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",
        }
        self._environment = environment
        self._connections = Connections(connections, environment)
        self._lock = threading.Lock()
        self._rate_limiters: dict[str, RateLimiter] = defaultdict(RateLimiter)
        self._circuit_breakers: dict[str, CircuitBreaker] = defaultdict(CircuitBreaker)
        self._free = threading.BoundedSemaphore(connections)
        remember_proxy_secrets(environment)

    def get(
        self,
        url: str,
        params: Mapping[str, str],
        authorization: str | None,
        deadline: float,
        *,
        accept: str = JSON,
        limit: int = LARGEST_BODY,
        may_redirect: bool = False,
        method: str = "GET",
    ) -> Response:
        """Sends a GET and reads the answer.

        Args:
            url: an `https://` URL, or `http://` on a loopback host.
            params: the query, added to that of the URL.
            authorization: the `Authorization` header, or `None` to send none.
            deadline: when to give up, by `time.monotonic()`, in seconds.
            accept: the media types to accept.
            limit: how many bytes the body may have.
            may_redirect: whether a redirect is returned as an answer without a body; it is not followed.
            method: `GET`, or `HEAD` for an answer without a body.

        Raises:
            RegistryUnavailable: no answer by the deadline, or every attempt failed.
            UntrustworthyAnswer: a redirect, a body that is too large, or something that is not HTTP.
            InvalidArgument: the proxy or the CA bundle of the environment cannot be used.
            MissingDependency: requests is not installed.
        """
        query = f"{'&' if '?' in url else '?'}{urlencode(params)}" if params else ""
        headers = {**self._headers_with(authorization), "Accept": accept}
        exchange = Exchange(method, url + query, headers, None, deadline, limit, may_redirect)
        return self._repeat(exchange, RETRY_STATUSES)

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        authorization: str | None,
        deadline: float,
        retry_statuses: frozenset[int] = RETRY_STATUSES,
    ) -> Response:
        """Sends a form by POST and reads the answer; for arguments and errors, see `get`."""
        headers = {**self._headers_with(authorization), "Content-Type": "application/x-www-form-urlencoded"}
        return self._repeat(Exchange("POST", url, headers, dict(form), deadline), retry_statuses)

    def _headers_with(self, authorization: str | None) -> dict[str, str]:
        return self._headers if authorization is None else {**self._headers, "Authorization": authorization}

    def _repeat(self, exchange: Exchange, retry_statuses: frozenset[int]) -> Response:
        proxy = proxy_for(exchange.url, self._environment)
        pool = self._connections.through(proxy, exchange.url.startswith("https:"))
        with self._lock:
            rate_limiter = self._rate_limiters[exchange.host]
            circuit_breaker = self._circuit_breakers[exchange.host]
        known = circuit_breaker.failure()
        if known is not None:
            raise _unavailable(exchange.host, known)
        retry = _retry_policy()
        failure = ""
        while (turn := rate_limiter.wait_for_turn(exchange.deadline)) is not None:
            response = None
            try:
                with self._connection(exchange.deadline):
                    response = _by(exchange.deadline, lambda: exchange.send(pool))
                failure = _status(response)
            except expected_failures() as error:
                failure = _failure(error, exchange, proxy, failure)
            if response is not None and response.status not in retry_statuses:
                rate_limiter.speed_up()
                circuit_breaker.succeed()
                return response
            if response is not None and response.status == SLOW_DOWN:
                pause = _retry_after(response)
                if pause and time.monotonic() + pause >= exchange.deadline:
                    break  # not the pace, for others may have the time; and the next question asks again
                rate_limiter.slow_down(turn, pause)
                continue
            wait = _wait(retry, response)
            if retry.total == 0 or time.monotonic() + wait >= exchange.deadline:
                circuit_breaker.fail(failure)
                break
            retry = retry.increment(method=exchange.method, url=exchange.url)
            time.sleep(wait)
        raise _unavailable(exchange.host, failure)

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[None]:
        """Waits for one of the connections to be free, however many threads and sets want one."""
        if not self._free.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise FutureTimeoutError
        try:
            yield
        finally:
            self._free.release()


def _unavailable(host: str, failure: str) -> RegistryUnavailable:
    why = failure or f"it wants fewer requests ({SLOW_DOWN}). Try again later."
    return RegistryUnavailable(f"{host} cannot be asked: {why}")


def _failure(error: Exception, exchange: Exchange, proxy: Proxy | None, earlier: str) -> str:
    """Returns what to say about a failure; raises what another attempt does not change."""
    verdict = final(error, exchange.host, proxy)
    if verdict:
        raise verdict from None
    # Where the time ran out on a later attempt, what went wrong on the earlier one says more.
    if earlier and time.monotonic() >= exchange.deadline:
        return earlier
    return f"{plainly(error, proxy)}. Check the network and the proxy, then try again."


def _status(response: Response) -> str:
    pause = _retry_after(response)
    wish = f" and asks to wait {pause:.0f} s" if pause else ""
    return f"it answered {response.status}{wish}. Try again later."


def _retry_policy() -> Retry:
    from urllib3.util import Retry

    return Retry(total=RETRIES, backoff_factor=0.2)


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
