# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The content of a lock, how it changes, and how images are resolved from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import read_lock
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.update import FileUses, Use, lock_images, prune, update_all
from pulumi_cgr.lockfile.verify import check, check_online
from pulumi_cgr.resolver import InvalidLock, InvalidRule, NoBuildFits, NotLocked, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry

from .conftest import APP, DB, WEB, A, B, C, D, files_of, lock, pins


def changed_lines(before: str, after: str) -> list[str]:
    return [line.strip() for line in after.splitlines() if line not in before.splitlines()]


def test_a_lock_says_what_was_chosen_by_which_rule_when_and_where_it_is_used(path: Path, resolver: Resolver) -> None:
    web, aged = resolver.parse_query(WEB), resolver.parse_query(DB, min_age="P1D", exclude=[C])
    uses = files_of(Use("deploy/web.yaml", 7, web), Use("compose.yaml", 3, web), Use("deploy/web.yaml", 9, aged))

    changes = lock_images(path, resolver, [web, aged], uses)

    assert [(change.before, change.entry.image, change.is_change) for change in changes] == [
        (None, DB, True),
        (None, WEB, True),
    ]
    content = json.loads(path.read_text())
    resolved = content["images"][0].pop("resolved")
    assert content == {
        "version": 1,
        "images": [
            {
                "image": DB,
                "rule": {"min_age": "1d", "exclude": [C]},
                "ref": f"{DB}@{B}",
                "digest": B,
                "updated_at": "2026-01-05T00:00:00.500Z",
                "used": ["deploy/web.yaml"],
                "named": True,
            },
            {
                "image": WEB,
                "rule": {},
                "ref": f"{WEB}@{C}",
                "digest": C,
                "updated_at": "2026-01-09T00:00:00Z",
                "resolved": resolved,
                "used": ["compose.yaml", "deploy/web.yaml"],
                "named": True,
            },
        ],
    }


def test_the_same_state_gives_the_same_bytes_and_only_a_change_shows(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    lock(path, resolver, WEB, DB, APP)
    first = path.read_text()
    stamp = path.stat().st_mtime_ns

    assert [change.is_change for change in update_all(path, resolver)] == [False] * 3
    assert path.stat().st_mtime_ns == stamp, "nothing is written where nothing changes"
    registry.move("chainguard/db:1", D)
    assert [change.entry.image for change in update_all(path, resolver) if change.is_change] == [DB]

    assert [line.partition('"')[2].partition('"')[0] for line in changed_lines(first, path.read_text())] == [
        "ref",
        "digest",
        "updated_at",
        "resolved",
    ]
    assert pins(path) == {APP: C, DB: D, WEB: C}


def test_an_image_may_have_several_rules_and_another_spelling_is_the_same_rule(path: Path, resolver: Resolver) -> None:
    for rule in ({"at": "2026-01-06"}, {"at": "2026-01-06T01:00:00+01:00"}, {"builds_back": 1}, {}):
        lock(path, resolver, WEB, **rule)

    assert [(entry.rule, entry.digest) for entry in read_lock(path).entries] == [
        ({"at": "2026-01-06T00:00:00Z"}, B),
        ({"builds_back": 1}, B),
        ({}, C),
    ]


def test_an_aged_pin_never_goes_back_in_time(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, WEB, min_age="7d")
    registry.move("chainguard/web:1", A)
    lock(path, resolver, WEB, min_age="7d")
    assert pins(path) == {WEB: C}


def test_one_failure_leaves_the_lock_as_it_was(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB)
    before = path.read_bytes()

    with pytest.raises(SeveralFailed, match="1 of 2 images cannot be resolved, so none is"):
        lock(path, resolver, DB, "cgr.dev/chainguard/nope:1")
    assert path.read_bytes() == before


def test_prune_takes_out_what_is_used_nowhere(path: Path, resolver: Resolver) -> None:
    web, db = (Use(f"{name}.yaml", 3, resolver.parse_query(image)) for name, image in (("web", WEB), ("db", DB)))
    lock(path, resolver, APP)
    lock_images(path, resolver, [], files_of(web, db))
    now = FileUses((web,), frozenset(["db.yaml"]))

    assert [change.entry.image for change in prune(path, now)] == [DB]
    assert pins(path) == {APP: C, WEB: C}, "what was locked by name stays"
    with pytest.raises(InvalidLock, match="the file does not exist"):
        prune(path.with_name("none.json"), now)


def test_rollback_goes_back_and_the_bad_build_never_returns(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, WEB)
    locked = read_lock(path).entries[0]

    change = rollback(path, resolver, resolver.parse_query(WEB))

    assert (change.before, change.entry.digest, change.entry.exclude) == (locked, B, frozenset({C}))
    assert change.entry.resolved == locked.resolved
    update_all(path, resolver)
    registry.move("chainguard/web:1", A)
    registry.move("chainguard/web:1", C)
    update_all(path, resolver)
    assert pins(path) == {WEB: A}
    assert Resolver(lock=str(path), environment={}).resolve(WEB).digest == A


def test_rollback_by_several_builds_and_by_too_many(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB)
    with pytest.raises(NoBuildFits, match=f"the rule allows only 2 builds before the locked build {C}"):
        rollback(path, resolver, resolver.parse_query(WEB), builds=3)
    assert pins(path) == {WEB: C}

    assert rollback(path, resolver, resolver.parse_query(WEB), builds=2).entry.exclude == {B, C}
    assert pins(path) == {WEB: A}
    with pytest.raises(NotLocked, match=f"Lock it first: cgr-images lock {DB} --lock {path}"):
        rollback(path, resolver, resolver.parse_query(DB))
    with pytest.raises(InvalidRule, match="builds 0 is not a whole number"):
        rollback(path, resolver, resolver.parse_query(WEB), builds=0)


def test_an_answer_out_of_a_lock_needs_nothing_but_the_lock(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB)
    lock(path, resolver, DB, min_age="7d")
    offline = Resolver(lock=str(path), registry="http://127.0.0.1:9", environment={})

    answer = offline.resolve("cgr.dev/chainguard/web:1")
    answers = offline.resolve_all(
        {"web": WEB, "db": {"image": DB, "min_age": "168h", "current": A}, "own": f"{APP}@{D}"}
    )

    assert (answer.digest, answer.ref, str(answer.updated_at)) == (C, f"{WEB}@{C}", "2026-01-09T00:00:00Z")
    assert answer.reason.startswith("locked in cgr.lock.json at 20")
    assert answers.digests == {"web": C, "db": C, "own": D}
    assert answers.at is None
    assert offline.with_lock(None).lock is None
    assert Resolver(environment={"CGR_LOCK": str(path)}).resolve(WEB).digest == C
    assert Resolver(lock="", environment={"CGR_LOCK": str(path)}).lock is None


def test_what_the_lock_lacks_is_refused_with_the_command_that_adds_it(
    path: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    lock(path, resolver, WEB)
    offline = Resolver(lock="cgr.lock.json", environment={})
    rule: dict[str, Any] = {"at": "2026-01-06", "builds_back": 1, "exclude": [B, A]}

    with pytest.raises(NotLocked) as refused:
        offline.resolve("cgr.dev/chainguard/web", min_age="7d")
    assert str(refused.value).endswith("Add it: cgr-images lock cgr.dev/chainguard/web:latest --min-age 7d")
    with pytest.raises(NotLocked) as refused:
        offline.with_lock("locks/my lock.json").resolve(WEB, **rule)
    assert str(refused.value) == (
        f"{WEB}: not in the lock file locks/my lock.json with this rule. Add it: cgr-images lock {WEB}"
        f" --at 2026-01-06T00:00:00Z --builds-back 1 --exclude {A} --exclude {B} --lock 'locks/my lock.json'"
    )
    with pytest.raises(InvalidRule, match="stale_after and a lock file cannot be combined"):
        offline.resolve(WEB, stale_after="30d")


def test_an_image_on_a_mirror_is_locked_by_its_own_name(path: Path, resolver: Resolver, registry: Registry) -> None:
    image = "registry.corp/cgr/web:1"
    mirrored = Resolver(registry=registry.url, mirrors={"registry.corp/cgr": "cgr.dev/chainguard"}, environment={})
    lock(path, mirrored, image)

    assert json.loads(path.read_text())["images"][0]["upstream"] == "cgr.dev/chainguard/web"
    assert mirrored.with_lock(path).resolve(image).ref == f"{image}@{C}"
    with pytest.raises(
        NotLocked, match=rf"cgr-images lock {image[:-1]}2 --mirror registry\.corp/cgr/web=cgr\.dev/chainguard/web"
    ):
        mirrored.with_lock(path).resolve(f"{image[:-1]}2")
    moved = Resolver(lock=path, mirrors={"registry.corp/cgr": "cgr.dev/other.com"}, environment={})
    with pytest.raises(
        NotLocked,
        match=r"was locked as cgr\.dev/chainguard/web, but 'mirrors' now says that it is cgr\.dev/other\.com/web",
    ):
        moved.resolve(image)


def test_an_entry_of_another_mirror_neither_goes_back_nor_passes_a_check(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    image = "registry.corp/cgr/web:1"
    lock(
        path,
        Resolver(registry=registry.url, mirrors={"registry.corp/cgr": "cgr.dev/chainguard"}, environment={}),
        image,
    )
    before = path.read_bytes()
    moved = Resolver(registry=registry.url, mirrors={"registry.corp/cgr/web": "cgr.dev/chainguard/db"}, environment={})
    query = moved.parse_query(image)

    with pytest.raises(
        NotLocked,
        match=r"was locked as cgr\.dev/chainguard/web, but 'mirrors' now says that it is cgr\.dev/chainguard/db",
    ):
        rollback(path, moved, query)

    assert path.read_bytes() == before
    used = files_of(Use("web.yaml", 1, query, C))
    assert [each.kind for each in check(read_lock(path), used)] == ["not_locked"]
    assert [each.kind for each in check_online(read_lock(path), moved)] == ["not_locked"]


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(path: Path, resolver: Resolver, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real/lock.json"
    path.symlink_to(real)
    before = os.umask(0o022)
    lock(path, resolver, WEB)
    os.umask(before)
    new_mode = real.stat().st_mode & 0o777
    real.chmod(0o640)

    lock(path, resolver, DB)

    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert pins(real) == {WEB: C, DB: C}
    assert [file.name for file in real.parent.iterdir()] == ["lock.json"]
    assert new_mode == 0o644
    with pytest.raises(InvalidLock, match="cannot be written: No such file"):
        lock(tmp_path / "none/lock.json", resolver, WEB)
