# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""An interrupted run leaves everything as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulumi_cgr.testing import Registry, Reply, Request

from .environments import ROOT

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


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["/token", "/_chainguard/history/"])
@pytest.mark.parametrize("face", COMMANDS)
def test_an_interrupt_at_any_step_writes_nothing(face: str, step: str, kind: signal.Signals, tmp_path: Path) -> None:
    reached, over = threading.Event(), threading.Event()

    def stall(request: Request) -> Reply | None:
        if step in request.path:
            reached.set()
            over.wait(60)
        return None

    history = [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": "sha256:" + 64 * "a"}]
    (tmp_path / "play.yaml").write_text(PLAY)
    (tmp_path / "rendered").write_text("as it was")
    with Registry({"chainguard/python:latest": history}) as registry:
        registry.interfere = stall
        env = {**os.environ, "CGR_REGISTRY": registry.url, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "HOME": str(tmp_path)}
        run = subprocess.Popen(
            COMMANDS[face],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert reached.wait(60)
        os.killpg(run.pid, kind)
        printed, _none = run.communicate(timeout=60)
        over.set()

    assert run.returncode != 0
    assert (tmp_path / "rendered").read_text() == "as it was"
    assert "sha256" not in printed
