# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves a tag with a long history as of a week ago, compared with the documented way: curl, jq and the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from tests.support.environments import ROOT

from ..measure import Check, Cost, Done, Part, Plot, Row, fewer_bytes, fewer_requests, measured
from ..served import NIGHTLY, Served, made_up, served

BY_HAND = str(ROOT / "tests/bench/by-hand.sh")
OURS, THEIRS = "this resolver", "curl and jq, the documented way"
RECORDS = (100, 300, 1000, 3000, 10_000)
GOALS = {1000: 50, 10_000: 300}
SIX_A_DAY = timedelta(hours=4)


def asked_alone(served: Served, image: str, at: str) -> Done:
    """Uses the resolver, in a new process."""
    return Done(served.ask(f"cgr.dev/{image}", "--at", at)["digests"])


def asked_by_hand(served: Served, image: str, at: str) -> Done:
    """Uses curl and jq."""
    name, _colon, tag = image.partition(":")
    return Done(served.run([BY_HAND, name, tag, at]).split())


def part(folder: Path, records: Sequence[int] = RECORDS, repeat: int = 3) -> Part:
    """Measures this kind of work."""
    at = f"{datetime.now(timezone.utc) - timedelta(days=7):%Y-%m-%dT%H:%M:%S}.000Z"
    paces = {"nightly": NIGHTLY, "six-a-day": SIX_A_DAY}
    histories = {
        f"chainguard/{rate_limiter}:of-{number}": made_up(f"{rate_limiter} {number}", number, gap)
        for rate_limiter, gap in paces.items()
        for number in records
    }
    costs: dict[str, dict[int, dict[str, Cost]]] = {rate_limiter: {} for rate_limiter in paces}
    with served(histories, folder / "history") as registry:
        for rate_limiter, of_pace in costs.items():
            for number in records:
                image = f"chainguard/{rate_limiter}:of-{number}"
                ways = {
                    OURS: partial(asked_alone, registry, image, at),
                    THEIRS: partial(asked_by_hand, registry, image, at),
                }
                of_pace[number] = measured(ways, repeat, registry)
    rows = [_row("", number, costs["nightly"][number], GOALS.get(number)) for number in records if number in GOALS]
    rows += [_row(", moving six times a day", number, costs["six-a-day"][number], None) for number in records[-1:]]
    return Part(rows, [_plot(costs)])


def _row(more: str, number: int, cost: dict[str, Cost], goal: int | None) -> Row:
    ours, theirs = cost[OURS], cost[THEIRS]
    checks: list[Check] = [fewer_bytes(ours, theirs, goal), fewer_requests(ours, theirs)]
    return Row(f"the digest a week ago of a tag with {number:,} records{more}", THEIRS, checks, ours, theirs)


def _plot(costs: dict[str, dict[int, dict[str, Cost]]]) -> Plot:
    nightly, six = costs["nightly"], costs["six-a-day"]
    curves = {
        OURS: [(number, cost[OURS]) for number, cost in nightly.items()],
        f"{OURS}, a tag that moves six times a day": [(number, cost[OURS]) for number, cost in six.items()],
        THEIRS: [(number, cost[THEIRS]) for number, cost in nightly.items()],
    }
    return Plot("records", "records in the history of the tag", curves)
