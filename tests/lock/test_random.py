# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A day of real use at random, against a model that knows nothing of the code: an oracle of the registry, files and git.

The invariants after each step: every pin was a build of its tag; nothing that was rolled back from returns, and no exclude is
lost, whatever git does; no pin goes back in time but by a rollback; the registry agrees that each pin is what its rule chose;
nothing that is used or was named is pruned; and files that were pinned from the lock pass the check.

`make test` takes a few days, `make check` those of a minute, or of CGR_FUZZ_SECONDS.  A failure names its seed and its steps.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import DAY, HOUR, SECOND, Entry, read_lock, read_lock_if_there
from pulumi_cgr.cli.uses import queries_from_lock, scan_files, uses_of
from pulumi_cgr.files import pin_files
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.store import read
from pulumi_cgr.lockfile.update import FileUses, lock_images, prune, update_all
from pulumi_cgr.lockfile.verify import check, check_online
from pulumi_cgr.resolver import Instant, InvalidArgument, NoBuildFits, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry
from tests.support.environments import ROOT

SECONDS = float(os.environ.get("CGR_FUZZ_SECONDS", "60"))
STEPS = 25
TAGS = ("chainguard/web:1", "chainguard/db:16")
RULES: tuple[dict[str, Any], ...] = ({}, {"min_age": "3d"}, {"builds_back": 1})
DRIVER = "import sys; from pulumi_cgr.lockfile.store import merge_files; sys.exit(bool(merge_files(*sys.argv[1:])))"


@contextmanager
def chdir(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@dataclass
class Oracle:
    """The registry's history and clock, and what was rolled back from on the branch that is checked out."""

    now: Instant
    behind: int = 0
    moves: dict[str, list[tuple[Instant, str]]] = field(default_factory=dict)
    number: int = 0

    def clock(self) -> float:
        """Returns the time that the registry states, which may be behind its own history."""
        return (self.now.nanoseconds - self.behind) / 1e9

    def move(self, tag: str, digest: str | None = None) -> tuple[str, Instant]:
        """Moves a tag to a new digest, or back to one that it had."""
        if digest is None:
            self.number += 1
            digest = f"sha256:{self.number:064x}"
        self.moves.setdefault(tag, []).append((self.now, digest))
        return digest, self.now

    def chosen(self, entry: Entry, at: Instant) -> tuple[str, Instant] | None:
        """Returns what the rule of an entry chooses at an instant without what was rolled back from."""
        limit = at + -(3 * DAY if "min_age" in entry.rule else 0)
        moves = self.moves[entry.image.removeprefix("cgr.dev/")]
        old_enough = [
            (digest, instant) for instant, digest in moves if instant <= limit and digest not in entry.exclude
        ]
        stays = [list(group)[-1] for _digest, group in groupby(old_enough, lambda move: move[0])]
        back = 1 + entry.rule.get("builds_back", 0)
        return stays[-back] if len(stays) >= back else None


class Day:
    """A repository with files and a lock, and a registry, on which steps are taken at random."""

    def __init__(self, folder: Path, registry: Registry, oracle: Oracle, seed: int) -> None:
        self.random, self.oracle, self.registry = random.Random(seed), oracle, registry
        self.folder, self.path = folder, folder / "cgr.lock.json"
        self.steps: list[str] = [f"seed {seed}"]
        self.resolver = Resolver(registry=registry.url, environment={})
        self.branches = 0
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "somebody")
        self.git("config", "user.email", "somebody@example.com")
        self.git("config", "merge.cgr-lock.driver", f'"{sys.executable}" -c "{DRIVER}" %O %A %B')
        (folder / ".gitattributes").write_text("cgr.lock.json merge=cgr-lock\n")
        for tag in TAGS:
            for _build in range(3):
                self.later(self.random.randrange(1, 60))
                self.publish(tag)
        self.later(80)
        self.commit()

    def git(self, *arguments: str) -> bool:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_EDITOR": "true"}
        env |= {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z"}
        return subprocess.run(["git", *arguments], cwd=self.folder, env=env, capture_output=True).returncode == 0

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")

    def later(self, hours: int) -> None:
        self.oracle.now = self.oracle.now + hours * HOUR

    def publish(self, tag: str) -> None:
        earlier = [digest for _instant, digest in self.oracle.moves.get(tag, [])]
        returned = self.random.choice(earlier) if earlier and self.random.random() < 0.2 else None
        self.registry.histories.move(tag, *self.oracle.move(tag, returned))

    # Steps of a user.

    def a_tag_moves(self) -> None:
        self.later(self.random.randrange(1, 50))
        self.publish(self.random.choice(TAGS))
        if self.random.random() < 0.5:
            self.later(self.random.randrange(1, 90))

    def the_clock_goes_wrong_or_right(self) -> None:
        self.oracle.behind = self.random.choice([0, 0, 5 * SECOND, HOUR // 2])

    def lock_by_name(self) -> None:
        query = self.resolver.parse_query(self.image(), **self.rule())
        with self.may_have_no_build():
            lock_images(self.path, self.resolver, [query], upgrade=self.random.random() < 0.3)

    def lock_files(self) -> None:
        files = self.random.sample(names, self.random.randrange(1, len(names) + 1)) if (names := self.files()) else []
        if files:
            rule = self.rule() if self.random.random() < 0.3 else {}
            with self.may_have_no_build():
                lock_images(self.path, self.resolver, [], self.uses(files, rule), upgrade=self.random.random() < 0.3)

    @contextmanager
    def may_have_no_build(self) -> Iterator[None]:
        """Expects that an image is not locked by a rule that no build of it fits, and that the lock stays as it is."""
        before = self.entries()
        try:
            yield
        except SeveralFailed as error:
            if not self.is_expected(error) or self.entries() != before:
                raise

    def is_expected(self, error: SeveralFailed) -> bool:
        """Whether `builds_back` fits no build of some tag, and this is all that an error says."""
        has_single = any(len(list(groupby(self.oracle.moves[tag], lambda move: move[1]))) == 1 for tag in TAGS)
        return has_single and all(isinstance(each, NoBuildFits) for each in error.errors.values())

    def upgrade(self) -> None:
        if self.path.exists():
            update_all(self.path, self.resolver)

    def roll_back(self) -> None:
        if self.entries() and not self.oracle.behind:
            entry = self.random.choice(self.entries())
            try:
                rollback(self.path, self.resolver, entry.query)
            except NoBuildFits:
                assert self.entries().count(entry) == 1, "an error changes nothing"

    def write_a_file(self) -> None:
        name = f"{self.random.choice('abcd')}.yaml"
        images = []
        for _image in range(self.random.randrange(3)):
            image, digests = self.image(), [each.digest for each in self.entries()]
            kind = self.random.randrange(3)
            if kind == 1 and digests:
                image = f"{image.rpartition(':')[0]}@{self.random.choice(digests)}"  # by its digest alone
            images.append(image)
        (self.folder / name).write_text("".join(f"- image: {image}\n" for image in images))

    def rename_or_delete_a_file(self) -> None:
        if names := self.files():
            file = self.folder / self.random.choice(names)
            if self.random.random() < 0.5:
                file.unlink()
            else:
                file.rename(file.with_name(f"{self.random.choice('efgh')}.yaml"))

    def prune_the_lock(self) -> None:
        if not self.path.exists() or not self.files():
            return
        before, uses = self.entries(), self.uses(self.files(), {})
        try:
            prune(self.path, uses)
        except InvalidArgument:
            assert self.entries() == before
            return
        kept = {entry.key for entry in self.entries()}
        text = "".join((self.folder / name).read_text() for name in self.files())
        for entry in before:
            is_used = f"{entry.image}\n" in text or f"{entry.image.rpartition(':')[0]}@{entry.digest}" in text
            others = [other for other in before if other.image == entry.image]
            if entry.named or (is_used and len(others) == 1):
                assert entry.key in kept, f"{entry.key} is used, or was named"

    def pin_and_check(self) -> None:
        names = self.files()
        if not names or self.oracle.behind:
            return
        lock_images(self.path, self.resolver, [], self.uses(names, {}))
        locked = self.resolver.with_lock(self.path)
        try:
            with chdir(self.folder):
                pin_files(locked, names, query_for=queries_from_lock(self.resolver.with_lock("cgr.lock.json"), {}))
        except InvalidArgument as error:
            if "is in the lock with" not in str(error):
                raise
            return
        for finding in check(read_lock(self.path), self.uses(names, {})):
            assert finding.kind in ("unused", "not_locked", "differs"), finding
            assert finding.kind == "unused" or "Write its tag, too" in finding.message, finding

    # Steps of git.

    def two_branches_are_joined(self) -> None:
        how = self.random.choice([self.merge, self.rebase, self.cherry_pick])
        self.commit()
        self.branches += 1
        theirs = f"theirs-{self.branches}"
        self.git("checkout", "--quiet", "-b", theirs)
        self.some_steps()
        self.git("checkout", "--quiet", "main")
        self.some_steps()
        ours = self.state()
        with self.on(theirs):
            other = self.state()
        self.steps.append(f"{how.__name__} of {theirs}")
        how(theirs)
        self.holds_of_both(ours, other)

    def merge(self, theirs: str) -> None:
        if not self.git("merge", "--quiet", "--no-edit", theirs):
            self.resolve_conflicts()
            self.git("commit", "--quiet", "--no-edit")

    def rebase(self, theirs: str) -> None:
        done = self.git("rebase", "--quiet", theirs)
        for _commit in range(20):
            if done:
                return
            self.resolve_conflicts()
            done = self.git("rebase", "--continue") or self.git("rebase", "--skip")
        raise AssertionError("the rebase does not end")

    def cherry_pick(self, theirs: str) -> None:
        # Squashed, so that all of the other side's changes come in one commit.
        if not self.git("merge", "--quiet", "--squash", theirs):
            self.resolve_conflicts()
        self.commit()

    def resolve_conflicts(self) -> None:
        """Does what the message says: `cgr-images lock` for the lock, and our side for the files."""
        self.steps.append("conflict")
        self.oracle.behind = 0
        if self.path.exists():
            merged = read(self.path)
            united = {each.key: each.ours.exclude | each.theirs.exclude for each in merged.conflicts}
            lock_images(self.path, self.resolver, [])
            for key, exclude in united.items():
                assert read_lock(self.path).by_key[key].exclude == exclude
        for file in self.folder.glob("*.yaml"):
            if "<<<<<<<" in file.read_text():
                file.write_text("")
        self.git("add", "--all")

    @contextmanager
    def on(self, branch: str) -> Iterator[None]:
        self.git("checkout", "--quiet", branch)
        yield
        self.git("checkout", "--quiet", "main")

    def some_steps(self) -> None:
        for _step in range(self.random.randrange(1, 6)):
            self.step(ON_A_BRANCH)
        self.commit()

    # Invariants.

    def holds_of_both(self, ours: dict[object, Entry], theirs: dict[object, Entry]) -> None:
        now = self.state()
        for key in now.keys() & ours.keys() & theirs.keys():
            left, right, entry = ours[key], theirs[key], now[key]
            assert entry.named == (left.named or right.named)
            lost = (left.exclude | right.exclude) - entry.exclude
            assert not lost, f"{key}: a merge lost {lost}"
            if entry.digest not in (left.digest, right.digest) and "builds_back" not in entry.rule:
                assert {left.digest, right.digest} <= left.exclude | right.exclude, f"{key}: neither side's pin"

    def holds(self, before: dict[object, Entry], may_go_back: bool) -> None:
        for key, entry in self.state().items():
            moves = self.oracle.moves[entry.image.removeprefix("cgr.dev/")]
            assert (entry.updated_at, entry.digest) in moves, f"{key}: {entry.digest} never was"
            assert entry.digest not in entry.exclude
            old = before.get(key)
            if old is None:
                continue
            assert old.exclude <= entry.exclude, f"{key}: an exclude was lost"
            assert may_go_back or old.digest in entry.exclude or entry.updated_at >= old.updated_at, f"{key} went back"
            if not may_go_back and "min_age" not in entry.rule and entry.digest != old.digest:
                assert self.oracle.chosen(entry, entry.resolved) == (entry.digest, entry.updated_at), (
                    f"{key}: not chosen"
                )
        if self.path.exists() and not self.oracle.behind:
            assert check_online(read_lock(self.path), self.resolver) == ()

    def step(self, actions: Sequence[Callable[[Day], None]]) -> None:
        action = self.random.choice(actions)
        self.steps.append(action.__name__)
        before, is_git = self.state(), action is Day.two_branches_are_joined
        action(self)
        self.holds({} if is_git else before, may_go_back=action is Day.roll_back)

    def state(self) -> dict[object, Entry]:
        return {entry.key: entry for entry in self.entries()}

    def entries(self) -> tuple[Entry, ...]:
        lock = read_lock_if_there(self.path)
        return lock.entries if lock else ()

    def files(self) -> list[str]:
        return sorted(file.name for file in self.folder.glob("*.yaml"))

    def image(self) -> str:
        return f"cgr.dev/{self.random.choice(TAGS)}"

    def rule(self) -> dict[str, Any]:
        return dict(self.random.choice(RULES))

    def uses(self, names: list[str], rule: dict[str, Any]) -> FileUses:
        lock = read(self.path).with_ours()
        with chdir(self.folder):
            found = scan_files(names, self.resolver, None, None, False)
            return uses_of(found, self.resolver, lock, rule)


USER = [
    Day.a_tag_moves,
    Day.a_tag_moves,
    Day.the_clock_goes_wrong_or_right,
    Day.lock_by_name,
    Day.lock_files,
    Day.upgrade,
    Day.upgrade,
    Day.roll_back,
    Day.write_a_file,
    Day.write_a_file,
    Day.rename_or_delete_a_file,
    Day.prune_the_lock,
    Day.pin_and_check,
]

ON_A_BRANCH = [
    Day.a_tag_moves,
    Day.upgrade,
    Day.roll_back,
    Day.roll_back,
    Day.lock_by_name,
    Day.lock_files,
    Day.prune_the_lock,
]


def a_day(folder: Path, seed: int) -> None:
    oracle = Oracle(Instant.parse("2026-03-01T00:00:00Z"))
    with Registry({}, now=oracle.clock) as registry:
        day = Day(folder, registry, oracle, seed)
        try:
            for _step in range(STEPS):
                day.step([*USER, *[Day.two_branches_are_joined] * 4])
        except Exception as error:
            raise AssertionError(f"{error}\nafter: {', '.join(day.steps)}\nin {folder}") from error


@pytest.mark.parametrize("seconds", [4, pytest.param(SECONDS, marks=pytest.mark.slow)], ids=["some days", "many days"])
def test_a_lock_that_is_used_at_random_is_what_the_model_says(tmp_path: Path, seconds: float) -> None:
    until, seed = time.monotonic() + seconds, int(os.environ.get("CGR_FUZZ_SEED", "1"))
    while time.monotonic() < until:
        folder = tmp_path / str(seed)
        folder.mkdir()
        a_day(folder, seed)
        seed += 1
