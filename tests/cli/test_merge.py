# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images merge`: what a user sees of a conflict, and of a clone that does not have the driver."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry

from .command import Command

WEB = "cgr.dev/chainguard/web:1"
A, B, C = ("sha256:" + 64 * letter for letter in "abc")
MOVES = [{"updateTimestamp": f"2026-01-0{day}T00:00:00Z", "digest": digest} for day, digest in ((1, A), (2, B), (3, C))]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({"chainguard/web:1": MOVES}) as registry:
        yield registry


@pytest.fixture
def cgr(cgr: Command) -> Command:
    """A work tree that asks for the driver."""
    git(cgr, "init", "--quiet")
    (cgr.folder / ".gitattributes").write_text("cgr.lock.json merge=cgr-lock\n")
    cgr("lock", WEB)
    return cgr


def git(cgr: Command, *arguments: str) -> None:
    env = {**cgr.environment, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=cgr.folder, env=env, check=True, capture_output=True)


def test_check_warns_of_a_missing_driver_with_the_command_that_adds_it(cgr: Command) -> None:
    missing = cgr("check")
    command = shlex.split(missing.err.partition("Add it: ")[2])

    assert (missing.status, missing.out) == (0, "cgr.lock.json: 1 pin, all is well\n")
    assert ".gitattributes names the merge driver cgr-lock, which this clone does not have" in missing.err
    assert cgr("check", "--json").json["warnings"] == [missing.err.removeprefix("cgr-images: warning: ").strip()]
    assert command[:3] == ["git", "config", "merge.cgr-lock.driver"]
    git(cgr, *command[1:])
    assert cgr("check").err == ""


def test_check_does_not_ask_for_a_driver_that_nobody_wants(cgr: Command) -> None:
    (cgr.folder / ".gitattributes").unlink()
    assert cgr("check").err == ""


def test_what_git_left_without_the_driver_is_merged_by_lock_and_both_sides_rollbacks_count(cgr: Command) -> None:
    lock = cgr.folder / "cgr.lock.json"
    git(cgr, "config", "user.name", "somebody")
    git(cgr, "config", "user.email", "somebody@example.com")
    git(cgr, "add", ".")
    git(cgr, "commit", "--message", "before")
    git(cgr, "checkout", "-b", "theirs")
    cgr("rollback", WEB, "--builds", "2")
    git(cgr, "commit", "--all", "--message", "theirs")
    git(cgr, "checkout", "-")
    cgr("rollback", WEB)
    git(cgr, "commit", "--all", "--message", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(cgr, "merge", "theirs")
    assert "<<<<<<< " in lock.read_text()

    resolved = cgr("lock")

    assert resolved.status == 0
    (entry,) = json.loads(lock.read_text())["images"]
    assert (entry["digest"], entry["exclude"]) == (A, [B, C])
    assert cgr("check", "--online").status == 0


def test_a_conflict_is_one_sentence_and_lock_resolves_it(cgr: Command) -> None:
    lock = cgr.folder / "cgr.lock.json"
    before = json.loads(lock.read_text())
    (cgr.folder / "base").write_text(lock.read_text())
    cgr("rollback", WEB)
    before["images"][0]["exclude"] = [B]
    (cgr.folder / "theirs").write_text(json.dumps(before))

    merged = cgr("merge", "base", "cgr.lock.json", "theirs")
    checked, resolved_from, rolled_back = (
        cgr("check"),
        cgr("resolve", WEB, "--lock", "cgr.lock.json"),
        cgr("rollback", WEB),
    )

    assert merged.status == 1
    assert merged.err.splitlines()[0].startswith(f"cgr-images: {WEB}: our side has {B} and the other side {C}")
    assert merged.err.endswith("the lock file has conflict markers now. Resolve them: cgr-images lock\n")
    assert "<<<<<<< ours\n" in lock.read_text()
    assert (checked.status, resolved_from.status, rolled_back.status) == (2, 1, 1)
    for refused in (checked, resolved_from, rolled_back):
        assert "git left a conflict in it" in refused.err
        assert refused.err.endswith(": cgr-images lock\n")

    assert cgr("lock").status == 0
    (entry,) = json.loads(lock.read_text())["images"]
    assert (entry["digest"], entry["exclude"]) == (A, [B, C])
    assert cgr("check", "--online").status == 0


@pytest.mark.parametrize(("emptied", "side"), [("ours", "our side"), ("theirs", "the other side")])
def test_a_side_that_is_an_empty_file_does_not_take_all_pins_away(emptied: str, side: str, cgr: Command) -> None:
    lock = (cgr.folder / "cgr.lock.json").read_text()
    for name in ("base", "ours", "theirs"):
        (cgr.folder / name).write_text("" if name == emptied else lock)

    done = cgr("merge", "base", "ours", "theirs")

    assert done.status != 0
    assert f"{side} of the lock file is empty" in done.err
    assert C in (cgr.folder / "ours").read_text()
