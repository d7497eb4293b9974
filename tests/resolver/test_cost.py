# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How many requests a question costs, counted in the registry's log."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest

from pulumi_cgr.resolver import BeforeFirstBuild, Instant, Resolver
from pulumi_cgr.testing import Readings, Registry
from tests.support import plain

DIGEST = "sha256:" + 64 * "a"
CHANCE = random.Random(10_000)

# Made-up tags of 10,000 records: no recorded one has more than 216. The gap before each record, in minutes.
MADE_UP: dict[str, Callable[[int], float]] = {
    "nightly": lambda _number: 24 * 60 + CHANCE.uniform(-90, 90),
    "six a day": lambda _number: CHANCE.uniform(60, 420),
    "every few days": lambda _number: CHANCE.expovariate(1 / (2 * 24 * 60)),
    "in bursts": lambda number: 1 if number % 20 else 20 * 24 * 60,
}


def made_up(gap: Callable[[int], float]) -> plain.Moves:
    """Makes a history that ended a hundred days ago."""
    moves, moment = [], datetime.now(timezone.utc) - timedelta(days=100)
    for number in range(10_000):
        moves.append((moment, f"sha256:{sha256(str(number).encode()).hexdigest()}"))
        moment -= timedelta(minutes=max(gap(number), 0.01))
    return moves[::-1]


@pytest.mark.parametrize("cap", [1000, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "order", ["documented", *(pytest.param(o, marks=pytest.mark.slow) for o in ("oldest", "shuffled"))]
)
@pytest.mark.parametrize("shape", MADE_UP)
def test_any_instant_of_ten_thousand_records_costs_at_most_four(shape: str, order: str, cap: int) -> None:
    moves = made_up(MADE_UP[shape])
    history = [{"updateTimestamp": moved.isoformat(), "digest": digest} for moved, digest in moves]
    first, last = moves[0][0], moves[-1][0]
    instants = [first + (last - first) * CHANCE.random() for _ in range(40)]
    instants += [
        first,
        first - timedelta(milliseconds=1),
        first - timedelta(days=900),
        last,
        last - timedelta(milliseconds=1),
    ]
    instants += [last + timedelta(days=days) for days in (1, 20, 99)]
    readings = Readings(order=order, cap=cap)  # type: ignore[arg-type]
    with Registry({"chainguard/made-up:latest": history}, readings=readings) as registry:
        resolver = Resolver(registry=registry.url, environment={})
        for at in [*instants, None]:
            before = len(registry.requests)
            try:
                answer = resolver.resolve("cgr.dev/chainguard/made-up", at=at).digest
            except BeforeFirstBuild as refusal:
                answer = str(refusal).partition("which is from ")[2].partition(". Ask")[0]
            assert answer == (plain.expected(moves, at) or str(Instant.parse(first.isoformat())))
            spent = [request for request in registry.requests[before:] if "history" in request.path]
            # Right under a cap that nobody documents; cheap under the one that is documented.
            assert len(spent) <= (4 if cap == 1000 else 16), at


@pytest.mark.parametrize("at", ["2024-06-01", None])
def test_a_cold_image_costs_two_requests_and_a_further_tag_one(at: str | None) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    moves = [{"updateTimestamp": moved.isoformat(), "digest": DIGEST} for moved in (datetime(2024, 5, 30), yesterday)]
    with Registry({"chainguard/a:1": moves, "chainguard/a:2": moves}) as registry:
        resolver = Resolver(registry=registry.url, environment={})
        resolver.resolve("cgr.dev/chainguard/a:1", at=at)
        resolver.resolve("cgr.dev/chainguard/a:2", at=at)

    history = "/v2/chainguard/a/_chainguard/history/"
    assert [request.path for request in registry.requests] == ["/token", f"{history}1", f"{history}2"]


def test_a_wrong_clock_of_this_machine_costs_one_request_more() -> None:
    future = datetime.now(timezone.utc) + timedelta(days=4000)
    moves = [{"updateTimestamp": (future - timedelta(days=1)).isoformat(), "digest": DIGEST}]
    past = [{"updateTimestamp": "2010-01-31T00:00:00Z", "digest": DIGEST}]
    for clock, history in ((future, moves), (datetime(2010, 2, 1, tzinfo=timezone.utc), past)):
        with Registry({"chainguard/a:latest": history}, now=clock.timestamp) as registry:
            assert Resolver(registry=registry.url, environment={}).resolve("cgr.dev/chainguard/a").digest == DIGEST
            assert len(registry.requests) <= 3
