# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the real ansible-playbook: of this environment, and of the other ansible-core the collection is tested with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_cgr.testing import Histories, Registry
from tests.support.environments import ROOT, environment
from tests.support.shown import show, shown

TESTED = ["3.11", "3.13", "3.12"]  # constraints.txt says which ansible-core each stands for
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
CORE = ["--constraint", "constraints.txt", "ansible-core", "requests"]
OTHERS = [pytest.param(python, marks=pytest.mark.slow) for python in TESTED if python != HERE]


@dataclass(frozen=True)
class Run:
    """How a run of a command ended, and all it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Controller:
    """An Ansible controller: the commands of one environment, in a folder of their own."""

    commands: Path
    folder: Path
    registry: Registry

    def run(self, *command: str | Path, **environ: str) -> Run:
        """Runs a command of the environment; `environ` is added to its environment variables."""
        env = {
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": str(self.commands / "python"),
            "LC_ALL": "C.UTF-8",
            "CGR_REGISTRY": self.registry.url,
            **environ,
        }
        done = subprocess.run(
            [self.commands / command[0], *command[1:]],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def play(self, tasks: list[dict[str, Any]] | str, *options: str, hosts: str = "web1,", **environ: str) -> Run:
        """Runs tasks, given as YAML or as data, on hosts that cannot be reached."""
        tasks = yaml.load(tasks, Loader=yaml.BaseLoader) if isinstance(tasks, str) else tasks
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (self.folder / "play.yaml").write_text(yaml.safe_dump(play, sort_keys=False))
        return self.run("ansible-playbook", "-i", hosts, *options, "play.yaml", **environ)

    def results(self, tasks: list[dict[str, Any]], *options: str, **environ: str) -> list[dict[str, Any]]:
        """Runs tasks, past their failures, and returns the result of each, on the first host."""
        for number, task in enumerate(tasks):
            task.update({"register": f"result_{number}", "ignore_errors": True})
        names = ", ".join(f"result_{number}" for number in range(len(tasks)))
        run = self.play([*tasks, show(f"[{names}]")], *options, **environ)
        assert run.status == 0, run.output
        return list(next(iter(shown(run.output).values())))


@pytest.fixture
def registry(recorded: Histories) -> Iterator[Registry]:
    with Registry(recorded, tokens=["a-token"]) as registry:
        yield registry


@pytest.fixture(params=[HERE, *OTHERS], ids=lambda python: f"python{python}")
def controller(request: pytest.FixtureRequest, registry: Registry, tmp_path: Path) -> Controller:
    if request.param == HERE:
        return Controller(Path(sys.executable).parent, tmp_path, registry)
    made = environment(f"ansible-on-{request.param}", request.param, *CORE)
    return Controller(made / "bin", tmp_path, registry)
