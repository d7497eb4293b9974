# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Threads in which lookups wait, and that an interrupted program does not wait for.

Python joins the threads of `concurrent.futures.ThreadPoolExecutor` when it ends, for as long as their requests may take.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")


class DaemonThreads:
    """Does work in a limited number of threads, which end when there is nothing left to do.

    Args:
        limit: how many threads, at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._running = 0

    def submit(self, work: Callable[[], _T]) -> Future[_T]:
        """Starts work, or lets it wait for a thread; returns its outcome."""
        outcome: Future[_T] = Future()
        with self._lock:
            self._waiting.append((work, outcome))
            if self._running == self._limit:
                return outcome
            self._running += 1
        threading.Thread(target=self._run, daemon=True, name="cgr-lookup").start()
        return outcome

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                work, outcome = self._waiting.popleft()
            if not outcome.set_running_or_notify_cancel():
                continue
            try:
                outcome.set_result(work())
            except BaseException as error:  # noqa: BLE001  (it is in the outcome, for the one who waits)
                outcome.set_exception(error)
