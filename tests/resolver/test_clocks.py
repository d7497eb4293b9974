# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The registry's clock against this machine's: over TLS and a proxy, for a registry on a loopback host has a clock of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pulumi_cgr.resolver import CgrError, InvalidInstant, UntrustworthyAnswer
from tests.support.elsewhere import elsewhere
from tests.support.machine import PUBLIC, A, Machine, made

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = made(tmp_path)
    with elsewhere(machine.registry, tmp_path) as (_proxy, environ):
        machine.environ = {**environ, "CGR_REGISTRY": "https://registry.example.com"}
        yield machine


def shift(machine: Machine, seconds: float) -> None:
    machine.registry.now = lambda: time.time() + seconds


def ahead(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("seconds", [0, 4 * MINUTE, -4 * MINUTE])
def test_clocks_that_are_close_are_no_matter(machine: Machine, seconds: float) -> None:
    shift(machine, seconds)

    assert machine.resolver().resolve(PUBLIC, min_age="1d").warnings == ()


@pytest.mark.parametrize("seconds", [6 * MINUTE, -6 * MINUTE, 10 * DAY, -10 * DAY])
def test_clocks_that_are_apart_are_warned_of_once_with_both_times(machine: Machine, seconds: float) -> None:
    shift(machine, seconds)
    resolver = machine.resolver()
    for number in range(8):
        machine.registry.move(f"chainguard/web:{number}", A)

    found = resolver.resolve_all({str(number): f"cgr.dev/chainguard/web:{number}" for number in range(8)})

    (warning,) = found.warnings
    assert f"The registry's clock says {ahead(seconds)[:13]}" in warning
    assert f"this machine's says {ahead(0)[:13]}" in warning
    assert resolver.resolve(PUBLIC).warnings == (warning,)


def test_a_registry_that_is_fast_makes_no_build_older(machine: Machine) -> None:
    machine.registry.move("chainguard/web:1", "sha256:" + 64 * "b")  # a moment ago
    shift(machine, 10 * DAY)

    with pytest.raises(UntrustworthyAnswer, match=r"'min_age' has no answer") as caught:
        machine.resolver().resolve(PUBLIC, min_age="7d")

    assert f"clock says {ahead(10 * DAY)[:13]}" in str(caught.value)
    assert f"this machine's says {ahead(0)[:13]}" in str(caught.value)
    with pytest.raises(CgrError, match=r"'min_age' has no answer"):
        machine.resolver().resolve_all({"web": PUBLIC}, min_age="7d")
    assert "'min_age' has no answer" in str(machine.resolver().history(PUBLIC, min_age="7d").refusal)


def test_an_instant_still_to_come_is_not_answered_by_a_registry_that_is_fast(machine: Machine) -> None:
    shift(machine, 10 * DAY)
    resolver = machine.resolver(cache=machine.home / "cache")

    with pytest.raises(UntrustworthyAnswer, match=r"So it is unknown whether 'at' .* has passed"):
        resolver.resolve(PUBLIC, at=ahead(5 * DAY))
    with pytest.raises(UntrustworthyAnswer, match=r"So it is unknown whether 'until' .* has passed"):
        resolver.history(PUBLIC, until=ahead(5 * DAY))
    with pytest.raises(InvalidInstant):
        resolver.resolve(PUBLIC, at=ahead(11 * DAY))


def test_nothing_is_kept_for_good_that_is_past_by_one_clock_only(machine: Machine) -> None:
    shift(machine, 10 * DAY)
    resolver = machine.resolver(cache=machine.home / "cache")

    assert resolver.resolve(PUBLIC, at=ahead(-HOUR)).digest == A
    assert not list((machine.home / "cache").glob("*.json"))
    assert resolver.resolve(PUBLIC, at=ahead(-2 * DAY)).digest == A
    assert len(list((machine.home / "cache").glob("*.json"))) == 1


def test_a_registry_on_a_loopback_host_has_a_clock_of_its_own(tmp_path: Path) -> None:
    machine = made(tmp_path)
    shift(machine, 10 * DAY)
    with machine.registry:
        found = machine.resolver().resolve(PUBLIC, at=ahead(5 * DAY), min_age=None)

    assert (found.digest, found.warnings) == (A, ())
