# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A host that keeps failing is left alone for a while: hundreds of images do not each wait for it."""

from __future__ import annotations

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.http import circuit_breaker
from ansible_collections.cgr.images.plugins.module_utils._resolver.http.circuit_breaker import (
    MOST_FAILURES,
    PAUSE,
    CircuitBreaker,
)
from pulumi_cgr.resolver import Resolver, SeveralFailed
from pulumi_cgr.testing import Registry, Reply, Request


class Clock:
    """Stands in for the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def test_a_host_is_asked_again_after_a_pause_and_after_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, breaker = Clock(), CircuitBreaker()
    monkeypatch.setattr(circuit_breaker, "time", clock)
    for _failure in range(MOST_FAILURES - 1):
        breaker.fail("it is asleep")
    assert breaker.failure() is None

    breaker.fail("it is down")
    assert breaker.failure() == "it is down"
    clock.now += PAUSE
    assert breaker.failure() is None

    breaker.fail("it is still down")
    assert breaker.failure() == "it is still down"
    breaker.succeed()
    assert breaker.failure() is None
    breaker.fail("it was down once")
    assert breaker.failure() is None


def test_a_large_set_does_not_ask_a_registry_that_is_down_for_each_image() -> None:
    with Registry({}) as registry:
        registry.interfere = lambda _request: Reply(503, headers={"Retry-After": "0"})
        images = {f"{number}": f"cgr.dev/chainguard/image-{number}" for number in range(40)}

        with pytest.raises(SeveralFailed) as failed:
            Resolver(registry=registry.url, concurrency=2, environment={}).resolve_all(images)

    assert len(failed.value.errors) == 40
    assert {error.error_code for error in failed.value.errors.values()} == {"unavailable"}
    assert len(str(failed.value).splitlines()) == 2
    assert len(registry.requests) <= 4 * (MOST_FAILURES + 1)


def test_a_host_that_answers_now_and_then_is_asked_for_each_image() -> None:
    images = {f"{number:02}": f"cgr.dev/chainguard/image-{number:02}" for number in range(12)}
    up = [key for key in images if int(key) % 6 == 5]
    moves = [{"updateTimestamp": "2024-05-01T00:00:00Z", "digest": "sha256:" + 64 * "a"}]

    def answer(request: Request) -> Reply | None:
        is_up = any(f"chainguard/image-{key}" in request.path + request.query.get("scope", "") for key in up)
        return None if is_up else Reply(503, headers={"Retry-After": "0"})

    with Registry({f"chainguard/image-{key}:latest": moves for key in up}) as registry:
        registry.interfere = answer

        with pytest.raises(SeveralFailed) as failed:
            Resolver(registry=registry.url, concurrency=1, environment={}).resolve_all(images)

    assert sorted(failed.value.errors) == [key for key in images if key not in up]
