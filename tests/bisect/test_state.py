# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The file of a search is the old one or the new one, at whatever line of code the process that writes it is killed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from pulumi_cgr.bisect import state as states
from pulumi_cgr.bisect.search import BAD, Candidate, Search
from pulumi_cgr.bisect.state import State
from pulumi_cgr.resolver import Instant

BUILDS = tuple(Candidate(f"sha256:{number:064x}", Instant(number * 10**9)) for number in range(5))
BEFORE = State("cgr.dev/chainguard/web:1", "2026-01-01T00:00:00Z", BUILDS[4].digest, Search(BUILDS))
AFTER = BEFORE.with_mark(BUILDS[2].digest, BAD)


def lines_until_killed(path: Path, line: int) -> int | None:
    """Writes the new state in another process, and kills it at a line; returns how many lines it ran, if it ended by itself."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        _write_with_kill(path, line, write)
    os.close(write)
    with open(read, "rb") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return int(said) if said else None


def _write_with_kill(path: Path, line: int, told: int) -> None:
    ran = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal ran
        if frame.f_code.co_filename.endswith(("bisect/state.py", "atomic.py")):
            ran += event == "line"
            if line and ran == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    states.write(str(path), AFTER)
    sys.settrace(None)
    os.write(told, str(ran).encode())
    os._exit(0)


def test_a_kill_at_any_line_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    states.write(str(path), BEFORE)
    ran = lines_until_killed(path, 0)
    assert ran
    assert states.read(str(path)) == AFTER

    seen = set()
    for line in range(1, ran + 1):
        states.write(str(path), BEFORE)
        assert lines_until_killed(path, line) is None
        found = states.read(str(path))
        assert found in (BEFORE, AFTER)
        seen.add(found == AFTER)

    assert seen == {True, False}
    states.write(str(path), AFTER)
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"], "what was killed leaves nothing behind"


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = str(tmp_path / "state.json")

    assert states.read(path) is None
    states.write(path, AFTER)
    assert states.read(path) == AFTER
    states.remove(path)
    states.remove(path)
    assert states.read(path) is None
