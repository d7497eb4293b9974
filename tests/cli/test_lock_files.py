# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images lock --files`, `check` and `pin`: which files use which entries, over the life of a folder."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry

from ..support.programs import fast_commands
from .command import Command

WEB, DB, APP = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/db:16", "cgr.dev/chainguard/app:2"
OLD, NEW, NEWEST, BASE = ("sha256:" + 64 * letter for letter in "abcd")
NOW = Instant.parse("2026-01-31T12:00:00Z")


def moved(days: int, digest: str) -> dict[str, str]:
    return {"updateTimestamp": str(NOW + -days * DAY), "digest": digest}


@pytest.fixture
def registry() -> Iterator[Registry]:
    moves = [moved(30, OLD), moved(10, NEW)]
    histories = {"chainguard/web:1": moves, "chainguard/db:16": [moved(20, BASE)], "chainguard/app:2": moves}
    with Registry(histories, now=lambda: NOW.nanoseconds / 1e9) as registry:
        yield registry


@pytest.fixture
def cgr(cgr: Command) -> Command:
    write(cgr, "a.yaml", WEB)
    return cgr


def write(cgr: Command, name: str, *images: str) -> Path:
    path: Path = cgr.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"- image: {image}\n" for image in images))
    return path


def entries(cgr: Command) -> dict[str, dict[str, Any]]:
    """Returns the entries of the lock file, by their image and rule."""
    lock = json.loads((cgr.folder / "cgr.lock.json").read_text())
    return {f"{entry['image']} {json.dumps(entry['rule'])}": entry for entry in lock["images"]}


def used(cgr: Command) -> dict[str, list[str]]:
    return {key: entry["used"] for key, entry in entries(cgr).items()}


def commands(said: str) -> list[list[str]]:
    """Returns the commands that a message offers, without the name of the program."""
    found = said.partition(" it: ")[2] or said.partition("one of them: ")[2]
    return [shlex.split(each)[1:] for each in found.split(", or: ")]


def prepared(cgr: Command) -> bytes:
    """Locks one image for a file and rolls it back, and another one by name; returns the lock file."""
    cgr("lock", "--files", "a.yaml")
    cgr("rollback", WEB)
    cgr("lock", DB)
    return (cgr.folder / "cgr.lock.json").read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [["empty.yaml"], [".", "--pattern", "*.none"], ["other.yaml"]],
    ids=["nothing of ours", "no file fits", "not in the lock and pinned by its digest alone"],
)
def test_nothing_is_pruned_where_no_file_uses_the_lock(arguments: list[str], cgr: Command) -> None:
    before = prepared(cgr)
    (cgr.folder / "empty.yaml").write_text("kind: Pod\n")
    write(cgr, "other.yaml", f"cgr.dev/chainguard/app@{NEWEST}")

    done = cgr("lock", "--prune", "--files", *arguments)

    assert done.status == 2
    assert "takes nothing out, because no file was found that uses the lock" in done.err
    assert (cgr.folder / "cgr.lock.json").read_bytes() == before


def test_taking_out_everything_needs_a_word_of_its_own(cgr: Command) -> None:
    prepared(cgr)

    kept = cgr("lock", "--prune-all", "--files", "a.yaml")
    assert kept.out.startswith(f"{DB}  removed")
    assert list(entries(cgr)) == [f"{WEB} {{}}"]
    assert cgr("lock", "--prune-all").status == 0
    assert entries(cgr) == {}


@pytest.mark.parametrize("command", [["lock", "--files"], ["check"]], ids=" ".join)
def test_lock_and_check_warn_where_no_file_fits(command: list[str], cgr: Command) -> None:
    cgr("lock", DB)

    done = cgr(*command, ".", "--pattern", "*.none")

    assert (done.status, done.err) == (0, "cgr-images: warning: no file matches the paths and patterns\n")


def test_what_was_locked_by_name_is_never_unused(cgr: Command) -> None:
    cgr("lock", "--files", "a.yaml")
    cgr("lock", DB, WEB)
    cgr("lock", DB, "--min-age", "1d")
    cgr("pin", "a.yaml", "--lock", "cgr.lock.json")
    write(cgr, "b.yaml", APP)
    cgr("lock", "--files", "b.yaml")
    cgr("pin", "b.yaml", "--lock", "cgr.lock.json")
    write(cgr, "a.yaml", "docker.io/library/redis:7")

    assert cgr("check", "a.yaml", "b.yaml").status == 0
    assert cgr("lock", "--prune", "--files", "a.yaml", "b.yaml").status == 2, "b.yaml is not an image"
    assert cgr("lock", "--prune", "--files", "a.yaml", "--files", "b.yaml").status == 0
    assert list(entries(cgr)) == [f"{APP} {{}}", f'{DB} {{"min_age": "1d"}}', f"{DB} {{}}", f"{WEB} {{}}"]


PROGRAMS = {
    "a task": ("- cgr.images.digest_info: {image: %s, min_age: 15d}\n", {"min_age": "15d"}),
    "a set": ("- cgr.images.digest_info:\n    images: {web: {image: %s, builds_back: 1}}\n", {"builds_back": 1}),
    "a lookup": ("- debug: {msg: \"{{ lookup('cgr.images.digest', '%s', min_age='15d') }}\"}\n", {"min_age": "15d"}),
    "a resource": (
        "resources:\n  web:\n    type: cgr:ImageDigest\n    properties: {image: %s, minAge: 15d}\n",
        {"min_age": "15d"},
    ),
    "a function": (
        "variables:\n  web:\n    fn::invoke:\n      function: cgr:getImageDigest\n      arguments: {image: %s}\n",
        {},
    ),
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_or_playbook_is_a_use_and_is_never_asked_to_be_pinned(kind: str, cgr: Command) -> None:
    template, rule = PROGRAMS[kind]
    program = cgr.folder / "program.yaml"
    program.write_text(template % WEB)

    locked = cgr("lock", "--files", "program.yaml")
    checked = cgr("check", "program.yaml")

    assert (locked.status, checked.status, checked.out) == (0, 0, "cgr.lock.json: 1 pin, all is well\n")
    assert used(cgr) == {f"{WEB} {json.dumps(rule)}": ["program.yaml"]}
    assert cgr("lock", "--prune", "--files", "program.yaml").out == "cgr.lock.json: 0 changed, 1 unchanged\n"
    program.write_text(template % APP)
    cgr("lock", "--files", "program.yaml")
    assert [each["kind"] for each in cgr("check", "program.yaml", "--json").json["findings"]] == ["unused"]


def test_a_file_that_is_pinned_by_its_digest_alone_uses_the_entry_for_check_and_for_prune(
    cgr: Command, registry: Registry
) -> None:
    cgr("lock", "--files", "a.yaml")
    write(cgr, "a.yaml", f"cgr.dev/chainguard/web@{NEW}")

    assert cgr("lock", "--files", "a.yaml", "--prune").status == 0
    assert used(cgr) == {f"{WEB} {{}}": ["a.yaml"]}
    assert cgr("check", "a.yaml").status == 0

    registry.move("chainguard/web:1", NEWEST, NOW)
    cgr("lock", "--upgrade")
    cgr("lock", "--files", "a.yaml", "--prune")
    (finding,) = cgr("check", "a.yaml", "--json").json["findings"]
    assert used(cgr) == {f"{WEB} {{}}": ["a.yaml"]}, "the entry is still used after an update"
    assert (finding["kind"], finding["line"]) == ("differs", 1)
    assert f"which says {NEWEST} for {WEB}. Write its tag, too." in finding["message"]


def test_the_rule_without_parts_can_be_named_where_there_are_two(cgr: Command) -> None:
    cgr("lock", WEB)
    cgr("lock", WEB, "--min-age", "15d")

    refused = cgr("rollback", WEB)

    assert refused.status == 2
    assert refused.err.endswith("Say which one: --min-age 15d, or --builds-back 0.\n")
    assert cgr("rollback", WEB, "--builds-back", "0").status == 0
    assert {key: entry["digest"] for key, entry in entries(cgr).items()} == {
        f'{WEB} {{"min_age": "15d"}}': OLD,
        f"{WEB} {{}}": OLD,
    }
    assert cgr("history", WEB, "--lock", "cgr.lock.json").err == refused.err


def test_rollback_with_nothing_before_says_so(cgr: Command) -> None:
    cgr("lock", DB)
    before = (cgr.folder / "cgr.lock.json").read_bytes()

    done = cgr("rollback", DB)

    assert done.status == 1
    assert done.err == (
        f"cgr-images: {DB}: the rule allows no build before the locked build {BASE}, of 2026-01-11T12:00:00Z, so it cannot go back."
        " The lock is unchanged.\n"
    )
    assert (cgr.folder / "cgr.lock.json").read_bytes() == before


def test_the_commands_of_a_finding_work_with_two_rules(cgr: Command) -> None:
    cgr("lock", WEB)
    cgr("lock", WEB, "--min-age", "15d")

    (finding,) = cgr("check", "a.yaml").out.splitlines()[:-1]
    assert "is not pinned, and the lock has 2 rules for it" in finding
    for command, digest in zip(commands(finding), (OLD, NEW), strict=True):
        write(cgr, "a.yaml", WEB)
        assert cgr(*command).status == 0
        assert f"{WEB}@{digest}" in (cgr.folder / "a.yaml").read_text()
        assert cgr("check", "a.yaml").status == 0
        assert cgr("lock", "--files", "a.yaml").status == 0
    assert cgr("pin", "a.yaml", "--lock", "cgr.lock.json").out.startswith("0 pinned, 0 updated, 1 unchanged")


def test_pin_takes_the_rule_by_which_a_file_was_locked(cgr: Command, registry: Registry) -> None:
    write(cgr, "b.yaml", WEB)
    cgr("lock", "--files", "a.yaml")
    cgr("lock", "--files", "b.yaml", "--min-age", "15d")
    registry.move("chainguard/web:1", NEWEST, NOW)
    cgr("lock", "--upgrade")

    assert cgr("pin", ".", "--lock", "cgr.lock.json").status == 0
    assert f"{WEB}@{NEWEST}" in (cgr.folder / "a.yaml").read_text()
    assert f"{WEB}@{OLD}" in (cgr.folder / "b.yaml").read_text()
    assert cgr("check", ".").status == 0


def test_locking_the_same_files_again_changes_nothing_with_two_rules(cgr: Command) -> None:
    cgr("lock", "--files", "a.yaml")
    cgr("lock", "--files", "a.yaml", "--min-age", "15d")
    before = (cgr.folder / "cgr.lock.json").read_bytes()

    assert used(cgr) == {f'{WEB} {{"min_age": "15d"}}': ["a.yaml"], f"{WEB} {{}}": []}
    for _time in range(2):
        cgr("lock", "--files", "a.yaml")
        assert (cgr.folder / "cgr.lock.json").read_bytes() == before


def test_the_lock_of_a_folder_above_is_found_and_named(cgr: Command) -> None:
    cgr("lock", WEB)
    sub = Command(cgr.folder / "deploy/web", cgr.registry, {"HOME": str(cgr.folder)})
    write(cgr, "deploy/web/pod.yaml", WEB)

    assert sub("check").status == 2, "this is not a work tree"
    subprocess.run(["git", "init", "--quiet", cgr.folder / "deploy"], check=True)
    assert sub("check").status == 2, "it ends at the root of the work tree"
    (cgr.folder / "deploy/.git").rename(cgr.folder / ".git")
    added = sub("lock", "--files", "pod.yaml")
    found = sub("check", "pod.yaml")

    assert added.err == "cgr-images: using the lock file ../../cgr.lock.json\n"
    assert added.out.endswith("../../cgr.lock.json: 1 changed, 0 unchanged\n")
    assert used(cgr) == {f"{WEB} {{}}": ["deploy/web/pod.yaml"]}
    (command,) = commands(found.out.splitlines()[0])
    assert sub(*command).status == 0
    assert sub("check", "pod.yaml").status == 0


def test_used_follows_files_that_are_renamed_deleted_or_not_told_of(cgr: Command) -> None:
    write(cgr, "b.yaml", WEB, DB)
    cgr("lock", "--files", ".")
    assert used(cgr) == {f"{DB} {{}}": ["b.yaml"], f"{WEB} {{}}": ["a.yaml", "b.yaml"]}

    write(cgr, "b.yaml", WEB)
    cgr("lock", "--files", "b.yaml")
    assert used(cgr) == {f"{DB} {{}}": [], f"{WEB} {{}}": ["a.yaml", "b.yaml"]}, "nothing was told of a.yaml"
    (cgr.folder / "a.yaml").rename(cgr.folder / "c.yaml")
    cgr("lock", "--files", "c.yaml")
    assert used(cgr)[f"{WEB} {{}}"] == ["b.yaml", "c.yaml"]
    (cgr.folder / "b.yaml").unlink()
    cgr("lock", "--files", ".")
    assert used(cgr)[f"{WEB} {{}}"] == ["c.yaml"]


def test_an_entry_of_a_file_that_was_not_looked_at_is_not_unused(cgr: Command) -> None:
    write(cgr, "b.yaml", DB)
    cgr("lock", "--files", ".")
    cgr("pin", ".", "--lock", "cgr.lock.json")

    assert cgr("check", "a.yaml").status == 0
    cgr("lock", "--prune", "--files", "a.yaml")
    assert len(entries(cgr)) == 2


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        (f"image: {WEB}\n", f"image: {WEB}@{NEW}\n"),
        (f"FROM {WEB} AS build\n", f"FROM {WEB}@{NEW} AS build\n"),
        (
            f"dockerfile_inline: |\n  FROM {WEB}\n  RUN true\n",
            f"dockerfile_inline: |\n  FROM {WEB}@{NEW}\n  RUN true\n",
        ),
        (f"#!/bin/sh\ndocker run {WEB} -x\n", f"#!/bin/sh\ndocker run {WEB}@{NEW} -x\n"),
        ("kind: Pod\n", "kind: Pod\n"),
    ],
    ids=["YAML", "a Dockerfile", "YAML with a Dockerfile in it", "a shell script", "nothing of ours"],
)
def test_a_dash_is_standard_input(text: str, pinned: str, cgr: Command) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [f"{fast_commands()}/cgr-images", *arguments],
            cwd=cgr.folder,
            env=cgr.environment,
            input=text,
            capture_output=True,
            text=True,
        )

    assert run("pin", "-").stdout == pinned
    assert run("pin", "-", "--check").returncode == (text != pinned)
    assert run("lock", "--files", "-").returncode == 0
    assert used(cgr) == ({f"{WEB} {{}}": []} if "web" in text else {})
    assert run("pin", "-", "--lock", "cgr.lock.json").stdout == pinned
    assert cgr("check", "a.yaml").status == 1
    assert run("pin", "-", "a.yaml").returncode == 2
    for report in ("--json", "--diff", "--packages"):
        assert f"{report} cannot be combined with -" in run("pin", "-", report).stderr


def test_a_finding_on_standard_input_names_the_command_for_it(cgr: Command) -> None:
    cgr("lock", WEB)

    checked = subprocess.run(
        [f"{fast_commands()}/cgr-images", "check", "-"],
        cwd=cgr.folder,
        env=cgr.environment,
        input=f"image: {WEB}\n",
        capture_output=True,
        text=True,
    )

    assert checked.returncode == 1
    assert "Pin it: cgr-images pin - --lock cgr.lock.json" in checked.stdout


def test_a_check_that_could_not_read_a_file_does_not_say_that_all_is_well(cgr: Command) -> None:
    cgr("lock", WEB)
    (cgr.folder / "a.yaml").write_text(f"image: {WEB}@{NEW}\n")
    (cgr.folder / "b.yaml").write_text(f"image: [{WEB}\n")

    done, as_json = cgr("check", "a.yaml", "b.yaml"), cgr("check", "a.yaml", "b.yaml", "--json")

    assert (done.status, done.out) == (2, "cgr.lock.json: 1 pin, 0 findings, 1 file not read\n")
    assert done.err.startswith("cgr-images: b.yaml is not YAML")
    assert [problem["file"] for problem in as_json.json["problems"]] == ["b.yaml"]


def test_a_lock_that_is_a_folder_is_named(cgr: Command) -> None:
    assert cgr("lock", WEB, "--lock", ".").err == "cgr-images: . is not a regular file. Name a lock file.\n"


def test_an_empty_lock_file_is_an_empty_lock(cgr: Command) -> None:
    (cgr.folder / "cgr.lock.json").touch()

    assert cgr("check").out == "cgr.lock.json: 0 pins, all is well\n"
    assert f"Add it: cgr-images lock {WEB}" in cgr("resolve", WEB, "--lock", "cgr.lock.json").err
    assert cgr("lock", WEB).status == 0
    assert list(entries(cgr)) == [f"{WEB} {{}}"]
