# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The file of a search is the old one or the new one, at whatever line of code the process that writes it is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pulumi_cgr.bisect import state as states
from pulumi_cgr.bisect.search import BAD, Candidate, Search
from pulumi_cgr.bisect.state import State
from pulumi_cgr.resolver import Instant
from tests.support.environments import ROOT

BUILDS = tuple(Candidate(f"sha256:{number:064x}", Instant(number * 10**9)) for number in range(5))
BEFORE = State("cgr.dev/chainguard/web:1", "2026-01-01T00:00:00Z", BUILDS[4].digest, Search(BUILDS))
AFTER = BEFORE.with_mark(BUILDS[2].digest, BAD)

KILLED = """
import json, os, signal, sys
from pulumi_cgr.bisect import state as states
from tests.bisect.test_state import AFTER, BEFORE

path, ran = sys.argv[1], 0


def write(line):
    def trace(frame, event, _argument):
        global ran
        if frame.f_code.co_filename.endswith(("bisect/state.py", "atomic.py")):
            ran += event == "line"
            if line and ran == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    states.write(path, AFTER)
    sys.settrace(None)


write(0)
found = []
for line in range(1, ran + 1):
    states.write(path, BEFORE)
    ran = 0
    child = os.fork()
    if not child:
        write(line)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found.append([ended, ["before", "after"][[BEFORE, AFTER].index(states.read(path))]])
print(json.dumps(found))
"""


def test_a_kill_at_any_line_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    done = subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, capture_output=True, text=True, check=True)

    found = json.loads(done.stdout)
    assert len(found) > 20
    assert {ended for ended, _state in found} == {-9}
    assert {state for _ended, state in found} == {"before", "after"}
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
