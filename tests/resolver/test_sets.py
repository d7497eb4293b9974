# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of images: all at one instant, all or nothing, many at a time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_cgr.resolver import Instant, InvalidRule, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry, Reply, Request

from ..support.moves import moving

A, B, C = ("sha256:" + 64 * letter for letter in "abc")
DAY = 86400 * 10**9
FIRST = str(Instant(time.time_ns() - 3 * DAY))
BETWEEN = str(Instant(time.time_ns() - 2 * DAY))
IMAGES = {f"image-{number}": f"cgr.dev/chainguard/image-{number}:latest" for number in range(30)}
HISTORIES = {image.removeprefix("cgr.dev/"): [{"updateTimestamp": FIRST, "digest": A}] for image in IMAGES.values()}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES) as registry:
        yield registry


def resolver(registry: Registry, concurrency: int = 16) -> Resolver:
    return Resolver(registry=registry.url, concurrency=concurrency, environment={})


def test_while_tags_move_all_digests_belong_to_one_instant(registry: Registry) -> None:
    with moving(registry, list(IMAGES.values()), 0.001):
        found = [resolver(registry).resolve_all(IMAGES) for _attempt in range(5)]

    for answers in found:
        assert answers.at
        for key, image in IMAGES.items():
            held = [move for move in registry.histories.moves(image) if move.updated_at <= answers.at]
            assert answers.digests[key] == held[-1].digest
    assert len({tuple(answers.digests.values()) for answers in found}) > 1


def test_a_move_that_was_just_made_is_seen(registry: Registry) -> None:
    registry.move("chainguard/image-7:latest", B, Instant(time.time_ns(), 9))

    answers = resolver(registry).resolve_all(IMAGES)

    assert answers.digests["image-7"] == B
    assert answers.refs["image-7"] == f"cgr.dev/chainguard/image-7:latest@{B}"
    assert set(answers.digests.values()) == {A, B}


def test_a_build_of_the_future_is_refused_as_it_is_for_one_image(registry: Registry) -> None:
    registry.move("chainguard/image-7:latest", B, Instant(time.time_ns() + 2 * DAY, 9))

    with pytest.raises(SeveralFailed, match="image-7:latest: The tag history says that the tag will move to"):
        resolver(registry).resolve_all(IMAGES)


def test_a_set_costs_two_requests_for_each_image(registry: Registry) -> None:
    seen: list[tuple[int, int]] = []

    resolver(registry).resolve_all(IMAGES, progress=lambda done, total, _image: seen.append((done, total)))

    assert len(registry.requests) == 2 * len(IMAGES)
    assert seen == [(number + 1, 30) for number in range(30)]


def test_each_image_may_have_its_own_rule(registry: Registry) -> None:
    registry.move("chainguard/image-1:latest", B, Instant(time.time_ns() - DAY))
    registry.move("chainguard/image-2:latest", B, Instant(time.time_ns() - DAY))

    answers = resolver(registry).resolve_all(
        {
            "at": {"image": IMAGES["image-1"], "at": BETWEEN},
            "back": {"image": IMAGES["image-2"], "builds_back": 1},
            "as the set": IMAGES["image-2"],
            "pinned": f"{IMAGES['image-3']}@{C}",
        }
    )

    assert answers.digests == {"at": A, "back": A, "as the set": B, "pinned": C}


def test_the_instant_that_is_asked_for_is_that_of_all(registry: Registry) -> None:
    registry.move("chainguard/image-1:latest", B, Instant(time.time_ns() - DAY))

    answers = resolver(registry).resolve_all(IMAGES, at=BETWEEN)

    assert str(answers.at) == BETWEEN
    assert set(answers.digests.values()) == {A}


def test_every_image_that_fails_is_listed_and_none_is_taken(registry: Registry) -> None:
    images = {"web": IMAGES["image-1"], "typo": "cgr.dev/chainguard/imag-2:latest", "db": "cgr.dev/acme.com/db:1"}

    with pytest.raises(SeveralFailed) as failed:
        resolver(registry).resolve_all(images)

    assert str(failed.value).splitlines() == [
        "2 of 3 images cannot be resolved, so none is:",
        f"- typo: {failed.value.errors['typo']}",
        f"- db: {failed.value.errors['db']}",
    ]
    assert str(failed.value.errors["db"]).startswith("cgr.dev/acme.com/db:1: the repository is not public")
    assert failed.value.error_code == "several_failed"


def test_a_reason_that_many_images_have_is_listed_once(registry: Registry) -> None:
    private = {f"db-{number}": f"cgr.dev/acme.com/db-{number}:1" for number in range(8)}

    with pytest.raises(SeveralFailed) as failed:
        resolver(registry).resolve_all({"good": IMAGES["image-1"], **private, "typo": "cgr.dev/chainguard/imag-2"})

    head, private_line, typo = str(failed.value).splitlines()
    assert head == "9 of 10 images cannot be resolved, so none is:"
    assert private_line.startswith("- db-0, db-1, db-2, db-3, db-4 and 3 more: the repository is not public")
    assert typo == f"- typo: {failed.value.errors['typo']}"
    assert len(failed.value.errors) == 9


def test_what_fails_only_after_it_was_read_is_listed_too(registry: Registry) -> None:
    images: dict[str, Any] = {
        "typo": "cgr.dev/chainguard/imag-2:latest",
        "tag": "cgr.dev/chainguard/image-1:none",
        "young": {"image": IMAGES["image-2"], "min_age": "900d"},
        "good": IMAGES["image-3"],
    }

    with pytest.raises(SeveralFailed) as failed:
        resolver(registry).resolve_all(images)

    assert {key: error.error_code for key, error in failed.value.errors.items()} == {
        "typo": "unknown_repository",
        "tag": "unknown_tag",
        "young": "no_build_fits",
    }


def test_every_image_that_is_malformed_is_listed_before_any_request() -> None:
    nowhere = Resolver(registry="http://127.0.0.1:9", environment={})

    with pytest.raises(SeveralFailed, match="2 of 3 images") as failed:
        nowhere.resolve_all({"a": IMAGES["image-1"], "b": "python", "c": {"image": IMAGES["image-2"], "age": "7d"}})
    assert "is an image of Docker Hub" in str(failed.value.errors["b"])
    assert "'age' is not part of a rule; the parts are image, at, min_age" in str(failed.value.errors["c"])
    with pytest.raises(InvalidRule, match="images is empty"):
        nowhere.resolve_all({})
    with pytest.raises(InvalidRule, match="current belongs to one image"):
        nowhere.resolve_all(IMAGES, min_age="7d", current=A)


@pytest.mark.parametrize("sets", [1, 5])
def test_no_more_are_asked_at_a_time_than_is_set_however_many_sets_there_are(registry: Registry, sets: int) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def watch(_request: Request) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1

    registry.interfere = watch
    shared = resolver(registry, concurrency=3)
    with ThreadPoolExecutor(sets) as threads:
        found = list(threads.map(lambda _set: shared.resolve_all(IMAGES), range(sets)))

    assert all(set(answers.digests.values()) == {A} for answers in found)
    assert 1 < most[0] <= 3


def test_a_registry_that_wants_fewer_requests_slows_the_set_down(registry: Registry) -> None:
    numbers = itertools.count()

    def limit(_request: Request) -> Reply | None:
        number = next(numbers)
        return Reply(429, headers={"Retry-After": "0"}) if number % 3 and number < 150 else None

    registry.interfere = limit

    answers = resolver(registry).resolve_all(IMAGES)

    assert set(answers.digests.values()) == {A}
    assert sum(request.status == 429 for request in registry.requests) >= 90


def test_a_registry_that_takes_so_many_a_second_is_not_pressed_for_more(registry: Registry) -> None:
    """It has room for 10 at once and for 20 more every second, and does not say when to come back."""
    lock, room, last = threading.Lock(), [10.0], [time.monotonic()]

    def limit(_request: Request) -> Reply | None:
        with lock:
            now = time.monotonic()
            room[0] = min(room[0] + 20 * (now - last[0]), 10)
            last[0] = now
            if room[0] < 1:
                return Reply(429)
            room[0] -= 1
            return None

    registry.interfere = limit

    answers = resolver(registry).resolve_all(IMAGES)

    assert set(answers.digests.values()) == {A}
    assert sum(request.status == 429 for request in registry.requests) < len(IMAGES)
