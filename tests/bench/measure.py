# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Measures several ways of doing the same work alternately, and compares their costs with a goal."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .served import Served


@dataclass(frozen=True)
class Cost:
    """The cost of some work: time, requests and bytes of responses, from the registry's log."""

    seconds: float
    requests: int = 0
    bytes: int = 0


class Done(NamedTuple):
    """The result of some work, if it has one, and its time, if that is not the duration of the call."""

    answer: Any
    seconds: float | None = None


Way = Callable[[], Done]


@dataclass(frozen=True)
class Check:
    """A goal, the measured value, and whether it meets the goal; `None` without a goal."""

    goal: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Row:
    """Some work, done by this project and in another way; `where` is a profile, if a goal is missed."""

    work: str
    against: str
    checks: list[Check]
    ours: Cost
    theirs: Cost
    where: str = ""


@dataclass(frozen=True)
class Plot:
    """Costs as a function of a number: for each way, pairs of number and cost."""

    name: str
    number: str
    curves: dict[str, list[tuple[int, Cost]]]


@dataclass(frozen=True)
class Part:
    """The rows and plots of one kind of work."""

    rows: list[Row]
    plots: list[Plot] = field(default_factory=list)


def measured(ways: Mapping[str, Way], repeat: int, served: Served | None = None) -> dict[str, Cost]:
    """Does some work in several ways, alternately, and returns the median cost of each.

    Args:
        ways: the ways, by name; all must have the same result.
        repeat: how many times each way runs.
        served: the registry.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    answers = {}
    for _turn in range(repeat):
        for name, way in ways.items():
            before = len(served.log()) if served else 0
            began = time.perf_counter()
            done = way()
            seconds = time.perf_counter() - began if done.seconds is None else done.seconds
            sizes = served.log()[before:] if served else []
            costs[name].append(Cost(seconds, len(sizes), sum(sizes)))
            answers[name] = done.answer
    assert len({str(answer) for answer in answers.values() if answer is not None}) <= 1, f"the ways differ: {answers}"
    return {name: _median(taken) for name, taken in costs.items()}


def _median(costs: list[Cost]) -> Cost:
    requests, sizes = ([getattr(cost, name) for cost in costs] for name in ("requests", "bytes"))
    return Cost(
        statistics.median(cost.seconds for cost in costs), statistics.median_low(requests), statistics.median_low(sizes)
    )


def fewer_bytes(ours: Cost, theirs: Cost, times: int | None) -> Check:
    """Checks for at least this many times fewer bytes; without a goal if `times` is `None`."""
    ratio = theirs.bytes / ours.bytes
    return Check(f"≥ {times}× fewer bytes" if times else "", f"{ratio:.0f}×", ratio >= times if times else None)


def fewer_requests(ours: Cost, theirs: Cost) -> Check:
    """Checks for fewer requests."""
    return Check("fewer requests", f"{ours.requests} : {theirs.requests}", ours.requests < theirs.requests)


def exactly_requests(ours: Cost, number: int) -> Check:
    """Checks for exactly this many requests."""
    goal = f"{number} requests" if number else "no request at all"
    return Check(goal, str(ours.requests), ours.requests == number)


def at_most_requests(ours: Cost, number: int) -> Check:
    """Checks for at most this many requests."""
    return Check(f"≤ {number} requests", str(ours.requests), ours.requests <= number)


def faster(ours: Cost, theirs: Cost, times: float) -> Check:
    """Checks for at least this many times less time."""
    ratio = theirs.seconds / ours.seconds
    return Check(f"≥ {times:g}× faster", f"{ratio:.1f}×", ratio >= times)


def no_longer(ours: Cost, theirs: Cost, times: float | None) -> Check:
    """Checks for at most this many times the time; without a goal if `times` is `None`."""
    ratio = ours.seconds / theirs.seconds
    return Check(f"≤ {times:g}× the time" if times else "", f"{ratio:.2f}×", ratio <= times if times else None)


def no_more(ours: Cost, theirs: Cost, seconds: float) -> Check:
    """Checks for at most this many seconds more."""
    more = ours.seconds - theirs.seconds
    return Check(f"≤ {seconds:g} s more", f"{more:+.1f} s ({ours.seconds / theirs.seconds:.2f}×)", more <= seconds)
