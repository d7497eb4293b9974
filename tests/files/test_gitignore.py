# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""In a git work tree, what git ignores is left out: as git itself says, or by the library pathspec where there is no git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_cgr.files import pin_files, scan
from pulumi_cgr.resolver import Resolver

from .conftest import WEB

FILES = {
    ".gitignore": "/build/\n*.tmp.yaml\n!keep.tmp.yaml\nlogs\n",
    "deploy/.gitignore": "local.yaml\n!/x.tmp.yaml\n",
    "sub/.gitignore": "/only-here.yaml\n",
}
TAKEN = ["a.yaml", "deploy/a.yaml", "deploy/build/a.yaml", "deploy/x.tmp.yaml", "keep.tmp.yaml", "only-here.yaml"]
IGNORED = ["b.tmp.yaml", "build/a.yaml", "build/deep/b.yaml", "deploy/local.yaml", "logs/a.yaml", "sub/only-here.yaml"]


@pytest.fixture(params=["git", "pathspec"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The program that reads the rules; git is hidden from the test about pathspec."""
    if request.param == "pathspec":
        monkeypatch.setenv("PATH", "/nowhere")
    return str(request.param)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    for name, text in FILES.items():
        put(tmp_path / name, text)
    for name in [*TAKEN, *IGNORED]:
        put(tmp_path / name)
    return tmp_path


def put(path: Path, text: str = f"image: {WEB}\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def names(folder: Path, gitignore: bool = True) -> list[str]:
    return sorted(os.path.relpath(file.path, folder) for file in scan(folder, gitignore=gitignore).files)


def test_what_git_ignores_is_left_out(tree: Path, tool: str) -> None:
    assert names(tree) == TAKEN
    assert names(tree / "deploy") == ["a.yaml", "build/a.yaml", "x.tmp.yaml"]
    assert names(tree, gitignore=False) == sorted([*TAKEN, *IGNORED])


def test_what_is_named_is_read(tree: Path, tool: str) -> None:
    assert [file.path for file in scan(tree / "b.tmp.yaml").files] == [str(tree / "b.tmp.yaml")]
    assert names(tree / "build") == ["a.yaml", "deep/b.yaml"]
    assert names(tree / "build/deep") == ["b.yaml"]


def test_the_working_directory_is_a_path_too(tree: Path, tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)

    assert sorted(file.path for file in scan(".").files) == TAKEN


def test_a_repository_within_has_its_own_rules(tree: Path, tool: str) -> None:
    put(tree / "module/.git/HEAD", "ref: refs/heads/main\n")
    put(tree / "module/.git/config", "[core]\n\trepositoryformatversion = 0\n")
    for folder in ("refs", "objects"):
        (tree / "module/.git" / folder).mkdir()
    put(tree / "module/.gitignore", "b.yaml\nX.yaml\n")
    put(tree / "module/b.yaml")
    put(tree / "module/X.yaml")
    put(tree / "module/c.tmp.yaml")

    assert names(tree / "module") == ["c.tmp.yaml"]
    assert "module/c.tmp.yaml" in names(tree)
    assert not {"module/b.yaml", "module/X.yaml"} & set(names(tree))


def test_git_is_asked_once_for_each_work_tree(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = tmp_path.with_name("programs") / "git"
    put(git, f'#!/bin/sh\necho "$PWD" >> "{tmp_path}/asked"\nexec "{shutil.which("git")}" "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    subprocess.run([shutil.which("git") or "git", "init", "--quiet", tree / "module"], check=True)
    (tmp_path / "asked").unlink()
    put(tree / "module/deep/a.yaml")

    assert "module/deep/a.yaml" in names(tree)

    assert (tmp_path / "asked").read_text().splitlines() == [str(tree), str(tree / "module")]


def test_a_tracked_file_is_not_ignored(tree: Path) -> None:
    subprocess.run(["git", "-C", tree, "add", "--force", "b.tmp.yaml"], check=True)

    assert names(tree) == sorted([*TAKEN, "b.tmp.yaml"])


def test_the_variables_of_a_hook_do_not_lead_elsewhere(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tree / "nowhere/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")

    assert names(tree) == TAKEN


def test_without_git_and_pathspec_a_warning_says_so(
    tree: Path, monkeypatch: pytest.MonkeyPatch, resolver: Resolver
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "pathspec", None)

    report = pin_files(resolver, tree, check=True)

    assert len(report.files) == len(TAKEN) + len(IGNORED)
    assert report.warnings == (
        "The files that .gitignore names are not left out: neither git nor the Python library pathspec is installed here.",
    )


def test_outside_of_a_work_tree_gitignore_means_nothing(tmp_path: Path, tool: str) -> None:
    put(tmp_path / ".gitignore", "*.yaml\n")
    put(tmp_path / "a.yaml")

    assert names(tmp_path) == ["a.yaml"]
