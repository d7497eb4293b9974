# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of a lock: against files, against the registry, and against its schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pulumi_cgr._bridge import DAY, encode_lock, read_lock
from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.update import FileUses, Use, lock_images, update_all
from pulumi_cgr.lockfile.verify import check, check_online
from pulumi_cgr.resolver import Instant, Resolver, SeveralFailed, Signature
from pulumi_cgr.testing import Registry, Reply
from tests.support.environments import ROOT

from .conftest import APP, DB, WEB, A, B, C, D, files_of, lock, pins

SCHEMA = json.loads((ROOT / "docs/reference/cgr.lock.schema.json").read_text())
NOW = Instant.parse("2026-03-01T00:00:00Z")


def everything(path: Path, resolver: Resolver, registry: Registry) -> None:
    """Locks by every kind of rule, and rolls one back."""
    lock(path, resolver, WEB, DB, APP)
    lock(path, resolver, WEB, at="2026-01-06")
    lock(path, resolver, WEB, at="2026-01-10", builds_back=1)
    lock(path, resolver, WEB, min_age="7d")
    lock(path, resolver, WEB, builds_back=1, exclude=[B])
    lock(path, resolver, DB, min_age="50d")
    rollback(path, resolver, resolver.parse_query(DB))
    rollback(path, resolver, resolver.parse_query(WEB, min_age="7d"), builds=2)
    registry.move("chainguard/app:1", D)
    update_all(path, resolver)


def uses(resolver: Resolver, *images: str) -> FileUses:
    found = (Use("compose.yaml", number + 1, resolver.parse_query(image)) for number, image in enumerate(images))
    return files_of(*found)


def test_a_lock_and_files_that_agree_have_no_findings(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB, DB)
    lock(path, resolver, DB, min_age="7d")
    files = uses(resolver, f"{WEB}@{C}", f"cgr.dev/chainguard/web@{C}", f"{DB}@{C}")
    app = Use("app.yaml", 3, resolver.parse_query(DB, min_age="7d"), C)

    assert check(read_lock(path), files_of(*files.uses, app), 60 * DAY, NOW) == ()


def test_each_thing_that_is_wrong_is_found_and_said(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB, DB)
    files = uses(resolver, WEB, f"{WEB}@{A}", APP, f"{APP}@{C}", f"cgr.dev/chainguard/app@{D}")

    found = check(read_lock(path), files, 50 * DAY, NOW)

    assert [(each.kind, each.image, each.line) for each in found] == [
        ("unpinned", WEB, 1),
        ("differs", WEB, 2),
        ("not_locked", APP, 3),
        ("not_locked", APP, 4),
        ("not_locked", f"cgr.dev/chainguard/app@{D}", 5),
        ("too_old", DB, None),
        ("too_old", WEB, None),
    ]
    said = list(map(str, found))
    assert (
        said[0]
        == f"compose.yaml:1: {WEB} is not pinned; the lock says {C}. Pin it: cgr-images pin compose.yaml --lock cgr.lock.json"
    )
    assert said[1].startswith(f"compose.yaml:2: {WEB} is pinned to {A}; the lock says {C}.")
    assert said[2] == f"compose.yaml:3: {APP} is not in the lock. Add it: cgr-images lock {APP}"
    assert "is locked to a build that is 51 d old" in said[5]
    assert said[5].endswith(f"Update it: cgr-images lock {DB} --upgrade")
    assert check(read_lock(path)) == (), "without files there is nothing to compare it with"


def test_another_rule_is_another_entry(path: Path, resolver: Resolver) -> None:
    lock(path, resolver, WEB)
    aged = files_of(Use("app.yaml", 3, resolver.parse_query(WEB, min_age="7d"), C))

    found = check(read_lock(path), aged, path="locks/a.json")

    assert [each.kind for each in found] == ["not_locked"]
    assert found[0].message.endswith(f"Add it: cgr-images lock {WEB} --min-age 7d --lock locks/a.json")


def test_every_pin_was_chosen_by_its_rule_at_the_instant_stated(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    everything(path, resolver, registry)
    for name in ("web", "db", "app"):
        registry.move(f"chainguard/{name}:1", A)
    seen: list[tuple[int, int]] = []

    assert check_online(read_lock(path), resolver, lambda done, total, _image: seen.append((done, total))) == ()
    assert seen == [(number + 1, 8) for number in range(8)]


def test_a_newer_build_that_was_locked_before_is_right_with_an_age(
    path: Path, resolver: Resolver, registry: Registry
) -> None:
    registry.move("chainguard/web:1", D)
    lock(path, resolver, WEB)
    content = json.loads(path.read_text())
    content["images"][0]["rule"] = {"min_age": "7d"}
    path.write_text(json.dumps(content))

    update_all(path, resolver)

    assert pins(path) == {WEB: D}
    assert check_online(read_lock(path), resolver) == ()


TAMPERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a digest that never was": lambda entry: entry.update(digest=D, ref=f"{WEB}@{D}"),
    "an older build": lambda entry: entry.update(digest=B, ref=f"{WEB}@{B}", updated_at="2026-01-05T00:00:00.500Z"),
    "an older build that looks young": lambda entry: entry.update(digest=B, ref=f"{WEB}@{B}"),
    "a build that looks younger": lambda entry: entry.update(updated_at="2026-02-01T00:00:00Z"),
    "an instant before the first build": lambda entry: entry.update(
        updated_at="2025-01-01T00:00:00Z", resolved="2025-01-01T00:00:00Z"
    ),
}


@pytest.mark.parametrize("rule", [{}, {"min_age": "7d"}], ids=["the latest", "an age"])
@pytest.mark.parametrize("name", TAMPERED)
def test_what_never_was_is_found(path: Path, resolver: Resolver, name: str, rule: dict[str, Any]) -> None:
    lock(path, resolver, WEB, **rule)
    content = json.loads(path.read_text())
    TAMPERED[name](content["images"][0])
    path.write_text(json.dumps(content))

    (finding,) = check_online(read_lock(path), resolver)

    assert finding.kind == "never_was"
    assert finding.message.startswith(f"{WEB} is locked to sha256:")


def test_what_cannot_be_checked_is_an_error_and_no_finding(path: Path, resolver: Resolver, registry: Registry) -> None:
    lock(path, resolver, WEB, DB)
    registry.interfere = lambda request: Reply(403) if "web" in request.path else None

    with pytest.raises(SeveralFailed, match="1 of 2 images cannot be resolved"):
        check_online(read_lock(path), resolver)


def test_a_lock_is_as_its_schema_says(path: Path, resolver: Resolver, registry: Registry) -> None:
    everything(path, resolver, registry)
    mirrored = Resolver(registry=registry.url, mirrors={"registry.corp:5000/cgr": "cgr.dev"}, environment={})
    query = mirrored.parse_query("registry.corp:5000/cgr/chainguard/web:1", min_age="1d2h3m4s")
    lock_images(path, mirrored, [query], files_of(Use("a file.yaml", 1, query)))
    day = Instant.parse("2024-01-01")
    registry.publish("chainguard/multi:1", created=str(day), updated_at=day)
    lock(path, resolver, "cgr.dev/chainguard/multi:1", platform="arm64", min_age="1s", min_age_from="build")
    found = read_lock(path)
    signature = Signature("https://example.com/me", "https://example.com", day, "bundle")
    signed = replace(found.entries[0], rule={**found.entries[0].rule, "signed": True}, signed=signature)
    path.write_bytes(encode_lock(found.replaced([signed])))
    assert read_lock(path).find(signed.query) == signed

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    content = json.loads(path.read_text())
    jsonschema.validate(content, SCHEMA)
    written = {name for entry in content["images"] for name in entry}
    assert written == set(SCHEMA["$defs"]["entry"]["properties"])
    assert {name for entry in content["images"] for name in entry["rule"]} == set(SCHEMA["$defs"]["rule"]["properties"])


@pytest.mark.parametrize("name", SCHEMA["$defs"]["entry"]["properties"])
def test_the_schema_refuses_what_is_malformed(path: Path, resolver: Resolver, name: str) -> None:
    lock(path, resolver, WEB)
    content = json.loads(path.read_text())
    content["images"][0][name] = ["sha256:a"] if name in ("exclude", "digest") else "?" if name != "used" else [""]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)
