# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Every recorded history, at every instant that matters, under every reading of what the documentation leaves open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.history import reader as history
from ansible_collections.cgr.images.plugins.module_utils._resolver.history import selection
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build, Page
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import Rule
from ansible_collections.cgr.images.plugins.module_utils._resolver.registry.tag_history import MARGIN
from pulumi_cgr.resolver import BeforeFirstBuild, Instant, Resolver
from pulumi_cgr.testing import Histories, Readings, Registry
from tests.support import plain

MOVES = plain.load()
READINGS = [
    Readings(order, inclusive, cap, digits, unknown)  # type: ignore[arg-type]
    for order, inclusive, cap, digits, unknown in product(
        ("documented", "oldest", "shuffled"), (True, False), (1000, 100), (0, 3, 9), ("404", "[]", "{}")
    )
]
OVER_HTTP = [
    Readings("documented", True, 1000, 0, "404"),
    Readings("oldest", False, 100, 3, "[]"),
    Readings("shuffled", True, 100, 9, "{}"),
    Readings("documented", False, 100, 9, "404"),
]


def slow(readings: Readings) -> Any:
    return pytest.param(readings, marks=pytest.mark.slow, id=f"{readings} slow")


@dataclass
class InProcess:
    """A source without HTTP, for the many combinations."""

    histories: Histories
    image: str
    readings: Readings

    def between(self, start: Instant, end: Instant | None) -> Page:
        moves = self.histories.page(self.image, start + -MARGIN, end and end + MARGIN, self.readings)
        return Page(tuple(Build(m.updated_at, m.digest) for m in moves), Instant.parse("2026-11-01"))


@pytest.mark.parametrize("readings", [*READINGS[::7], *map(slow, READINGS)], ids=str)
def test_every_reading_gives_the_right_digest(recorded: Histories, readings: Readings) -> None:
    for number, (image, moves) in enumerate(MOVES.items()):
        source = InProcess(recorded, image, readings)
        # A seventh of the instants for each tag and reading, another one each time: all of them many times over.
        for at in [*plain.instants(moves)[(number + hash(str(readings))) % 7 :: 7], None]:
            instant = None if at is None else Instant.of(at)
            stretch = history.fetch_until(source, instant, Instant.parse("2026-11-01"))
            choice = selection.choose(stretch, Rule(at=instant))
            assert (choice and choice.build.digest) == plain.expected(moves, at), (image, at)


@pytest.mark.parametrize("readings", [OVER_HTTP[0], *map(slow, OVER_HTTP[1:])], ids=str)
def test_every_instant_over_http(recorded: Histories, readings: Readings) -> None:
    part = OVER_HTTP.index(readings)  # a quarter of the instants with each reading: all of them, over HTTP, once
    with Registry(recorded, readings=readings, tokens=["t"]) as registry:
        resolver = Resolver(registry=registry.url, token="t", environment={})

        def ask(query: tuple[str, datetime | None]) -> Any:
            image, at = query
            try:
                return resolver.resolve(f"cgr.dev/{image}", at=at).digest
            except BeforeFirstBuild as refusal:
                return str(refusal)

        queries = [(image, at) for image, moves in MOVES.items() for at in [*plain.instants(moves)[part::4], None]]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(ask, queries))

    for (image, at), answer in zip(queries, answers, strict=True):
        first = f"before the tag's first build, which is from {MOVES[image][0][0]:%Y-%m-%dT%H:%M:%S}"
        digest = plain.expected(MOVES[image], at)
        assert answer == digest if digest else first in answer, (image, at)
    windows = [request for request in registry.requests if "history" in request.path]
    assert all("start" in request.query for request in windows)
