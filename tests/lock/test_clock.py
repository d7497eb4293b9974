# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry whose clock runs behind its own history, as that of one of several front ends may."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import DAY, SECOND
from pulumi_cgr.lockfile.update import update_all
from pulumi_cgr.resolver import Instant, Resolver
from pulumi_cgr.testing import Registry

from .conftest import DB, WEB, A, B, C, lock, pins

BEHIND = 5


class Clock:
    """The registry's clock, which a test sets behind."""

    def __init__(self) -> None:
        self.behind = 0.0

    def __call__(self) -> float:
        return time.time() - self.behind


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(clock: Clock) -> Iterator[Registry]:
    """A registry with a build that is two seconds old."""
    now = Instant(time.time_ns())
    moves = [
        {"updateTimestamp": str(now + -40 * DAY), "digest": A},
        {"updateTimestamp": str(now + -20 * DAY), "digest": B},
        {"updateTimestamp": str(now + -2 * SECOND), "digest": C},
    ]
    with Registry({"chainguard/web:1": moves, "chainguard/db:1": moves[:2]}, now=clock) as registry:
        yield registry


@pytest.mark.parametrize(("rule", "digest"), [({}, C), ({"min_age": "1s"}, C), ({"builds_back": 1}, B)])
@pytest.mark.parametrize("behind", [BEHIND, 3600])
def test_a_clock_that_is_behind_moves_no_pin_back(
    path: Path, resolver: Resolver, clock: Clock, rule: dict[str, Any], digest: str, behind: int
) -> None:
    lock(path, resolver, WEB, DB, **rule)
    before = path.read_bytes()
    assert pins(path)[WEB] == digest

    clock.behind = behind
    update_all(path, resolver)
    lock(path, resolver, WEB, **rule)

    assert path.read_bytes() == before


def test_a_build_that_the_registry_no_longer_lists_is_replaced(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    lock(path, resolver, WEB)
    registry.histories._moves["chainguard/web:1"].pop()

    update_all(path, resolver)

    assert pins(path) == {WEB: B}


def test_a_set_of_one_is_the_same_as_one_image_whatever_the_clock_says(resolver: Resolver, clock: Clock) -> None:
    clock.behind = BEHIND

    one, several = resolver.resolve(WEB), resolver.resolve_all({"web": WEB, "db": DB})

    assert one.digest == C
    assert resolver.resolve_all({"web": WEB}).digests == {"web": C}
    assert several.digests == {"web": C, "db": B}
    assert several.at is not None
    assert one.updated_at is not None
    assert several.at >= one.updated_at
