# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images diff`, and `--packages` of `pin` and `lock`: the same difference as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr.testing import Registry
from tests.support.attestations import REAL, configuration, publish

from .command import Command

NAME = "chainguard/php"
TAG = f"{NAME}:latest-fpm"
PHP = f"cgr.dev/{TAG}"
WEB = "cgr.dev/chainguard/web:1"


@pytest.fixture
def registry() -> Iterator[Registry]:
    """Builds of php-fpm with their real contents, one without an attestation between them; and an image without any."""
    old, new = (build["config"] for build in REAL["php-fpm"])
    with Registry({}) as registry:
        publish(registry, TAG, old, "2026-08-16T00:00:00Z")
        publish(registry, TAG, None, "2026-08-18T00:00:00Z")
        publish(registry, TAG, new, "2026-08-22T03:00:00Z")
        for day in (1, 2):
            publish(registry, WEB.removeprefix("cgr.dev/"), None, f"2026-08-0{day}T00:00:00Z")
        yield registry


def digest(registry: Registry, number: int) -> str:
    return registry.histories.moves(TAG)[number].digest


def test_two_instants_are_compared_as_text(cgr: Command, registry: Registry) -> None:
    done = cgr("diff", PHP, "--from", "2026-08-17", "--to", "2026-08-23")

    assert done.status == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[:5] == [
        f"{PHP}  linux/amd64",
        f"    {digest(registry, 0)}  created 2026-08-16T00:00:00Z",
        f"  → {digest(registry, 2)}  created 2026-08-22T03:00:00Z",
        lines[3],
        "    packages: 4 added, 4 removed, 7 updated  (as published, not verified)",
    ]
    assert lines[3].startswith("    1 build between; size ")
    assert "    - glibc 2.43-r13" in lines
    assert "    + glibc-2.43 2.43-r15" in lines
    assert "      curl 8.21.0-r1 → 8.21.0-r2" in lines


def test_a_digest_is_compared_with_the_latest_build_as_json(cgr: Command, registry: Registry) -> None:
    old, new = digest(registry, 0), digest(registry, 2)
    forms = [
        cgr("diff", f"{PHP}@{old}", "--json"),
        cgr("diff", f"{PHP}@{old}", "latest", "--json"),
        cgr("diff", f"{PHP}@{old}", new, "--json"),
        cgr("diff", f"{PHP}@{old}", f"{PHP}@{new}", "--json"),
    ]

    found = forms[0].json
    assert all(done.json == found for done in forms)
    assert {name: found[name] for name in ("old", "new", "builds_between", "config", "verified", "warnings")} == {
        "old": old,
        "new": new,
        "builds_between": 1,
        "config": {},
        "verified": False,
        "warnings": [],
    }
    assert sorted(found["packages"]["added"]) == [
        "glibc-2.43",
        "glibc-2.43-locale-posix",
        "ld-linux-2.43",
        "libcrypt1-2.43",
    ]
    assert found["packages"]["updated"]["ncurses"] == ["6.6.20260808-r0", "6.6.20260815-r0"]
    assert found["created"] == ["2026-08-16T00:00:00Z", "2026-08-22T03:00:00Z"]
    assert all(isinstance(size, int) for size in found["size"])


def test_markdown_is_for_a_change_request(cgr: Command) -> None:
    done = cgr("diff", PHP, "--from", "2026-08-17", "--markdown")

    assert "packages: 4 added, 4 removed, 7 updated (as published, not verified)" in done.out
    assert "| removed | `glibc` | `2.43-r13` |  |" in done.out
    assert "| updated | `curl` | `8.21.0-r1` | `8.21.0-r2` |" in done.out


def test_without_an_attestation_the_rest_is_shown_and_one_sentence(cgr: Command, registry: Registry) -> None:
    done = cgr("diff", f"{PHP}@{digest(registry, 1)}", "--json")

    assert done.status == 0
    assert done.json["packages"] is None
    assert done.json["builds_between"] == 0
    assert done.err.count("warning") == 1
    assert "the image has no attestation of its packages" in done.err


def test_a_difference_in_the_configuration_is_shown_part_by_part(cgr: Command, registry: Registry) -> None:
    for build, when in zip(REAL["pytorch"], ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), strict=True):
        publish(registry, "chainguard/pytorch:latest", build["config"], when)

    done = cgr("diff", "cgr.dev/chainguard/pytorch", "--from", "2026-01-01")

    assert "    entrypoint: /usr/bin/python3.13 → /usr/bin/cuda-entrypoint.sh" in done.out.splitlines()
    assert "    environment VIRTUAL_ENV: (none) → /opt/chainguard/pytorch" in done.out.splitlines()


def test_hostile_text_stays_text(cgr: Command, registry: Registry) -> None:
    """An attestation is not verified, so anybody who can write to the registry may have written it."""
    evil = configuration({"curl": "1"}, cmd="\x1b[31m | `x` <script>")
    publish(registry, "chainguard/evil:1", configuration({"curl": "1"}), "2026-01-01T00:00:00Z")
    publish(registry, "chainguard/evil:1", evil, "2026-01-02T00:00:00Z")

    text = cgr("diff", "cgr.dev/chainguard/evil:1", "--from", "2026-01-01")
    markdown = cgr("diff", "cgr.dev/chainguard/evil:1", "--from", "2026-01-01", "--markdown")

    assert "\x1b" not in text.out
    assert "\\| x <script>`" in markdown.out, "within a code span, which shows it as it is"


def test_private_images_are_compared_with_credentials_that_no_output_has(tmp_path: Path) -> None:
    with Registry({}, tokens=["s3cret-token"], redirects_blobs=True) as registry:
        for build, when in zip(REAL["php-fpm"], ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), strict=True):
            publish(registry, "acme.com/php:1", build["config"], when)
        cgr = Command(tmp_path, registry.url, {"CGR_TOKEN": "s3cret-token"})

        done = cgr("diff", "cgr.dev/acme.com/php:1", "--from", "2026-01-01", "--verbose")

        assert done.status == 0
        assert "4 added, 4 removed" in done.out
        assert "s3cret" not in done.out + done.err
        assert registry.storage
        assert registry.storage.requests
        assert not any("authorization" in request.headers for request in registry.storage.requests)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([PHP], "say which builds"),
        ([PHP, "latest"], "has no digest to compare with"),
        ([f"{PHP}@sha256:{'a' * 64}", "--from", "2026-08-17"], "cannot be combined with instants"),
        ([f"{PHP}@sha256:{'a' * 64}", f"{WEB}@sha256:{'a' * 64}"], "is a build of another image"),
        ([f"{PHP}@sha256:{'a' * 64}", "cgr.dev/chainguard/php:1"], "has no digest"),
        ([PHP, "--from", "3000-01-01"], "is in the future"),
        ([PHP, "--from", "2026-08-17", "--json", "--markdown"], "cannot be combined"),
        ([PHP, "--from", "2026-08-17", "--platform", "nonsense"], "is not a platform"),
    ],
)
def test_arguments_that_do_not_name_two_builds_are_errors(cgr: Command, arguments: list[str], message: str) -> None:
    done = cgr("diff", *arguments)

    assert done.status == 2
    assert message in " ".join(done.err.split())


def test_pin_shows_what_the_new_digests_bring(cgr: Command, registry: Registry) -> None:
    file: Path = cgr.folder / "compose.yaml"
    file.write_text(f"services:\n  php:\n    image: {PHP}@{digest(registry, 0)}\n")

    text = cgr("pin", "compose.yaml", "--check", "--diff", "--packages")
    data = cgr("pin", "compose.yaml", "--check", "--diff", "--packages", "--json").json

    assert text.status == 1
    assert "    + glibc-2.43 2.43-r15" in text.out.splitlines()
    assert [change["packages"]["downgraded"] for change in data["changes"]] == [[]]
    assert "a/compose.yaml" in data["diff"]
    assert "changes" not in cgr("pin", "compose.yaml", "--check", "--json").json


def test_a_missing_attestation_does_not_prevent_a_pin(cgr: Command, registry: Registry) -> None:
    old, new = (move.digest for move in registry.histories.moves(WEB.removeprefix("cgr.dev/")))
    file: Path = cgr.folder / "compose.yaml"
    file.write_text(f"services:\n  web:\n    image: {WEB}@{old}\n")

    done = cgr("pin", "compose.yaml", "--diff", "--packages")

    assert done.status == 0
    assert new in file.read_text()
    assert "has no attestation of its packages" in done.err


def test_lock_shows_what_the_new_pins_bring(cgr: Command) -> None:
    cgr("lock", PHP, "--at", "2026-08-17")
    lock = cgr.folder / "cgr.lock.json"
    content = json.loads(lock.read_text())
    content["images"][0]["rule"] = {}
    lock.write_text(json.dumps(content))

    data = cgr("lock", "--upgrade", "--packages", "--json").json

    (change,) = data["changes"]
    assert change["difference"]["packages"]["removed"]["glibc"] == "2.43-r13"
    assert change["difference"]["old"] == change["before"]["digest"]
