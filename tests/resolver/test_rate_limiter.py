# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How fast a host is asked that says it is too fast; by a clock that stands still unless somebody waits."""

from __future__ import annotations

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.http import rate_limiter as rate_limiter
from ansible_collections.cgr.images.plugins.module_utils._resolver.http.rate_limiter import (
    FIRST_GAP,
    LONGEST_GAP,
    RateLimiter,
)

FOREVER = 1e9


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limiter, "time", clock)
    return clock


def turns(asked: RateLimiter, number: int) -> list[float]:
    found = [asked.wait_for_turn(FOREVER) for _turn in range(number)]
    return [turn - 1000.0 for turn in found if turn is not None]


def test_a_host_that_never_complains_is_never_waited_for(clock: Clock) -> None:
    asked = RateLimiter()

    assert turns(asked, 100) == [0.0] * 100


def test_the_longest_pause_that_a_host_asks_for_counts(clock: Clock) -> None:
    asked = RateLimiter()
    asked.slow_down(clock.now, 10)
    asked.slow_down(clock.now, 1)
    asked.slow_down(clock.now, None)

    assert turns(asked, 1) == [10.0]


def test_requests_that_were_under_way_together_widen_the_gap_once(clock: Clock) -> None:
    asked = RateLimiter()
    sent = clock.now
    clock.now += 0.01
    for _request in range(16):
        asked.slow_down(sent, None)

    first, second, third = turns(asked, 3)

    assert [second - first, third - second] == pytest.approx([FIRST_GAP, FIRST_GAP])


def test_the_gap_widens_while_a_host_complains_and_closes_when_it_answers(clock: Clock) -> None:
    asked = RateLimiter()
    for _request in range(50):
        asked.slow_down(clock.now, None)
        asked.wait_for_turn(FOREVER)
    widest = turns(asked, 2)
    for _request in range(200):
        asked.speed_up()
    turns(asked, 1)  # was given while there was still a gap before it
    closed = turns(asked, 2)

    assert widest[1] - widest[0] == pytest.approx(LONGEST_GAP)
    assert closed[0] == closed[1]


def test_no_turn_is_waited_for_that_comes_too_late(clock: Clock) -> None:
    asked = RateLimiter()
    asked.slow_down(clock.now, 60)

    assert asked.wait_for_turn(clock.now + 30) is None
    assert clock.now == 1000.0
