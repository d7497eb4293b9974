# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a host may be asked: as fast as we can, until it answers 429 (RFC 6585); then no faster than it takes it.

Whoever wants to send a request waits for a turn.  A 429 holds all turns back, for as long as the host says, and widens the gap
between two of them; answers narrow it again, little by little.  Turns are taken in order, so no request waits forever while
others get through.
"""

from __future__ import annotations

import threading
import time

SHORTEST_PAUSE = 0.1
FIRST_GAP = 0.05
LONGEST_GAP = 1.0
WIDER, NARROWER = 1.5, 0.95
NO_GAP_BELOW = 0.01


class RateLimiter:
    """The pace of the requests to one host; threads share it.  All times are by `time.monotonic()`, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gap = 0.0
        self._next_turn = 0.0
        self._held_until = 0.0
        self._slowed = 0.0  # when the gap was widened

    def wait_for_turn(self, deadline: float) -> float | None:
        """Waits for a turn, and returns when it came; `None`, without a wait, if it would come after the deadline."""
        while True:
            with self._lock:
                now = time.monotonic()
                turn = max(now, self._next_turn)
                if turn > now and turn >= deadline:
                    return None
                self._next_turn = turn + self._gap
            if turn > now:
                time.sleep(turn - now)
            if self._held_until <= turn:  # else a 429 has arrived meanwhile
                return turn

    def slow_down(self, sent: float, pause: float | None) -> None:
        """Lowers the rate after a 429.

        Args:
            sent: the turn of the request that got the 429.
            pause: the seconds of Retry-After, if the answer has it; 0 does not lower the rate.
        """
        with self._lock:
            now = time.monotonic()
            if sent >= self._slowed and pause != 0:  # requests that were under way together lower the rate once
                self._gap = min(max(self._gap * WIDER, FIRST_GAP), LONGEST_GAP)
                self._slowed = now
            self._held_until = max(self._held_until, now + max(pause or 0.0, self._gap, SHORTEST_PAUSE))
            self._next_turn = max(self._next_turn, self._held_until)

    def speed_up(self) -> None:
        """Takes an answer as a sign that the host can do with a little more."""
        with self._lock:
            self._gap = self._gap * NARROWER if self._gap > NO_GAP_BELOW else 0.0
