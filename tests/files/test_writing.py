# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Each file is the old one or the new one, whatever happens; and nobody else's change is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

from ansible_collections.cgr.images.plugins.module_utils._files import pinner
from ansible_collections.cgr.images.plugins.module_utils._files.occurrence import with_digests
from pulumi_cgr.files import PINNED, SKIPPED, pin_files
from pulumi_cgr.resolver import Resolver, SeveralFailed
from pulumi_cgr.testing import Registry, Reply

from ..support.environments import ROOT
from .conftest import DB, OLD, WEB, digest

BEFORE = f"a: 1\nimage: {WEB}@{OLD}  # {'x' * 10_000}\n"
AFTER = BEFORE.replace(OLD, digest("web"))

# Pins a folder for each moment that it reads, in a process that is killed then: at the n-th line of what writes. For moment 0
# it prints how many lines there are; else how the process ended.
KILLED = """
import os, signal, sys
from pulumi_cgr.files import pin_files
from pulumi_cgr.resolver import Resolver

moment, lines = 0, 0

def trace(frame, event, argument):
    global lines
    if frame.f_code.co_filename.endswith(("write.py", "atomic.py")):
        lines += event == "line"
        if lines == moment > 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

def pin():
    sys.settrace(trace)
    pin_files(Resolver(token="a-token"), sys.argv[1])
    sys.settrace(None)
    if not moment:
        print(lines, flush=True)
    os._exit(0)

pin_files(Resolver(token="a-token"), sys.argv[1], check=True)  # imports what all of them need
for moment in map(int, sys.stdin):
    child = os.fork()
    if not child:
        pin()
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if moment or ended:
        print(ended, flush=True)
"""


def unread(file: Path) -> tuple[int, ...]:
    """Returns what the file system says of a file, except when it was read."""
    status = file.stat()
    return (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@pytest.fixture
def killed_at(registry: Registry, tmp_path: Path) -> Iterator[Callable[[int], int]]:
    """Pins the folder, and is killed at a moment."""
    environ = {"CGR_REGISTRY": registry.url, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=PIPE, stdout=PIPE, text=True) as pinning:

        def kill(moment: int) -> int:
            assert pinning.stdin
            assert pinning.stdout
            print(moment, file=pinning.stdin, flush=True)
            return int(pinning.stdout.readline())

        yield kill
        pinning.communicate()


def test_a_kill_at_any_moment_leaves_each_file_old_or_new(killed_at: Callable[[int], int], tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.yaml" for name in "abc"]
    for file in files:
        file.write_text(BEFORE)
    lines = killed_at(0)
    assert [file.read_text() for file in files] == 3 * [AFTER]
    moments = range(1, lines + 1, max(1, lines // 30))

    seen = set()
    for moment in moments:
        for file in files:
            file.write_text(BEFORE)
        assert killed_at(moment) == -signal.SIGKILL
        held = [file.read_text() for file in files]
        assert set(held) <= {BEFORE, AFTER}
        seen.add(held.count(AFTER))

    assert seen >= {0, 1, 2}
    assert len(moments) >= 25
    files[0].write_text(BEFORE)
    assert killed_at(0) > 0  # what the killed ones left behind is in nobody's way
    assert [file.read_text() for file in files] == 3 * [AFTER]


def test_one_failing_image_changes_no_file(resolver: Resolver, tmp_path: Path) -> None:
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text(BEFORE)
    bad.write_text(f"\nimage: {DB}.1\n")

    with pytest.raises(SeveralFailed, match=rf"- {bad}:2: {DB}\.1: the registry has no tag '16\.1'"):
        pin_files(resolver, tmp_path)

    assert good.read_text() == BEFORE


def test_a_file_that_changes_meanwhile_is_left_and_reported(
    resolver: Resolver, registry: Registry, tmp_path: Path
) -> None:
    mine, theirs = tmp_path / "a.yaml", tmp_path / "b.yaml"
    mine.write_text(BEFORE)
    theirs.write_text(BEFORE)

    def change(_request: object) -> Reply | None:
        theirs.write_text(f"{BEFORE}b: 2\n")
        return None

    registry.interfere = change
    report = pin_files(resolver, tmp_path)

    assert mine.read_text() == AFTER
    assert theirs.read_text() == f"{BEFORE}b: 2\n"
    assert report.files == (str(mine),)
    assert [str(problem) for problem in report.problems] == [f"{theirs} was changed by another process meanwhile"]
    assert [row.status for row in report.rows] == ["updated", SKIPPED]


def test_a_change_at_the_last_moment_is_not_lost(
    resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(BEFORE)
    monkeypatch.setattr(
        os, "fsync", lambda _handle: file.write_text(f"{BEFORE}b: 2\n")
    )  # as the new content is settled

    report = pin_files(resolver, file)

    assert file.read_text() == f"{BEFORE}b: 2\n"
    assert not report.changed
    assert [problem.reason for problem in report.problems] == ["was changed by another process meanwhile"]
    assert os.listdir(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", f"a: 1\nimage: {WEB}\n"),
        ("a.json", f'{{"a": "a: 1", "image": "{WEB}"}}'),
        ("Dockerfile", f"FROM {WEB}\nLABEL x='a: 1'\n"),
        ("main.tf", f'x = "{WEB}"\ny = "a: 1"\n'),
        ("run.sh", f"docker run {WEB}\necho a: 1\n"),
        ("BUILD.bazel", f'x = "{WEB}"\ny = "a: 1"\n'),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_a_file_that_would_not_read_as_intended_is_left(
    name: str, text: str, check: bool, resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    file.write_text(text)
    monkeypatch.setattr(pinner, "with_digests", lambda *edits: with_digests(*edits).replace("a: 1", "a: 2"))

    report = pin_files(resolver, file, check=check)

    assert file.read_text() == text
    assert not report.changed
    assert [str(each) for each in report.problems] == [
        f"{file} would not read as intended with its digests, and was not changed"
    ]
    assert [row.status for row in report.rows] == [SKIPPED]


def test_mode_owner_and_all_else_in_the_folder_stay(resolver: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(BEFORE)
    file.chmod(0o751)
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    before = file.stat()

    pin_files(resolver, file)

    after = file.stat()
    assert file.read_text() == AFTER
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_check_writes_nothing_and_tells_both_texts(resolver: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(BEFORE)
    file.chmod(0o400)
    before, told = unread(file), []

    report = pin_files(resolver, tmp_path, check=True, on_change=lambda *change: told.append(change))

    assert told == [(str(file), BEFORE, AFTER)]
    assert report.changed
    assert unread(file) == before


def test_what_is_right_already_is_not_written_again(resolver: Resolver, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(AFTER)
    before = file.stat()

    report = pin_files(resolver, tmp_path)

    assert not report.changed
    assert file.stat() == before


def test_many_large_files_are_never_held_together(resolver: Resolver, tmp_path: Path) -> None:
    size, count = 300_000, 40
    for number in range(count):
        (tmp_path / f"{number}.yaml").write_text(f"image: {WEB}\n" + size // 100 * f"# {'x' * 97}\n")

    tracemalloc.start()
    report = pin_files(resolver, tmp_path)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [row.status for row in report.rows] == count * [PINNED]
    assert peak < count * size / 2
