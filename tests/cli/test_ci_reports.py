# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Findings of `cgr-images check` as annotations of GitHub Actions, and as GitLab's code quality report."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry

from .command import Command

WEB, DB = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/db:16"
A = "sha256:" + 64 * "a"
MOVES = [{"updateTimestamp": "2026-01-01T00:00:00Z", "digest": A}]


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry({"chainguard/web:1": MOVES, "chainguard/db:16": MOVES}) as registry:
        yield registry


@pytest.fixture
def cgr(cgr: Command) -> Command:
    """A folder of a repository with two images that are not pinned, and one that is locked and no longer used."""
    deploy = cgr.folder / "deploy, 100%"
    deploy.mkdir()
    file = deploy / "web.yaml"
    file.write_text(f"- image: {DB}\n")
    cgr("lock", "--files", str(file))
    file.write_text(f"- image: {WEB}\n- image: {WEB}\n")
    cgr("lock", "--files", str(file))
    return cgr


def test_github_actions_shows_each_finding_at_its_line(cgr: Command) -> None:
    cgr.environ["GITHUB_ACTIONS"] = "true"
    cgr.environ["GITHUB_WORKSPACE"] = str(cgr.folder)

    done = cgr("check", "deploy, 100%")
    as_json = cgr("check", "deploy, 100%", "--json")

    command = "::error file=deploy%2C 100%25/web.yaml,line={},title=cgr-images check::" + f"{WEB} is not pinned"
    lines = [line for line in done.out.splitlines() if line.startswith("::")]
    assert [line.startswith(command.format(number)) for number, line in enumerate(lines[:2], 1)] == [True, True]
    assert lines[0].endswith("Pin it: cgr-images pin 'deploy, 100%25/web.yaml' --lock cgr.lock.json")
    assert lines[2].startswith(f"::error file=cgr.lock.json,line=5,title=cgr-images check::{DB} is in the lock")
    assert done.status == 1
    assert as_json.err.splitlines() == lines
    assert len(as_json.json["findings"]) == 3
    assert "::error" not in Command(cgr.folder, cgr.registry)("check", "deploy, 100%").out


def test_gitlab_gets_a_code_quality_report(cgr: Command) -> None:
    cgr("check", "deploy, 100%", "--code-quality", "report.json")
    report = json.loads((cgr.folder / "report.json").read_text())

    assert [(each["check_name"], each["location"]) for each in report] == [
        ("unpinned", {"path": "deploy, 100%/web.yaml", "lines": {"begin": 1}}),
        ("unpinned", {"path": "deploy, 100%/web.yaml", "lines": {"begin": 2}}),
        ("unused", {"path": "cgr.lock.json", "lines": {"begin": 5}}),
    ]
    assert {each["severity"] for each in report} == {"major", "info"}
    assert len({each["fingerprint"] for each in report}) == 3

    file = cgr.folder / "deploy, 100%/web.yaml"
    file.write_text(f"# a line above\n{file.read_text()}")
    cgr("check", "deploy, 100%", "--code-quality", "moved.json")
    moved = json.loads((cgr.folder / "moved.json").read_text())
    assert [each["fingerprint"] for each in moved] == [each["fingerprint"] for each in report]


def test_without_findings_the_report_is_empty(cgr: Command) -> None:
    assert cgr("check", "--code-quality", "report.json").status == 0
    assert json.loads((cgr.folder / "report.json").read_text()) == []
    assert cgr("check", "--code-quality", "no/such/report.json").status == 2
