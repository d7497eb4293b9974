# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The changes of two people to one lock, merged by git, with and without the merge driver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import decode_lock, read_lock
from pulumi_cgr.lockfile.conflicts import split_sides
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.store import merge_files
from pulumi_cgr.lockfile.update import FileUses, Use, lock_images, prune, update_all
from pulumi_cgr.lockfile.verify import check_online
from pulumi_cgr.resolver import Instant, InvalidLock, Resolver
from pulumi_cgr.testing import Registry
from tests.support.environments import ROOT

from .conftest import APP, DB, ENTRY, WEB, A, B, C, D, entries, files_of, lock, pins


class Git:
    """A repository with a lock in it, on a branch main, and two people who change it."""

    def __init__(self, path: Path, driver: bool = False) -> None:
        self.path = path
        self("init", "--quiet", "--initial-branch", "main")
        self("config", "user.name", "somebody")
        self("config", "user.email", "somebody@example.com")
        if driver:
            call = "import sys; from pulumi_cgr.lockfile.store import merge_files; sys.exit(bool(merge_files(*sys.argv[1:])))"
            self("config", "merge.cgr-lock.driver", f'"{sys.executable}" -c "{call}" %O %A %B')
            (path.parent / ".gitattributes").write_text("cgr.lock.json merge=cgr-lock\n")

    def __call__(self, *command: str) -> int:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(["git", *command], cwd=self.path.parent, env=env, capture_output=True).returncode

    def commit(self) -> None:
        assert self("add", ".") == 0
        assert self("commit", "--quiet", "--allow-empty", "--message", "a change") == 0

    def merge_locks(self, ours: Callable[[], object], theirs: Callable[[], object]) -> bool:
        """Makes two changes on branches of their own, merges them, and says whether git could."""
        self.commit()
        for branch, change in (("theirs", theirs), ("ours", ours)):
            self("checkout", "--quiet", "-b", branch, "main")
            change()
            self.commit()
        return self("merge", "--quiet", "--no-edit", "theirs") == 0


def test_git_merges_the_changes_of_two_people_to_different_images(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    images = [f"cgr.dev/chainguard/image-{number:02}:1" for number in range(4, 12)]
    lock(path, resolver, *images)

    def theirs() -> None:
        registry.move("chainguard/image-04:1", D)
        registry.move("chainguard/image-06:1", D)
        lock(path, resolver, images[0], images[2], "cgr.dev/chainguard/web:1")

    def ours() -> None:
        registry.move("chainguard/image-05:1", A)
        registry.move("chainguard/image-11:1", A)
        lock(path, resolver, images[1], images[-1], "cgr.dev/chainguard/app:1")

    assert Git(path).merge_locks(ours, theirs)

    expected = {**dict.fromkeys(images, C), WEB: C, APP: C}
    expected |= {images[0]: D, images[1]: A, images[2]: D, images[-1]: A}
    assert pins(path) == expected
    before = path.read_bytes()
    assert not any(change.is_change for change in update_all(path, resolver))
    assert path.read_bytes() == before, "git left the bytes that would be written"


def test_the_merge_driver_merges_what_git_cannot(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, WEB)
    old = Use("old.yaml", 1, resolver.parse_query("cgr.dev/chainguard/image-01:1"))
    lock_images(path, resolver, [], files_of(old))

    def theirs() -> None:
        registry.move("chainguard/web:1", A)
        lock(path, resolver, WEB, "cgr.dev/chainguard/image-02:1", "cgr.dev/chainguard/image-04:1")

    def ours() -> None:
        registry.move("chainguard/web:1", D)
        lock(path, resolver, WEB, "cgr.dev/chainguard/image-03:1")
        prune(path, FileUses((Use("web.yaml", 1, resolver.parse_query(WEB)),), frozenset(["old.yaml"])))

    git = Git(path, driver=True)

    assert git.merge_locks(ours, theirs), path.read_text()
    assert pins(path) == {WEB: D, **{f"cgr.dev/chainguard/image-0{number}:1": C for number in (2, 3, 4)}}


def test_a_rollback_of_one_side_holds_against_an_update_of_the_other(
    path: Path, resolver: Resolver, registry: Registry, tmp_path: Path
) -> None:
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    lock(path, resolver, WEB)
    base.write_bytes(path.read_bytes())
    registry.move("chainguard/web:1", D)
    update_all(path, resolver)
    theirs.write_bytes(path.read_bytes())
    rollback(path, resolver, resolver.parse_query(WEB))
    assert pins(path) == {WEB: C}

    merge_files(base, path, theirs)

    assert [(entry.digest, entry.exclude) for entry in read_lock(path).entries] == [(C, frozenset({D}))]


def test_a_lock_that_both_sides_created(path: Path, resolver: Resolver, tmp_path: Path) -> None:
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    base.touch()
    lock(path, resolver, WEB)
    lock(theirs, resolver, DB)

    merge_files(base, path, theirs)

    assert pins(path) == {WEB: C, DB: C}


def rewrite(path: Path, image: str, **values: Any) -> None:
    content = json.loads(path.read_text())
    entry = next(entry for entry in content["images"] if entry["image"] == image)
    entry.update(values, ref=f"{image}@{values.get('digest', entry['digest'])}")
    path.write_text(json.dumps(content, indent=2) + "\n")


@pytest.mark.parametrize("driver", [True, False], ids=["with the driver", "without"])
def test_sides_that_contradict_each_other_leave_markers_which_lock_resolves_without_what_either_rolled_back_from(
    path: Path, resolver: Resolver, registry: Registry, driver: bool
) -> None:
    git = Git(path, driver)
    registry.move("chainguard/web:1", D)
    lock(path, resolver, WEB)

    def ours() -> None:
        rollback(path, resolver, resolver.parse_query(WEB))  # from D to C
        lock(path, resolver, DB)

    def theirs() -> None:
        rewrite(path, WEB, exclude=[C])  # D is good, and C is not
        lock(path, resolver, APP)

    assert not git.merge_locks(ours, theirs)

    text = path.read_text()
    assert text.count("<<<<<<<") == text.count("=======") == text.count(">>>>>>>") > 0
    if driver:
        assert text.count("<<<<<<<") == 1
        assert APP in text.partition("<<<<<<<")[0]
        assert DB in text.partition("<<<<<<<")[0]
    with pytest.raises(InvalidLock, match=r"git left a conflict in it.*: cgr-images lock"):
        read_lock(path)
    with pytest.raises(InvalidLock, match="git left a conflict in it"):
        rollback(path, resolver, resolver.parse_query(DB))

    (change, *_unchanged) = (each for each in lock_images(path, resolver, []) if each.entry.image == WEB)

    assert change.entry.exclude == {C, D}
    assert pins(path) == {APP: C, DB: C, WEB: B}
    assert check_online(read_lock(path), resolver) == ()
    registry.move("chainguard/web:1", D)
    update_all(path, resolver)
    assert pins(path)[WEB] == B, "what either side rolled back from never returns"


def test_each_side_of_a_conflict_is_a_lock(path: Path, resolver: Resolver, registry: Registry, tmp_path: Path) -> None:
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    base.touch()
    made = {**ENTRY, "updated_at": "2026-01-01T00:00:00Z"}
    path.write_text(entries({**made, "exclude": [B]}))
    theirs.write_text(entries({**made, "digest": B, "ref": f"{WEB}@{B}", "exclude": [A]}))

    (conflict,) = merge_files(base, path, theirs)

    assert (conflict.ours.digest, conflict.theirs.digest) == (A, B)
    for side, digest in zip(split_sides(path.read_bytes()), (A, B), strict=True):
        assert [entry.digest for entry in decode_lock(side).entries] == [digest]


def test_a_merge_with_a_file_that_is_not_a_lock_leaves_both_in_one_conflict(
    path: Path, resolver: Resolver, tmp_path: Path
) -> None:
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    base.touch()
    lock(path, resolver, WEB)
    ours = path.read_text()
    theirs.write_text('{"version": 3}\n')

    with pytest.raises(InvalidLock, match="has version '3'"):
        merge_files(base, path, theirs)

    assert path.read_text() == f'<<<<<<< ours\n{ours}=======\n{{"version": 3}}\n>>>>>>> theirs\n'
    with pytest.raises(InvalidLock, match=r"one side of it cannot be read: it has version '3'.* git checkout --ours"):
        lock_images(path, resolver, [])


@pytest.mark.parametrize("later", ["ours", "theirs"])
def test_after_a_merge_an_honest_pin_passes_the_check_against_the_registry(
    path: Path, resolver: Resolver, registry: Registry, later: str
) -> None:
    """One side locked early, the other one later and rolled back: both to the same build, one build back."""
    git = Git(path, driver=True)
    early, late = Instant.parse("2026-01-06T00:00:00Z"), Instant.parse("2026-01-10T00:00:00Z")

    def plain() -> None:
        lock(path, resolver, WEB, builds_back=1)
        rewrite(path, WEB, digest=A, updated_at="2026-01-01T00:00:00Z", resolved=str(early))

    def rolled_back() -> None:
        lock(path, resolver, WEB, builds_back=1)
        rewrite(path, WEB, resolved=str(late))
        rollback(path, resolver, resolver.parse_query(WEB, builds_back=1))

    sides = (rolled_back, plain) if later == "ours" else (plain, rolled_back)
    assert git.merge_locks(*sides), path.read_text()

    (entry,) = read_lock(path).entries
    assert (entry.digest, entry.exclude, entry.resolved) == (A, frozenset([B]), late)
    assert check_online(read_lock(path), resolver) == ()


@pytest.mark.parametrize("ours_is_later", [True, False])
def test_of_two_updates_the_later_build_is_taken_and_what_both_left_out_stays_out(
    path: Path, resolver: Resolver, tmp_path: Path, ours_is_later: bool
) -> None:
    lock(path, resolver, WEB)
    base, theirs = tmp_path / "base", tmp_path / "theirs"
    content = json.loads(path.read_text())

    def write(file: Path, digest: str, day: int, out: list[str], used: list[str]) -> None:
        made = {**ENTRY, "digest": digest, "ref": f"{WEB}@{digest}", "exclude": out, "used": used}
        moved = {"updated_at": f"2026-02-{day:02}T00:00:00Z", "resolved": "2026-03-01T00:00:00Z"}
        file.write_text(json.dumps({**content, "images": [{**made, **moved}]}))

    days = (9, 8) if ours_is_later else (8, 9)
    write(base, A, 1, [], ["both.yaml", "dropped.yaml"])
    write(path, B, days[0], [C], ["both.yaml", "ours.yaml"])
    write(theirs, "sha256:" + 64 * "e", days[1], [D], ["both.yaml", "dropped.yaml", "theirs.yaml"])
    merge_files(base, path, theirs)

    (entry,) = read_lock(path).entries
    assert entry.digest == (B if ours_is_later else "sha256:" + 64 * "e")
    assert entry.exclude == {C, D}
    assert entry.used == ("both.yaml", "ours.yaml", "theirs.yaml")
