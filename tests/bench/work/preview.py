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

from ..measure import Check, Cost, Done, Part, Row, exactly_requests, measured, no_longer, no_more
from ..served import Histories, Served, made_up, served

FOLLOWED, KEPT, LITERAL = "followed pins", "pins with `at`, in the state", "resources with literal digests"
NEW = "new pins with `at`"
RECORDS, FEW_RECORDS = 200, 20
# Only the program prints this, when it ends.
PEAK = "peak of memory in KiB, and CPU time in seconds: "


def part(folder: Path, pins: int = 100, many: int = 1000, repeat: int = 3) -> Part:
    """Measures this kind of work."""
    engine = "pulumi preview" if shutil.which("pulumi") else "preview by the stand-in for Pulumi's engine"
    few = _costs(folder / "few", pins, RECORDS, (FOLLOWED, KEPT, NEW, LITERAL), repeat)
    lots = _costs(folder / "many", many, FEW_RECORDS, (FOLLOWED, NEW, LITERAL), 1)

    def row(ours: str, theirs: str, number: int, costs: dict[str, Cost], check: Check) -> Row:
        return Row(f"{engine}, {number:,} {ours}", f"{number:,} {theirs}", [check], costs[ours], costs[theirs])

    literal = few[LITERAL]
    return Part(
        [
            row(FOLLOWED, LITERAL, pins, few, no_more(few[FOLLOWED], literal, 1)),
            row(KEPT, LITERAL, pins, few, exactly_requests(few[KEPT], 0)),
            row(NEW, LITERAL, pins, few, no_more(few[NEW], literal, 1)),
            row(FOLLOWED, LITERAL, many, lots, no_longer(lots[FOLLOWED], lots[LITERAL], 1.5)),
            row(NEW, FOLLOWED, many, lots, no_longer(lots[NEW], lots[FOLLOWED], 2)),
            *_processes(folder / "processes", pins),
        ]
    )


def _costs(folder: Path, pins: int, records: int, names: tuple[str, ...], repeat: int) -> dict[str, Cost]:
    histories = {f"chainguard/image-{n}:latest": made_up(f"{n}", records) for n in range(pins)}
    with served(histories, folder) as registry, patch.dict(os.environ, registry.environ, clear=True):
        programs = _programs(histories)
        return measured({name: _previewing(registry, name, programs[name]) for name in names}, repeat, registry)


def _processes(folder: Path, pins: int) -> list[Row]:
    """Measures the program and the provider with the stand-in, which starts both: their memory, and the program's CPU time."""
    histories = {f"chainguard/image-{n}:latest": made_up(f"{n}", FEW_RECORDS) for n in range(pins)}
    peaks: dict[str, tuple[int, int]] = {}
    seconds: dict[str, float] = {}
    with served(histories, folder, delay=0) as registry, patch.dict(os.environ, registry.environ, clear=True):
        programs = _programs(histories)
        for name in (FOLLOWED, LITERAL):
            program = registry.folder / f"{name.partition(' ')[0]}.py"
            program.write_text(programs[name] + TELL_PEAK)
            preview = Stack(program).preview()
            told = next(line for line in preview.diagnostics if line.startswith(PEAK))
            peak, cpu = told.removeprefix(PEAK).split()
            peaks[name], seconds[name] = (int(peak), preview.provider_peak), float(cpu)
    ours, theirs = seconds[FOLLOWED], seconds[LITERAL]
    check = Check("≤ 2×", f"{ours / theirs:.2f}× ({ours:.1f} s)", ours <= 2 * theirs)
    rows = [Row(f"CPU time of the program, {pins} {FOLLOWED}", f"{pins} {LITERAL}", [check], Cost(0), Cost(0))]
    for number, process in enumerate(("program", "provider")):
        most, least = peaks[FOLLOWED][number], peaks[LITERAL][number]
        check = Check("≤ 1.25×", f"{most / least:.2f}× ({most // 1024} MiB)", most <= 1.25 * least)
        work = f"peak of memory of the {process}, {pins} {FOLLOWED}"
        rows.append(Row(work, f"{pins} {LITERAL}", [check], Cost(0), Cost(0)))
    return rows


def _programs(histories: Histories) -> dict[str, str]:
    an_hour_ago = str(datetime.now(timezone.utc) - timedelta(hours=1))
    arguments: dict[str, Callable[[str], str]] = {
        FOLLOWED: lambda _digest: "",
        KEPT: lambda _digest: f", at={an_hour_ago!r}",
        NEW: lambda _digest: f", at={an_hour_ago!r}",
        LITERAL: lambda digest: f", digest={digest!r}",
    }
    return {
        name: "import pulumi, pulumi_cgr as cgr\n"
        + "\n".join(_pin(image, more(moves[-1]["digest"])) for image, moves in histories.items())
        for name, more in arguments.items()
    }


TELL_PEAK = f"""
import atexit, resource, time
atexit.register(lambda: print({PEAK!r} + f"{{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}} {{time.process_time()}}"))
"""


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
