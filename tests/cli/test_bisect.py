# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images bisect`: by itself with a command, step by step, and through every kind of interruption."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry

from .command import Command, Done

WEB = "cgr.dev/chainguard/web:1"
TAG = "chainguard/web:1"
BUILDS = [f"sha256:{number:064x}" for number in range(20)]
NOW = Instant.parse("2026-02-10T12:00:00Z")
STATE = ".cgr-bisect.json"
CHECK = """
import os, signal, sys
with open("tested.txt", "a") as file:
    file.write(os.environ["CGR_REF"] + "\\n")
number = int(sys.argv[1].partition(":")[2], 16)
if os.path.exists("kill") and sum(1 for _ in open("tested.txt")) == int(open("kill").read()):
    os.kill(os.getppid(), signal.SIGKILL)
sys.exit({"skip": 125, "stop": 126}.get(os.environ.get(f"BUILD_{number}"), number >= int(os.environ["FIRST_BAD"])))
"""


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A tag with 20 builds, one a day, that returned to its third build once."""
    moves = [
        {"updateTimestamp": f"2026-01-{number + 1:02}T00:00:00Z", "digest": digest}
        for number, digest in enumerate(BUILDS)
    ]
    moves.append({"updateTimestamp": "2026-01-10T12:00:00Z", "digest": BUILDS[2]})
    with Registry({TAG: moves}, now=lambda: NOW.nanoseconds / 1e9) as registry:
        yield registry


@pytest.fixture
def cgr(registry: Registry, tmp_path: Path) -> Command:
    (tmp_path / "check.py").write_text(CHECK)
    return Command(tmp_path, registry.url, {"FIRST_BAD": "7"})


ENDS = ("--good", "2026-01-01T12:00Z", "--bad", "2026-01-20T12:00Z")
TEST = ("--", sys.executable, "check.py", "{digest}")


def refs_tested(cgr: Command) -> list[str]:
    file = cgr.folder / "tested.txt"
    return file.read_text().splitlines() if file.exists() else []


def ref(number: int) -> str:
    return f"{WEB}@{BUILDS[number]}"


@pytest.mark.parametrize("ends", [ENDS, ("--good", BUILDS[0], "--bad", f"{WEB}@{BUILDS[19]}")])
def test_a_command_finds_the_first_bad_build_by_itself(cgr: Command, ends: tuple[str, ...]) -> None:
    done = cgr("bisect", WEB, *ends, "--json", *TEST)

    found = done.json
    assert done.status == 0
    assert found["first_bad"] == {"digest": BUILDS[7], "updated_at": "2026-01-08T00:00:00Z", "ref": ref(7)}
    assert found["last_good"]["ref"] == ref(6)
    assert found["skipped"] == []
    assert found["tests"] == len(refs_tested(cgr)) <= math.ceil(math.log2(20)) + 1
    assert set(refs_tested(cgr)) <= {ref(number) for number in range(1, 19)}
    assert (found["diff"]["old"], found["diff"]["new"]) == (BUILDS[6], BUILDS[7])
    assert found["diff"]["packages"] is None, "the registry has no contents"
    assert f"bad: {BUILDS[7]}" in done.err


def test_the_commands_at_the_end_pin_and_exclude(cgr: Command) -> None:
    commands = cgr("bisect", WEB, *ENDS, "--json", *TEST).json["commands"]

    pinned = cgr(*shlex.split(commands["pin"])[1:], "--lock", "pinned.json", "--json").json["changes"][0]
    other = cgr(*shlex.split(commands["exclude"])[1:], "--lock", "excluded.json", "--json").json["changes"][0]
    assert pinned["after"]["digest"] == BUILDS[6]
    assert other["after"]["digest"] not in BUILDS[7:8] + BUILDS[19:]


def test_apply_pins_the_good_build_in_the_lock_and_excludes_the_bad_ones(cgr: Command) -> None:
    cgr("lock", WEB)

    done = cgr("bisect", WEB, *ENDS, "--apply", *TEST)

    assert done.status == 0
    (entry,) = json.loads((cgr.folder / "cgr.lock.json").read_text())["images"]
    assert entry["digest"] == BUILDS[6]
    assert set(BUILDS[7:]) <= set(entry["exclude"])
    assert BUILDS[6] not in entry["exclude"]
    assert f"cgr-images rollback {WEB} --to {BUILDS[6]}" in done.out
    upgraded = cgr("lock", "--upgrade", "--json").json["changes"][0]
    assert upgraded["status"] == "unchanged", "no update takes a bad build again"
    assert cgr("check", "--online", "--lock", "cgr.lock.json").status == 0


def test_rollback_goes_back_to_a_build(cgr: Command) -> None:
    cgr("lock", WEB)

    done = cgr("rollback", WEB, "--to", BUILDS[6], "--json")

    assert done.json["changes"][0]["after"]["digest"] == BUILDS[6]
    assert cgr("rollback", WEB, "--to", BUILDS[6], "--builds", "2").status == 2
    assert cgr("rollback", WEB, "--to", "sha256:" + 64 * "f").status == 1


def test_apply_without_a_lock_is_an_error_before_anything_runs(cgr: Command) -> None:
    done = cgr("bisect", WEB, *ENDS, "--apply", *TEST)

    assert done.status != 0
    assert "cgr.lock.json" in done.err
    assert refs_tested(cgr) == []


def test_step_by_step_it_says_which_build_to_test(cgr: Command) -> None:
    done = cgr("bisect", WEB, *ENDS, "--json")
    steps = 0

    while "next" in done.json:
        steps += 1
        number = BUILDS.index(done.json["next"]["digest"])
        assert done.json["next"]["ref"] == ref(number)
        done = cgr("bisect", "bad" if number >= 13 else "good", "--json")

    assert done.json["first_bad"]["ref"] == ref(13)
    assert steps <= math.ceil(math.log2(20)) + 1
    log = cgr("bisect", "log", "--json").json
    assert len(log["candidates"]) == 20, "the build to which the tag returned is one candidate"
    assert len(log["marks"]) == steps
    assert cgr("bisect", "log").out.count("good  ") + cgr("bisect", "log").out.count("bad   ") == steps
    assert cgr("bisect", "good").status == 2, "the search has ended"
    assert cgr("bisect", "reset").status == 0
    assert not (cgr.folder / STATE).exists()
    assert cgr("bisect", "log").status == 2


def test_a_skipped_build_may_be_the_first_bad_one(cgr: Command) -> None:
    cgr.environ |= {"BUILD_6": "skip", "BUILD_7": "skip"}

    found = cgr("bisect", WEB, *ENDS, "--json", *TEST).json

    assert (found["last_good"]["ref"], found["first_bad"]["ref"]) == (ref(5), ref(8))
    assert [build["ref"] for build in found["skipped"]] == [ref(6), ref(7)]
    text = cgr("bisect", WEB, *ENDS, *TEST).out
    assert text.splitlines()[:2] == [
        f"first bad build  {ref(8)}  2026-01-09T00:00:00Z",
        f"or, skipped      {ref(6)}  2026-01-07T00:00:00Z",
    ]


def test_a_command_that_gives_no_verdict_stops_the_search_and_it_can_go_on(cgr: Command) -> None:
    cgr.environ |= {"BUILD_9": "stop"}
    stopped = cgr("bisect", WEB, *ENDS, *TEST)
    assert stopped.status == 1
    assert "the command ended with 126, which is not a verdict" in stopped.err

    cgr.environ |= {"BUILD_9": ""}
    found = cgr("bisect", WEB, *ENDS, "--json", *TEST).json

    assert found["first_bad"]["ref"] == ref(7)
    assert len(refs_tested(cgr)) == found["tests"] + 1


def test_a_command_that_does_not_exist_is_an_error(cgr: Command) -> None:
    done = cgr("bisect", WEB, *ENDS, "--", "./nothing-of-this-name", "{ref}")

    assert done.status == 1
    assert "the command ./nothing-of-this-name cannot be started" in done.err


@pytest.mark.parametrize("step", range(1, 5))
def test_a_search_that_is_killed_at_any_step_goes_on(cgr: Command, step: int) -> None:
    """The test that runs when it is killed is repeated; no other is."""
    (cgr.folder / "kill").write_text(str(step))

    killed = cgr("bisect", WEB, *ENDS, *TEST)
    found = cgr("bisect", WEB, *ENDS, "--json", *TEST).json

    assert killed.status == -signal.SIGKILL
    assert found["first_bad"]["ref"] == ref(7)
    assert len(refs_tested(cgr)) == found["tests"] + 1
    assert refs_tested(cgr)[step - 1] == refs_tested(cgr)[step]


def test_an_interrupt_keeps_the_verdicts_so_far(cgr: Command, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    wait = f"test -e go && exec {sys.executable} check.py {{digest}}; echo > ready; exec sleep 60"

    run = cgr.start("bisect", WEB, *ENDS, "--", "sh", "-c", wait, is_group=True)
    ready.read_text()
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does it
    _out, err = run.communicate(timeout=30)

    assert run.returncode == 130, err
    (tmp_path / "go").touch()
    assert cgr("bisect", WEB, *ENDS, "--json", *TEST).json["first_bad"]["ref"] == ref(7)


def test_builds_that_come_meanwhile_are_not_candidates(cgr: Command, registry: Registry) -> None:
    ends = ("--good", BUILDS[0], "--bad", BUILDS[19])
    cgr("bisect", WEB, *ends)
    registry.move(TAG, "sha256:" + 64 * "e", Instant.parse("2026-01-10T06:00:00Z"))
    registry.move(TAG, "sha256:" + 64 * "f", Instant.parse("2026-02-01T00:00:00Z"))
    registry.requests.clear()

    found = cgr("bisect", WEB, *ends, "--json", *TEST).json

    assert found["first_bad"]["ref"] == ref(7)
    assert not [request for request in registry.requests if "_chainguard/history" in request.path]
    assert len(cgr("bisect", "log", "--json").json["candidates"]) == 20


def test_another_search_does_not_replace_one_that_has_not_ended(cgr: Command) -> None:
    cgr("bisect", WEB, *ENDS)

    other = cgr("bisect", WEB, "--good", BUILDS[3], "--bad", BUILDS[9])

    assert other.status == 2
    assert "has not ended" in other.err
    assert cgr("bisect", WEB, "--good", BUILDS[3], "--bad", BUILDS[9], "--state", "other.json").status == 0


def test_neighbours_need_no_test(cgr: Command) -> None:
    found: Done = cgr("bisect", WEB, "--good", BUILDS[3], "--bad", BUILDS[4], "--json")

    assert found.json["first_bad"]["ref"] == ref(4)
    assert found.json["tests"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([WEB, "--good", BUILDS[0]], "give both builds"),
        ([WEB, "--good", BUILDS[5], "--bad", BUILDS[2]], "is newer than the bad build"),
        ([WEB, "--good", BUILDS[5], "--bad", BUILDS[5]], "is both the good and the bad build"),
        ([WEB, "--good", "2026-01-09", "--bad", "2026-01-02"], "swap them"),
        ([WEB, "--good", "2025-01-09", "--bad", "2026-01-02"], "the tag did not exist at 2025-01-09"),
        ([WEB, "--good", "2026-01-09", "--bad", "3000-01-02"], "is in the future"),
        ([WEB, "--good", "2026-01-09", "--bad", "sha256:" + 64 * "f"], "is not in the tag's history"),
        ([WEB, "--good", "today", "--bad", "2026-01-09"], "is not an instant"),
        ([WEB, "--good", "sha256:abc", "--bad", "2026-01-09"], "is a malformed digest"),
        (["good"], "does not exist. Begin with"),
    ],
)
def test_ends_that_are_not_two_builds_are_errors(cgr: Command, arguments: list[str], message: str) -> None:
    done = cgr("bisect", *arguments)

    assert done.status == 2
    assert message in done.err
    assert not (cgr.folder / STATE).exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"version": 9}', '{"version": 1, "candidates": []}'])
def test_a_damaged_state_is_an_error_and_not_a_result(cgr: Command, content: str) -> None:
    (cgr.folder / STATE).write_text(content)

    done = cgr("bisect", "good")

    assert done.status == 2
    assert "is not the state of a search" in done.err
