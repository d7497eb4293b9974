# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The present of a run: one instant, which the first query sets and which counts for every other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.cache import Cache, MemoryCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.present import RunPresent
from pulumi_cgr.resolver import Instant, InvalidInstant, Resolver
from pulumi_cgr.testing import Registry

from ..support.servers import server, without_date

A, B, C = ("sha256:" + 64 * letter for letter in "abc")
DAY = 86400 * 10**9
NAME, OTHER_NAME = "chainguard/python:latest", "chainguard/nginx:latest"
IMAGE, OTHER = f"cgr.dev/{NAME}", f"cgr.dev/{OTHER_NAME}"


def days_ago(days: float) -> str:
    return str(Instant(time.time_ns() - int(days * DAY)))


@pytest.fixture
def registry() -> Iterator[Registry]:
    moves = [{"updateTimestamp": days_ago(9), "digest": A}, {"updateTimestamp": days_ago(3), "digest": B}]
    with Registry({NAME: moves, OTHER_NAME: moves}) as registry:
        yield registry


@pytest.fixture(params=["process", "directory"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> Cache:
    return MemoryCache() if request.param == "process" else FileCache(tmp_path / "run", seconds=60)


def resolver(registry: Registry, cache: Cache, present: RunPresent | None = None) -> Resolver:
    present = present or RunPresent(cache)
    return Resolver(registry_url=registry.url, environment={}, run_cache=cache, present=present)


def move(registry: Registry, name: str, digest: str) -> None:
    registry.move(name, digest, Instant(time.time_ns(), 9))


FIRST: dict[str, Callable[[Resolver], Instant | None]] = {
    "one image": lambda first: first.resolve(OTHER).present,
    "a set": lambda first: first.resolve_all({"other": OTHER}).at,
}


@pytest.mark.parametrize("first", FIRST)
def test_every_query_of_a_run_has_the_present_of_the_first(registry: Registry, cache: Cache, first: str) -> None:
    present = FIRST[first](resolver(registry, cache))
    move(registry, NAME, C)
    move(registry, OTHER_NAME, C)

    one, before = resolver(registry, cache).resolve(IMAGE), resolver(registry, cache).resolve(IMAGE, builds_back=1)
    images = resolver(registry, cache).resolve_all(
        {"web": IMAGE, "other": OTHER, "old": {"image": IMAGE, "min_age": "4d"}}
    )

    assert present is not None
    assert [one.digest, before.digest, one.present] == [B, A, present]
    assert images.digests == {"web": B, "other": B, "old": A}
    assert images.at == present
    assert {each.present for each in images.resolutions.values()} == {present}


def test_the_next_run_has_a_present_of_its_own(registry: Registry) -> None:
    assert resolver(registry, MemoryCache()).resolve(IMAGE).digest == B
    move(registry, NAME, C)

    assert resolver(registry, MemoryCache()).resolve(IMAGE).digest == C


def test_an_instant_that_is_asked_for_sets_no_present(registry: Registry, cache: Cache) -> None:
    assert resolver(registry, cache).resolve(IMAGE, at=days_ago(5)).present is None
    move(registry, NAME, C)

    assert resolver(registry, cache).resolve(IMAGE).digest == C


@dataclass
class Overtaken(RunPresent):
    """Another process sets the present, after the tag moved, between the first read of this one and its end."""

    registry: Registry | None = None

    def set_once(self, instant: Instant) -> Instant:
        assert self.registry
        move(self.registry, NAME, C)
        move(self.registry, OTHER_NAME, C)
        resolver(self.registry, self.cache).resolve(OTHER)
        return super().set_once(instant)


def test_what_was_read_before_another_process_set_the_present_is_read_again(registry: Registry, cache: Cache) -> None:
    overtaken = Overtaken(cache, registry=registry)

    assert resolver(registry, cache, overtaken).resolve(IMAGE).digest == C
    assert resolver(registry, cache).resolve_all({"other": OTHER}).digests == {"other": C}


def test_what_was_read_of_a_set_before_is_read_again(registry: Registry, cache: Cache) -> None:
    overtaken = Overtaken(cache, registry=registry)

    assert resolver(registry, cache, overtaken).resolve_all({"web": IMAGE}).digests == {"web": C}


@pytest.mark.parametrize("seconds", [5, 3600])
def test_a_registry_whose_clock_is_slow_has_its_last_build_answered_by_all(
    registry: Registry, cache: Cache, seconds: int
) -> None:
    registry.now = lambda: time.time() - seconds
    move(registry, NAME, C)

    assert resolver(registry, cache).resolve(IMAGE).digest == C
    move(registry, NAME, A)
    move(registry, OTHER_NAME, A)
    assert resolver(registry, cache).resolve(IMAGE, exclude=[B]).digest == C
    assert resolver(registry, cache).resolve_all({"web": IMAGE, "other": OTHER}).digests == {"web": C, "other": B}


def test_a_clock_that_is_slow_later_changes_nothing(registry: Registry, cache: Cache) -> None:
    resolver(registry, cache).resolve(IMAGE)
    registry.now = lambda: time.time() - 3600

    assert resolver(registry, cache).resolve(OTHER).digest == B
    assert len(registry.requests) == 4  # two tokens, two histories


def test_a_present_that_the_user_gives_counts_for_all(registry: Registry, cache: Cache) -> None:
    given = RunPresent(cache, Instant.parse(days_ago(2)), "cgr_at")
    move(registry, NAME, C)

    one = resolver(registry, cache, given).resolve(IMAGE)
    images = resolver(registry, cache, given).resolve_all({"web": IMAGE, "old": {"image": IMAGE, "min_age": "2d"}})
    stale = resolver(registry, cache, given).resolve(IMAGE, stale_after="2h")

    assert [one.digest, one.present] == [B, given.given]
    assert one.reason.endswith(f"; cgr_at {given.given} was taken for the present")
    assert images.digests == {"web": B, "old": A}
    assert images.at == given.given
    assert "the tag has not moved since" in stale.warnings[0]
    assert resolver(registry, cache).resolve(IMAGE).digest == C


def test_a_given_present_must_have_passed(registry: Registry, cache: Cache) -> None:
    given = RunPresent(cache, Instant.parse(days_ago(-1)), "cgr_at")

    with pytest.raises(InvalidInstant, match=r"cgr_at .* is in the future: .* or omit 'cgr_at'"):
        resolver(registry, cache, given).resolve(IMAGE)


def test_without_a_clock_the_latest_build_is_still_answered(cache: Cache) -> None:
    with server(without_date) as url:
        one = Resolver(registry_url=url, environment={}, run_cache=cache, present=RunPresent(cache))

        assert one.resolve("cgr.dev/chainguard/python:latest").present is None
