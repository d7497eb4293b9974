# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The README does what it says: its blocks run as they stand, against recorded histories."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr.testing import Histories, Registry
from tests.engine import Stack

from .environments import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON_IN_JUNE = (
    "cgr.dev/chainguard/python:latest-dev@sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675"
)


def blocks(language: str, *words: str) -> list[str]:
    """Returns the blocks of a language that hold all of some words."""
    found = [text for kind, text in BLOCKS if kind == language and all(word in text for word in words)]
    assert found
    return found


@pytest.fixture(scope="module")
def registry(recorded: Histories) -> Iterator[Registry]:
    with Registry(recorded) as registry:
        yield registry


def run(command: list[str], folder: Path, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("program", blocks("python", "pulumi.export"))
def test_the_pulumi_programs_run(program: str, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(program)
    config = {"project:image": "cgr.dev/chainguard/python:latest-dev"}

    preview = Stack(tmp_path / "program.py", config=config, environ={"CGR_REGISTRY": registry.url}).preview()

    assert preview.ok, preview.diagnostics
    assert all("@sha256:" in value or value.startswith("sha256:") for value in preview.outputs.values())


def test_the_tasks_run(registry: Registry, tmp_path: Path) -> None:
    (tasks,) = blocks("yaml")
    play = f"- hosts: localhost\n  gather_facts: false\n  tasks:\n{re.sub('^', '    ', tasks, flags=re.MULTILINE)}"
    (tmp_path / "play.yaml").write_text(play)
    environ = {"CGR_REGISTRY": registry.url, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "LC_ALL": "C.UTF-8"}

    run([str(Path(sys.executable).with_name("ansible-playbook")), "play.yaml"], tmp_path, **environ)

    assert f"image: {PYTHON_IN_JUNE}\n" in (tmp_path / "compose.yaml").read_text()
    assert (tmp_path / "pinned.yaml").read_text() == f"services: {{web: {{image: {PYTHON_IN_JUNE}}}}}"


@pytest.mark.parametrize("script", blocks("python", "Resolver(") + blocks("python", "Mocks("))
def test_the_scripts_run(script: str, registry: Registry, tmp_path: Path) -> None:
    printed = run([sys.executable, "-c", script], tmp_path, CGR_REGISTRY=registry.url)

    for said in re.findall(r"print\(.*\)  # (\S+?)…", script):
        assert said in printed


def test_the_registry_of_the_shell_prints_its_address() -> None:
    (command,) = [line for block in blocks("sh", "pulumi_cgr.testing.registry") for line in block.splitlines()]
    arguments = command.partition("#")[0].split()[1:]
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        address = served.stdout.readline()
        served.terminate()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", address)


def test_make_demo_ends_in_agreement() -> None:
    printed = run([sys.executable, "examples/demo.py"], ROOT)

    assert "==> Both agree. Unset CGR_REGISTRY, and the same playbook and program ask cgr.dev." in printed
    assert printed.count("by Ansible and Pulumi") == 4
