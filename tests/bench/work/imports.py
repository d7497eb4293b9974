# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How long Python takes to import the resolver, against requests."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from ..measure import Done, Part, Row, measured, no_longer
from ..served import served

OURS, THEIRS = "import pulumi_cgr.resolver", "import requests"


def part(folder: Path, repeat: int = 15) -> Part:
    """Measures."""
    with served({}, folder / "imports") as registry:

        def importing(statement: str) -> Done:
            program = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
            return Done(None, float(registry.run([sys.executable, "-c", program])))

        costs = measured({name: partial(importing, name) for name in (OURS, THEIRS)}, repeat)
    ours, theirs = costs[OURS], costs[THEIRS]
    return Part([Row(f"`{OURS}`", f"`{THEIRS}`", [no_longer(ours, theirs, 1.15)], ours, theirs)])
