# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tags that moved some time ago, and tags that move while they are resolved."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry


def days_ago(days: float) -> str:
    """Returns the instant that is this many days ago."""
    return (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()


@contextmanager
def moving(registry: Registry, images: Sequence[str], seconds: float) -> Iterator[None]:
    """Moves the tags in turn, one at each interval in seconds, until the block ends."""
    over = threading.Event()

    def move() -> None:
        for number, image in enumerate(itertools.cycle(images), 1):
            if over.wait(seconds):
                return
            registry.move(image.removeprefix("cgr.dev/"), f"sha256:{number:064x}", Instant(time.time_ns(), 9))

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
