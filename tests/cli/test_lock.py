# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images lock`, `rollback`, `check` and `merge`: one lock, over the life of a deployment."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.resolver import Instant, NotLocked, Resolver
from pulumi_cgr.testing import Registry

from .command import Command

WEB, DB = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/db:16"
OLD, NEW, NEWEST, BASE = ("sha256:" + 64 * letter for letter in "abcd")
NOW = Instant.parse("2026-01-31T12:00:00Z")
POD = f"kind: Pod\nspec:\n  containers:\n  - image: {WEB}\n"


def moved(days: int, digest: str) -> dict[str, str]:
    return {"updateTimestamp": str(NOW + -days * DAY), "digest": digest}


@pytest.fixture
def registry() -> Iterator[Registry]:
    histories = {"chainguard/web:1": [moved(30, OLD), moved(10, NEW)], "chainguard/db:16": [moved(20, BASE)]}
    with Registry(histories, now=lambda: NOW.nanoseconds / 1e9) as registry:
        yield registry


@pytest.fixture
def cgr(cgr: Command) -> Command:
    (cgr.folder / "deploy").mkdir()
    (cgr.folder / "deploy/pod.yaml").write_text(POD)
    return cgr


def pins(cgr: Command) -> dict[str, str]:
    lock = json.loads((cgr.folder / "cgr.lock.json").read_text())
    return {f"{entry['image']} {json.dumps(entry['rule'])}": entry["digest"] for entry in lock["images"]}


def test_lock_adds_and_updates_and_says_what_changed(cgr: Command, registry: Registry) -> None:
    added = cgr("lock", WEB, DB)
    registry.move("chainguard/web:1", NEWEST, NOW)
    named = cgr("lock", WEB)
    updated = cgr("lock", "--upgrade")
    again = cgr("lock", "--upgrade", "--json")

    assert "cgr.lock.json: 2 changed, 0 unchanged" in added.out
    assert named.out == "cgr.lock.json: 0 changed, 1 unchanged\n"
    assert updated.out.splitlines() == [
        f"{WEB}  updated",
        f"    {NEW}  2026-01-21T12:00:00Z",
        f"  → {NEWEST}  2026-01-31T12:00:00Z",
        "cgr.lock.json: 1 changed, 1 unchanged",
    ]
    assert [change["status"] for change in again.json["changes"]] == ["unchanged", "unchanged"]
    assert pins(cgr) == {f"{DB} {{}}": BASE, f"{WEB} {{}}": NEWEST}


def test_a_named_digest_that_the_rule_does_not_choose_is_not_locked_without_a_word(cgr: Command) -> None:
    other, same = cgr("lock", f"{WEB}@{OLD}"), cgr("lock", f"{WEB}@{NEW}")

    assert other.err.startswith(
        f"cgr-images: warning: {WEB} is locked to {NEW}, which its rule chooses, and not to {OLD}"
    )
    assert (same.status, same.err) == (0, "")


@pytest.mark.parametrize(
    "rule", [{}, {"min_age": "15d"}, {"at": "2026-01-20T00:00:00Z"}, {"builds_back": 1}, {"exclude": [NEW, BASE]}]
)
@pytest.mark.parametrize("path", ["cgr.lock.json", "my locks/web.json"])
def test_the_command_in_a_refusal_does_what_it_says(
    rule: dict[str, Any], path: str, cgr: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cgr.folder / "my locks").mkdir()
    cgr("lock", WEB, "--min-age", "20d", "--lock", path)
    monkeypatch.chdir(cgr.folder)
    resolver = Resolver(lock=path, environment={})
    with pytest.raises(NotLocked) as refused:
        resolver.resolve(WEB, **rule)
    _said, _colon, command = str(refused.value).partition("Add it: ")
    name, *arguments = shlex.split(command)

    done = cgr(*arguments)

    assert name == "cgr-images"
    assert (done.status, done.err) == (0, "")
    answer = Resolver(lock=path, environment={}).resolve(WEB, **rule)
    assert answer.digest == (OLD if rule else NEW)


def test_files_are_locked_pinned_and_checked(cgr: Command, registry: Registry) -> None:
    cgr("lock", "--files", "deploy", "--min-age", "7d")
    without_digest = cgr("check", "deploy")
    pinned = cgr("pin", "deploy", "--lock", "cgr.lock.json")
    registry.stop()
    fine = cgr("check", "deploy")

    assert pins(cgr) == {f'{WEB} {{"min_age": "7d"}}': NEW}
    assert without_digest.status == 1
    assert without_digest.out.startswith(
        f"deploy/pod.yaml:4: {WEB} is not pinned; the lock says {NEW}. Pin it: cgr-images pin"
    )
    assert pinned.status == 0
    assert (cgr.folder / "deploy/pod.yaml").read_text() == POD.replace(WEB, f"{WEB}@{NEW}")
    assert (fine.status, fine.out) == (0, "cgr.lock.json: 1 pin, all is well\n")


def test_the_command_in_a_finding_does_what_it_says(cgr: Command) -> None:
    cgr("lock", "--files", "deploy")
    name, *arguments = shlex.split(cgr("check", "deploy").out.splitlines()[0].partition("Pin it: ")[2])

    assert (name, cgr(*arguments).status) == ("cgr-images", 0)
    assert cgr("check", "deploy").status == 0


def test_the_commands_in_findings_are_for_the_lock_and_the_mirror_that_were_checked(
    cgr: Command, registry: Registry
) -> None:
    cgr.environ["CGR_MIRRORS"] = "registry.example.com/cgr=cgr.dev/chainguard"
    (cgr.folder / "-web.yaml").write_text("image: registry.example.com/cgr/web:1\n")
    cgr("lock", "--files", "./-web.yaml", "--lock", "web.json")
    registry.move("chainguard/web:1", NEWEST, NOW)
    found = cgr("check", "./-web.yaml", "--lock", "web.json", "--max-age", "5d").out.splitlines()
    del cgr.environ["CGR_MIRRORS"]

    for command in (line.partition(" it: ")[2] for line in found[1::-1]):
        assert cgr(*shlex.split(command)[1:]).status == 0

    assert (cgr.folder / "-web.yaml").read_text() == f"image: registry.example.com/cgr/web:1@{NEWEST}\n"
    assert not (cgr.folder / "cgr.lock.json").exists()


def test_a_lock_in_the_environment_is_used_by_every_command(cgr: Command, registry: Registry) -> None:
    (cgr.folder / "locks").mkdir()
    cgr.environ["CGR_LOCK"] = "locks/prod.json"
    cgr("lock", "--files", "deploy")
    registry.move("chainguard/web:1", NEWEST, NOW)
    registry.stop()

    assert cgr("resolve", WEB).out == f"{WEB}@{NEW}\n"
    assert cgr("pin", "deploy").status == 0
    assert cgr("check", "deploy").status == 0
    assert json.loads((cgr.folder / "locks/prod.json").read_text())["images"][0]["used"] == ["../deploy/pod.yaml"]
    assert cgr("resolve", WEB, "--lock", "").status == 1  # there is no registry any more


def test_what_is_locked_and_unused_is_found_and_taken_out(cgr: Command) -> None:
    (cgr.folder / "deploy/db.yaml").write_text(POD.replace(WEB, DB))
    cgr("lock", "--files", "deploy")
    cgr("pin", "deploy", "--lock", "cgr.lock.json")
    (cgr.folder / "deploy/db.yaml").unlink()

    found = cgr("check", "deploy", "--json")
    command = found.json["findings"][0]["message"].partition("Take it out: ")[2].partition(",")[0]
    pruned = cgr(*shlex.split(command)[1:], "--files", "deploy")

    assert found.status == 1
    assert [(finding["kind"], finding["image"]) for finding in found.json["findings"]] == [("unused", DB)]
    assert f"{DB}  removed" in pruned.out
    assert cgr("check", "deploy").status == 0


def test_of_several_rules_the_one_counts_whose_digest_the_file_has(cgr: Command) -> None:
    cgr("lock", WEB)
    cgr("lock", WEB, "--min-age", "15d")
    for digest in (NEW, OLD):
        (cgr.folder / "deploy/pod.yaml").write_text(POD.replace(WEB, f"{WEB}@{digest}"))

        assert cgr("check", "deploy").status == 0
        assert "1 unchanged" in cgr("pin", "deploy", "--lock", "cgr.lock.json").out


def test_prune_takes_nothing_out_by_halves(cgr: Command) -> None:
    cgr("lock", DB)
    (cgr.folder / "deploy/bad.yaml").write_text(f"image: [{DB}\n")

    without = cgr("lock", "--prune")
    unread = cgr("lock", "--prune", "--files", "deploy")

    assert (without.status, unread.status) == (2, 2)
    assert "deploy/bad.yaml is not YAML" in unread.err
    assert pins(cgr) == {f"{DB} {{}}": BASE}


def test_rollback_keeps_the_bad_build_out_for_good(cgr: Command) -> None:
    cgr("lock", WEB, "--min-age", "1d")

    done = cgr("rollback", WEB, "--json")

    (change,) = done.json["changes"]
    assert (change["before"]["digest"], change["after"]["digest"]) == (NEW, OLD)
    assert change["after"]["exclude"] == [NEW]
    assert cgr("lock", "--upgrade").out == "cgr.lock.json: 0 changed, 1 unchanged\n"
    assert cgr("rollback", WEB, "--builds", "2").status == 1


def test_a_malformed_digest_to_go_back_to_is_not_taken_for_an_image(cgr: Command) -> None:
    cgr("lock", WEB)

    done = cgr("rollback", WEB, "--to", "sha256:abc")

    assert done.status == 2
    assert done.err == "cgr-images: 'sha256:abc' is a malformed digest: write sha256: and 64 lower-case hex digits.\n"


def test_rollback_asks_which_where_there_are_several_rules(cgr: Command) -> None:
    cgr("lock", WEB)
    cgr("lock", WEB, "--min-age", "1d")

    unclear = cgr("rollback", WEB)
    clear = cgr("rollback", WEB, "--min-age", "1d")

    assert unclear.status == 2
    assert "is in the lock with 2 rules" in unclear.err
    assert clear.status == 0
    assert pins(cgr) == {f"{WEB} {{}}": NEW, f'{WEB} {{"min_age": "1d"}}': OLD}


def test_history_marks_the_pin_of_the_lock_and_what_its_rule_takes_now(cgr: Command, registry: Registry) -> None:
    cgr("lock", WEB, "--min-age", "1d")
    cgr("rollback", WEB)
    before = cgr("history", WEB, "--lock", "cgr.lock.json", "--json").json
    registry.move("chainguard/web:1", NEWEST, NOW + -2 * DAY)
    after = cgr("history", WEB, "--lock", "cgr.lock.json", "--json").json

    assert (before["current"], before["chosen"]["digest"]) == (OLD, OLD), "the bad build is left out"
    assert (after["current"], after["chosen"]["digest"]) == (OLD, NEWEST)
    assert after["cut_off"] == "2026-01-30T12:00:00Z"


def test_check_online_finds_what_never_was(cgr: Command) -> None:
    cgr("lock", WEB)
    true = cgr("check", "--online")
    lock = cgr.folder / "cgr.lock.json"
    lock.write_text(lock.read_text().replace(NEW, NEWEST))
    forged = cgr("check", "--online")

    assert true.status == 0
    assert forged.status == 1
    assert "never_was" in {finding["kind"] for finding in cgr("check", "--online", "--json").json["findings"]}


def test_check_finds_what_is_too_old(cgr: Command) -> None:
    cgr("lock", WEB)

    assert cgr("check", "--max-age", "5d").status == 1
    assert cgr("check", "--max-age", "99999d").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check"], "the file does not exist. Create it: cgr-images lock IMAGE"),
        (
            ["check", "--lock", "my.json"],
            "my.json: the file does not exist. Create it: cgr-images lock IMAGE --lock my.json",
        ),
        (["check", "--lock", "deploy/pod.yaml"], "deploy/pod.yaml: it is not JSON"),
        (["check", "nowhere", "--lock", "empty.json"], "'nowhere' does not exist"),
        (["check", "--max-age", "old", "--lock", "empty.json"], "--max-age 'old' is not a duration"),
    ],
)
def test_what_cannot_be_checked_is_status_2(arguments: list[str], said: str, cgr: Command) -> None:
    (cgr.folder / "empty.json").write_text('{"version": 1, "images": []}')

    done = cgr(*arguments)

    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_one_image_without_an_answer_changes_no_lock(cgr: Command) -> None:
    cgr("lock", WEB)
    before = (cgr.folder / "cgr.lock.json").read_bytes()

    done = cgr("lock", DB, "cgr.dev/chainguard/no:such")

    assert done.status == 1
    assert (cgr.folder / "cgr.lock.json").read_bytes() == before


def test_git_merges_with_the_driver_of_the_help(cgr: Command, registry: Registry) -> None:
    def git(*arguments: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**cgr.environment, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *arguments], cwd=cgr.folder, env=env, check=True, capture_output=True)

    git("init", "--initial-branch", "main")
    git("config", "user.name", "somebody")
    git("config", "user.email", "somebody@example.com")
    git("config", "merge.cgr-lock.driver", "cgr-images merge %O %A %B")
    (cgr.folder / ".gitattributes").write_text("cgr.lock.json merge=cgr-lock\n")
    cgr("lock", WEB)
    git("add", ".")
    git("commit", "-m", "before")
    git("checkout", "-b", "theirs")
    registry.move("chainguard/web:1", NEWEST, NOW)
    cgr("lock", "--upgrade")
    git("commit", "-am", "theirs")
    git("checkout", "main")
    cgr("lock", DB)
    git("commit", "-am", "ours")

    git("merge", "--no-edit", "theirs")

    assert pins(cgr) == {f"{DB} {{}}": BASE, f"{WEB} {{}}": NEWEST}


def test_an_unpinned_image_uses_each_of_its_entries(cgr: Command) -> None:
    cgr("lock", WEB)
    cgr("lock", WEB, "--builds-back", "1")
    before = pins(cgr)

    assert cgr("lock", "--files", "deploy", "--prune").status == 0

    assert pins(cgr) == before
    assert "unused" not in {finding["kind"] for finding in cgr("check", "deploy", "--json").json["findings"]}


def test_a_lock_below_the_home_is_the_same_for_every_command(cgr: Command) -> None:
    cgr.environ["CGR_LOCK"] = "~/home.json"

    refused = cgr("resolve", WEB, "--min-age", "7d")
    added = cgr(*shlex.split(refused.err.partition("Add it: ")[2])[1:])

    assert (added.status, (cgr.folder / "home.json").exists()) == (0, True)
    assert cgr("pin", "deploy").status == 0
    assert (cgr.folder / "deploy/pod.yaml").read_text() == POD.replace(WEB, f"{WEB}@{NEW}")


def test_a_merge_of_a_file_that_is_not_there_is_refused(cgr: Command) -> None:
    cgr("lock", WEB)
    before = (cgr.folder / "cgr.lock.json").read_bytes()

    done = cgr("merge", "base", "cgr.lock.json", "theirs")

    assert (done.status, done.err) == (
        1,
        "cgr-images: base: the file does not exist. Create it: cgr-images lock IMAGE --lock base\n",
    )
    assert (cgr.folder / "cgr.lock.json").read_bytes() == before
