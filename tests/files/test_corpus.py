# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Real-shaped files of every format, line by line: tests/data/files, and the outcomes*.yaml there."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_cgr.files import SKIPPED, UNCHANGED, Report, pin_files
from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

from ..support.environments import ROOT
from .conftest import TAGS, digest

CORPUS = ROOT / "tests/data/files"
EXPECTED = sorted(CORPUS.glob("outcomes*.yaml"))
OUTCOMES: dict[str, dict[str, Any]] = {
    name: outcome for file in EXPECTED for name, outcome in yaml.safe_load(file.read_text()).items()
}
ALL = ["*", ".*"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    copy = tmp_path / "corpus"
    shutil.copytree(CORPUS, copy)
    for file in EXPECTED:
        (copy / file.name).unlink()
    return copy


def expected(name: str) -> bytes:
    """Returns what is to be in a file afterwards."""
    lines = (CORPUS / name).read_bytes().split(b"\n")
    for number, line in OUTCOMES[name].get("lines", {}).items():
        line = re.sub(r"sha256:<([\w-]+)>", lambda found: digest(found[1]), line)
        line = re.sub(r"hex:<([\w-]+)>", lambda found: digest(found[1])[len("sha256:") :], line)
        lines[number - 1] = line.encode()
    return b"\n".join(lines)


def rows(report: Report) -> list[str]:
    return [f"{row.line} {row.status}" + (f": {row.reason}" if row.status == SKIPPED else "") for row in report.rows]


def test_every_file_has_its_outcome() -> None:
    names = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}
    names -= {file.name for file in EXPECTED}

    assert names == set(OUTCOMES)
    assert len(names) >= 60


@pytest.mark.parametrize("parser", ["libyaml", "plain"])
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_file(name: str, parser: str, tmp_path: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CORPUS / name, file)
    if parser == "plain":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)

    first = pin_files(resolver, file)

    outcome = OUTCOMES[name]
    assert rows(first) == outcome.get("rows", [])
    assert file.read_bytes() == expected(name)
    assert first.changed == ("lines" in outcome)
    problem = outcome.get("problem", "").partition(":")[0]  # what PyYAML and libyaml say of it differs
    malformed = [(row.line, row.reason) for row in first.rows if row.line in outcome.get("malformed", [])]
    assert [(each.line, each.reason) for each in first.problems if each.line] == malformed
    assert [each.reason.partition(":")[0] for each in first.problems if not each.line] == ([problem] if problem else [])
    second = pin_files(resolver, file)
    assert not second.changed
    assert file.read_bytes() == expected(name)
    assert {row.status for row in second.rows} <= {UNCHANGED, SKIPPED}


def test_the_whole_corpus_at_once_asks_for_each_image_once(
    corpus: Path, resolver: Resolver, registry: Registry
) -> None:
    report = pin_files(resolver, corpus, patterns=ALL)

    assert [name for name in OUTCOMES if (corpus / name).read_bytes() != expected(name)] == []
    assert list(report.files) == [str(corpus / name) for name in sorted(OUTCOMES) if "lines" in OUTCOMES[name]]
    found = {name: outcome.get("in_a_folder", outcome.get("rows", [])) for name, outcome in OUTCOMES.items()}
    for name, wanted in found.items():
        assert rows(replace(report, rows=tuple(row for row in report.rows if row.file == str(corpus / name)))) == wanted
    problems = [name for name, outcome in OUTCOMES.items() if "problem" in outcome and "in_a_folder" not in outcome]
    assert [each.file for each in report.problems if not each.line] == [str(corpus / name) for name in sorted(problems)]
    malformed = sum(len(outcome.get("malformed", [])) for outcome in OUTCOMES.values())
    assert sum(each.line is not None for each in report.problems) == malformed
    assert len(registry.requests) <= 2 * len(TAGS)


def test_by_default_all_formats_are_found(corpus: Path, resolver: Resolver) -> None:
    report = pin_files(resolver, corpus)

    found = {name: outcome for name, outcome in OUTCOMES.items() if not outcome.get("only_named", "json/" in name)}
    changed = [name for name in sorted(found) if "lines" in found[name]]
    assert list(report.files) == [str(corpus / name) for name in changed]
