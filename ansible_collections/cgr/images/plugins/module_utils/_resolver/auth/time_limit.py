# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How long to wait for a program or a pipe that gives credentials."""

from __future__ import annotations

import time

LONGEST_SECONDS, SHORTEST_SECONDS = 20.0, 0.01


def seconds_to_wait(deadline: float) -> float:
    """Returns half of the time that is left, because the request needs the rest, and 20 seconds at most.

    Args:
        deadline: when to give up, by `time.monotonic()`, in seconds.
    """
    return max(min(LONGEST_SECONDS, (deadline - time.monotonic()) / 2), SHORTEST_SECONDS)
