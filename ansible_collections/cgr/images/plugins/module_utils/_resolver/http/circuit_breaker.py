# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a host is asked at all: not for a while, once many requests to it in a row have failed with all their retries.

Without this, hundreds of images would each wait for a registry that is down.
"""

from __future__ import annotations

import threading
import time

MOST_FAILURES = 8
"""How many requests in a row may fail before the host is left alone."""
PAUSE = 10.0
"""For how many seconds it is left alone."""


class CircuitBreaker:
    """The failures of one host; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._failure = ""
        self._open_until = 0.0

    def failure(self) -> str | None:
        """Returns the last failure if the host is left alone, and `None` if it can be asked."""
        with self._lock:
            return self._failure if time.monotonic() < self._open_until else None

    def fail(self, failure: str) -> None:
        """Counts a request that failed.

        Args:
            failure: what went wrong, for a message.
        """
        with self._lock:
            self._failures += 1
            self._failure = failure
            if self._failures >= MOST_FAILURES:
                self._open_until = time.monotonic() + PAUSE

    def succeed(self) -> None:
        """Counts an answer: the host can be asked."""
        with self._lock:
            self._failures = 0
            self._open_until = 0.0
