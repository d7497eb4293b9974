# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Previews a stack of pins, compared with one of literal digests, on the real engine if `pulumi` is on PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from tests.engine import Stack
from tests.pulumi.real import RealStack

from ..measure import Done, Part, Row, exactly_requests, measured, no_more
from ..served import Histories, Served, made_up, served

FOLLOWED, KEPT, LITERAL = "followed pins", "pins with `at`, in the state", "resources with literal digests"
RECORDS = 200


def part(folder: Path, pins: int = 100, repeat: int = 3) -> Part:
    """Measures this kind of work."""
    histories = {f"chainguard/image-{n}:latest": made_up(f"{n}", RECORDS) for n in range(pins)}
    with served(histories, folder / "preview") as registry, patch.dict(os.environ, registry.environ, clear=True):
        ways = {name: _previewing(registry, name, program) for name, program in _programs(histories).items()}
        costs = measured(ways, repeat, registry)
    engine = "pulumi preview" if shutil.which("pulumi") else "preview by the stand-in for Pulumi's engine"
    literal = costs[LITERAL]
    rows = [
        Row(
            f"{engine}, {pins} {FOLLOWED}",
            f"{pins} {LITERAL}",
            [no_more(costs[FOLLOWED], literal, 1)],
            costs[FOLLOWED],
            literal,
        ),
        Row(f"{engine}, {pins} {KEPT}", f"{pins} {LITERAL}", [exactly_requests(costs[KEPT], 0)], costs[KEPT], literal),
    ]
    return Part(rows)


def _programs(histories: Histories) -> dict[str, str]:
    an_hour_ago = str(datetime.now(timezone.utc) - timedelta(hours=1))
    arguments: dict[str, Callable[[str], str]] = {
        FOLLOWED: lambda _digest: "",
        KEPT: lambda _digest: f", at={an_hour_ago!r}",
        LITERAL: lambda digest: f", digest={digest!r}",
    }
    return {
        name: "import pulumi, pulumi_cgr as cgr\n"
        + "\n".join(_pin(image, more(moves[-1]["digest"])) for image, moves in histories.items())
        for name, more in arguments.items()
    }


def _pin(image: str, more: str) -> str:
    name = image.partition("/")[2].partition(":")[0]
    return f"pulumi.export({name!r}, cgr.ImageDigest({name!r}, image='cgr.dev/{image}'{more}).digest)"


def _previewing(registry: Served, name: str, program: str) -> Callable[[], Done]:
    folder = registry.folder / sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "program.py").write_text(program)
    stack: Stack = (RealStack if shutil.which("pulumi") else Stack)(folder / "program.py")
    if name == KEPT:
        assert stack.up().ok

    def run() -> Done:
        result = stack.preview()
        assert result.ok, result.diagnostics
        return Done(sorted(result.outputs.items()))

    return run
