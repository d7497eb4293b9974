# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""An interrupted run leaves everything as it was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.testing import Registry, Reply, Request

from .support.environments import ROOT

IMAGE = "cgr.dev/chainguard/python:latest"
PLAY = f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {{content: "{{{{ lookup('cgr.images.ref', '{IMAGE}') }}}}", dest: rendered}}
"""
SCRIPT = f"from pulumi_cgr.resolver import Resolver; print(Resolver().resolve('{IMAGE}').ref)"
COMMANDS = {
    "playbook": [str(Path(sys.executable).with_name("ansible-playbook")), "play.yaml"],
    "script": [sys.executable, "-c", SCRIPT],
}


A, B = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
at_any_step = pytest.mark.parametrize("step", ["/token", "/_chainguard/history/"])
by_either_signal = pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({"chainguard/python:latest": [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}]}) as registry:
        yield registry


def interrupted(
    command: list[str], registry: Registry, step: str, kind: signal.Signals, **where: Any
) -> tuple[int, str]:
    """Runs a command, interrupts it at its first request that contains `step`, and returns its status and output."""
    reached, over = threading.Event(), threading.Event()

    def stall(request: Request) -> Reply | None:
        if step in request.path:
            reached.set()
            over.wait(60)
        return None

    registry.interfere = stall
    # The process that started these tests may ignore SIGINT, and children inherit that.
    default = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=default,
        **where,
    )
    assert reached.wait(60)
    os.killpg(run.pid, kind)
    printed, _none = run.communicate(timeout=60)
    over.set()
    registry.interfere = lambda _request: None
    return run.returncode, printed


@by_either_signal
@at_any_step
@pytest.mark.parametrize("face", COMMANDS)
def test_an_interrupt_at_any_step_writes_nothing(
    face: str, step: str, kind: signal.Signals, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "play.yaml").write_text(PLAY)
    (tmp_path / "rendered").write_text("as it was")
    env = {**os.environ, "CGR_REGISTRY": registry.url, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "HOME": str(tmp_path)}

    status, printed = interrupted(COMMANDS[face], registry, step, kind, cwd=tmp_path, env=env)

    assert status != 0
    assert (tmp_path / "rendered").read_text() == "as it was"
    assert "sha256" not in printed


@pytest.mark.skipif(not shutil.which("pulumi"), reason="the command pulumi is not on PATH")
@pytest.mark.parametrize("at", ["None", "'2026-02-01'"], ids=["in the program", "in the provider"])
@by_either_signal
@at_any_step
def test_an_interrupted_update_keeps_every_pin(
    at: str, step: str, kind: signal.Signals, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    program = "import pulumi_cgr as cgr\ncgr.ImageDigest('pin', image='cgr.dev/chainguard/python:latest', at={})\n"
    (tmp_path / "__main__.py").write_text(program.format("None"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOME": str(tmp_path), "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    env |= {
        "CGR_REGISTRY": registry.url,
        "CGR_TIMEOUT": "3",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pulumi("stack", "init", "stack", "--non-interactive")
    pulumi("up", "--yes", "--non-interactive")
    registry.move("chainguard/python:latest", B)
    (tmp_path / "__main__.py").write_text(program.format(at))
    up = ["pulumi", "up", "--yes", "--non-interactive"]

    status, _printed = interrupted(up, registry, step, kind, cwd=tmp_path, env=env)

    assert status != 0
    state = pulumi("stack", "export")
    assert A in state
    assert B not in state
    if kind is signal.SIGTERM:  # the engine had no time to unlock the stack
        pulumi("cancel", "--yes", "stack")
    assert "1 updated" in pulumi("up", "--yes", "--non-interactive")
