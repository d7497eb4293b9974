# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a Pulumi program in this process, as Pulumi's language host does.

    python program.py MONITOR ENGINE true|false MAIN

The configuration is in `PULUMI_CONFIG` and `PULUMI_CONFIG_SECRET_KEYS`, as in the language host.
"""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import sys
import traceback
from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env, set_all_config


def main() -> int:
    """Runs the program and returns its exit status; what went wrong is reported to the engine."""
    # Whoever started the tests may ignore the interrupts of a terminal, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    monitor, engine, dry_run, program = sys.argv[1:]
    set_all_config(get_config_env(), get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=os.environ["PULUMI_PROJECT"],
            stack=os.environ["PULUMI_STACK"],
            monitor=monitor,
            engine=engine,
            dry_run=dry_run == "true",
            organization="organization",
        )
    )
    # A failed program leaves unfinished futures, which asyncio would report.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    os.chdir(Path(program).parent)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # noqa: BLE001  (any error of the program)
        pulumi.log.error("Program failed with an unhandled exception:\n" + traceback.format_exc())
        return 1
    return 0


def _run(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    sys.exit(main())
