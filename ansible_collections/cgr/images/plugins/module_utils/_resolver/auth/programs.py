# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that hand out credentials: helpers of Docker, and chainctl."""

from __future__ import annotations

from typing import Mapping

from ..errors import BrokenCredentials
from ..process import Output, ProcessFailed, find_program, run
from .time_limit import seconds_to_wait


def run_program(command: list[str], stdin: str, environment: Mapping[str, str], deadline: float) -> Output:
    """Runs a program, and stops it in time to go on without it.

    Raises:
        BrokenCredentials: it is not on PATH, cannot be run, or prints without end.
    """
    path = find_program(command[0], environment)
    if path is None:
        raise BrokenCredentials(
            f"{command[0]} is not on PATH. Install it, or take it out of the configuration that names it."
        )
    try:
        return run([path, *command[1:]], environment, seconds_to_wait(deadline), stdin)
    except ProcessFailed as error:
        raise BrokenCredentials(f"{command[0]} {error}.") from None
