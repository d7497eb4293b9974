# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves many images to the digests for one platform, compared with the limit of the network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.support.environments import ROOT

from ..measure import Cost, Done, Part, Row, exactly_requests, measured, no_longer
from ..served import DELAY, Served
from .latest import CONCURRENCY

IMAGES = 100
REQUESTS = 3
"""For each image: a token, the history and the index."""
OURS, TRIP = "this resolver", "a round trip"
LIMIT = "the limit: three round trips for each image, 16 at a time"


def part(folder: Path, images: int = IMAGES, repeat: int = 3) -> Part:
    """Measures this kind of work."""
    asked = [f"cgr.dev/chainguard/image-{number}:latest" for number in range(images)]
    session = requests.Session()
    with _served(folder / "platforms", images) as registry:

        def resolved() -> Done:
            answer = registry.ask("--platform", "linux/arm64", *asked)
            return Done(None, answer["seconds"])

        def trip() -> Done:
            session.get(f"{registry.url}/v2/")
            return Done(None)

        costs = measured({OURS: resolved, TRIP: trip}, repeat, registry)
    limit = Cost(REQUESTS * costs[TRIP].seconds * max(images / CONCURRENCY, 1), REQUESTS * images)
    checks = [no_longer(costs[OURS], limit, 1.3), exactly_requests(costs[OURS], REQUESTS * images)]
    return Part([Row(f"{images} images, for one platform", LIMIT, checks, costs[OURS], limit)])


@contextmanager
def _served(folder: Path, images: int) -> Iterator[Served]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.platform_registry", str(folder), str(images), str(DELAY)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Served(process.stdout.readline().strip(), folder)
        finally:
            process.terminate()
