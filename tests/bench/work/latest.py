# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves the latest builds of many images, compared with the limit of the network, a loop of curl and jq, and a loop of crane."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import requests

from ..measure import Cost, Done, Part, Plot, Row, faster, measured, no_longer
from ..served import Served, made_up, served
from .history import BY_HAND

OURS, PROCESS = "this resolver", "this resolver, with the start of its process"
TRIP = "a round trip"
LIMIT, CURL, CRANE = (
    "the limit: two round trips for each image, 16 at a time",
    "a loop of curl and jq",
    "a loop of crane digest",
)
IMAGES = (1, 3, 10, 30, 100)
CONCURRENCY = 16
RECORDS = 200
"""The records of each history; the longest recorded history of a real tag has 216."""
TURNS = 3
"""How often the loops run over all images; over fewer images, for the plot, they run once."""


def part(folder: Path, numbers: Sequence[int] = IMAGES, repeat: int = 5) -> Part:
    """Measures this kind of work."""
    images = [f"chainguard/image-{number}:latest" for number in range(numbers[-1])]
    costs: dict[int, dict[str, Cost]] = {}
    with served({image: made_up(image, RECORDS) for image in images}, folder / "latest") as registry:
        for number in numbers:
            asked = images[:number]
            costs[number] = _beside_the_limit(registry, asked, repeat)
            turns = min(repeat, TURNS) if number == numbers[-1] else 1
            costs[number] |= measured(_beside_the_loops(registry, asked), turns, registry)
        where = _where_time_goes(registry, images)
    work, most = f"{numbers[-1]} images, latest", costs[numbers[-1]]
    rows = [Row(work, LIMIT, [no_longer(most[OURS], most[LIMIT], 1.3)], most[OURS], most[LIMIT], where)]
    for loop, goal in ((CURL, 10), (CRANE, 3)):
        if loop in most:
            rows.append(Row(work, loop, [faster(most[PROCESS], most[loop], goal)], most[PROCESS], most[loop], where))
    ways = [way for way in most if way != PROCESS]
    curves = {way: [(number, cost[way]) for number, cost in costs.items()] for way in ways}
    return Part(rows, [Plot("images", "images", curves)])


def _beside_the_limit(registry: Served, images: list[str], repeat: int) -> dict[str, Cost]:
    session = requests.Session()
    session.get(f"{registry.url}/v2/")

    def resolved() -> Done:
        answer = registry.ask(*(f"cgr.dev/{image}" for image in images))
        return Done(answer["digests"], answer["seconds"])

    def trip() -> Done:
        session.get(f"{registry.url}/v2/")
        return Done(None)

    costs = measured({OURS: resolved, TRIP: trip}, repeat, registry)
    seconds = 2 * costs[TRIP].seconds * max(len(images) / CONCURRENCY, 1)
    return {OURS: costs[OURS], LIMIT: Cost(seconds, 2 * len(images))}


def _where_time_goes(registry: Served, images: list[str]) -> str:
    answer = registry.ask(*(f"cgr.dev/{image}" for image in images))
    imported, processor = (answer[part] / answer["seconds"] for part in ("imported", "processor"))
    return (
        f"The import of requests takes {imported:.0%} of the time, and the processor works during {processor:.0%} of it. The"
        f" last {len(images) % CONCURRENCY} images of {len(images)} leave most of the {CONCURRENCY} threads without work for two"
        " round trips. The rest is spent waiting for the registry."
    )


def _beside_the_loops(registry: Served, images: list[str]) -> dict[str, Callable[[], Done]]:
    by_hand = "; ".join(f"{BY_HAND} {image.replace(':', ' ')}" for image in images)
    ways = {
        PROCESS: lambda: Done(registry.ask(*(f"cgr.dev/{image}" for image in images))["digests"]),
        CURL: lambda: Done(registry.run(["sh", "-ec", by_hand]).split()),
    }
    if shutil.which("crane"):
        host = registry.url.removeprefix("http://")
        cranes = "; ".join(f"crane digest --insecure {host}/{image}" for image in images)
        ways[CRANE] = lambda: Done(registry.run(["sh", "-ec", cranes]).split())
    return ways
