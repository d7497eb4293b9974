# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""examples/ci and the hooks for pre-commit: what they run, run here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.cgr.images.plugins.module_utils._files.formats import is_looked_at
from pulumi_cgr.testing import Histories, Registry
from tests.support.blocks import ELSEWHERE
from tests.support.environments import ROOT

from ..support.programs import fast_commands
from .command import Command

CI = ROOT / "examples/ci"
NGINX = "cgr.dev/chainguard/nginx:latest"
NEW = "sha256:" + 64 * "a"
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def registry(recorded: Histories) -> Iterator[Registry]:
    with Registry(recorded) as registry:
        yield registry


@pytest.fixture
def shell(cgr: Command, tmp_path: Path) -> Shell:
    """The shell of a job: in a clone of a project in which the images of the example are pinned by a lock."""
    work = tmp_path / "work"
    path = f"{fast_commands()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**cgr.environment, "PATH": path, "GIT_CONFIG_GLOBAL": os.devnull}
    env |= {"CI_PROJECT_URL": f"file://{tmp_path}/project", "PUSH_TOKEN": "secret"}

    def run(script: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-eo", "pipefail", "-c", script]
        return subprocess.run(command, cwd=work, env=env, capture_output=True, text=True, check=False)

    shutil.copytree(CI / "deploy", work / "deploy")
    done = run(
        "git init --quiet --bare ../project.git; git -C ../project.git config receive.advertisePushOptions true;"
        "git init --quiet --initial-branch main; git config user.name somebody; git config user.email somebody@example.com;"
        "cgr-images lock --files deploy; cgr-images pin deploy --lock cgr.lock.json; git add .; git commit --quiet -m pinned"
    )
    assert done.returncode == 0, done.stderr
    return run


def scripts(file: str, job: str) -> str:
    """Returns the shell of a job of GitHub's or GitLab's, except what is run elsewhere."""
    content: Any = yaml.safe_load((CI / file).read_text())
    if "jobs" in content:
        lines = [step["run"] for step in content["jobs"][job]["steps"] if "run" in step]
    else:
        lines = [*content[content[job]["extends"]]["before_script"], *content[job]["script"]]
    return "\n".join(line for line in lines if not line.startswith(tuple(ELSEWHERE)))


@pytest.mark.parametrize(("file", "job"), [("check.yaml", "check"), ("gitlab-ci.yaml", "check pins")])
def test_a_change_with_an_image_that_is_not_locked_is_refused_offline(
    file: str, job: str, shell: Shell, registry: Registry
) -> None:
    registry.stop()

    assert shell(scripts(file, job)).returncode == 0
    shell("echo 'FROM cgr.dev/chainguard/static' >> deploy/Dockerfile")
    refused = shell(scripts(file, job))

    assert refused.returncode == 1
    assert "cgr.dev/chainguard/static:latest is not in the lock" in refused.stdout


def test_github_is_given_the_new_pins_and_no_other_change(shell: Shell, registry: Registry) -> None:
    update = scripts("workflow.yaml", "update")
    quiet = shell(f"{update}\ngit diff --exit-code")
    registry.move("chainguard/nginx:latest", NEW)

    assert quiet.returncode == 0, quiet.stderr
    assert shell(update).returncode == 0
    assert shell("git diff --numstat").stdout.split() == ["4", "4", "cgr.lock.json", "1", "1", "deploy/web.yaml"]
    assert shell("cgr-images check deploy").returncode == 0


def test_gitlab_is_pushed_a_branch_with_the_new_pins(shell: Shell, registry: Registry) -> None:
    update = scripts("gitlab-ci.yaml", "update pins")
    quiet = shell(update)
    branches = shell("git -C ../project.git branch --list").stdout
    registry.move("chainguard/nginx:latest", NEW)
    moved = shell(update)

    assert (quiet.returncode, branches) == (0, "")
    assert moved.returncode == 0, moved.stderr
    changed = shell("git -C ../project.git show --format=%s --name-only update-pins").stdout.split("\n")
    assert changed[0] == "Update the pins of images"
    assert changed[2:-1] == ["cgr.lock.json", "deploy/web.yaml"]
    assert f"{NGINX}@{NEW}" in shell("git -C ../project.git show update-pins:deploy/web.yaml").stdout


def test_the_hooks_bring_what_the_extra_does() -> None:
    found = [each.partition(";") for each in requires("pulumi-cgr") or []]
    extra = {requirement.strip().lower() for requirement, _semicolon, of in found if "cli" in of}

    assert extra
    for hook in HOOKS.values():
        assert {requirement.lower() for requirement in hook["additional_dependencies"]} == extra


def test_the_hook_is_given_the_files_that_are_looked_for_in_a_folder() -> None:
    hook = HOOKS["cgr-images-pin"]
    corpus = ROOT / "tests/data/files"
    names = [str(path.relative_to(corpus)) for path in corpus.rglob("*") if path.is_file()]
    names += [
        "README.md",
        "Dockerfile.md",
        "a.py",
        "chart/templates/web.yaml",
        "Dockerfile.dockerignore",
        "Dockerfile.prod",
    ]

    given = {name for name in names if re.search(hook["files"], name) and not re.search(hook["exclude"], name)}

    wanted = {name for name in names if is_looked_at(Path(name).name)}
    assert given == {name for name in wanted if "/templates/" not in name and not name.endswith(".j2")}


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_runs_on_what_pre_commit_gives_it(hook: str, shell: Shell) -> None:
    entry = HOOKS[hook]
    files = "deploy/web.yaml deploy/Dockerfile"
    command = f"{entry['entry']} {files if entry.get('pass_filenames', True) else 'deploy'}"

    assert shell(f"{command} {'--lock cgr.lock.json' if 'pin' in hook else ''}").returncode == 0
    assert shell("git status --porcelain").stdout == ""
    assert shlex.split(entry["entry"])[0] == "cgr-images"
