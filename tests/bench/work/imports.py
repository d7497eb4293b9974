# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Imports the resolver, compared with requests."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from ..measure import Done, Part, Row, measured, no_longer
from ..served import Served, served

OURS, THEIRS = "import pulumi_cgr.resolver", "import requests"
MODULES = 12


def part(folder: Path, repeat: int = 15) -> Part:
    """Measures this kind of work."""
    with served({}, folder / "imports") as registry:

        def importing(statement: str) -> Done:
            program = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
            return Done(None, float(registry.run([sys.executable, "-c", program])))

        costs = measured({name: partial(importing, name) for name in (OURS, THEIRS)}, repeat)
        where = _where_time_goes(registry)
    ours, theirs = costs[OURS], costs[THEIRS]
    return Part([Row(f"`{OURS}`", f"`{THEIRS}`", [no_longer(ours, theirs, 1.15)], ours, theirs, where)])


def _where_time_goes(registry: Served) -> str:
    command = [sys.executable, "-X", "importtime", "-c", OURS]
    told = subprocess.run(command, env=registry.environ, capture_output=True, text=True, check=True).stderr
    lines = [line.removeprefix("import time:").split("|") for line in told.splitlines()[1:]]
    taken = sorted(((int(own), name.strip()) for own, _all, name in lines), reverse=True)
    return "The modules that take longest, in µs, those they import not counted: " + ", ".join(
        f"{name} {own}" for own, name in taken[:MODULES]
    )
