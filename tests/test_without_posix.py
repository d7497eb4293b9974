# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Without what Python lacks on Windows: resolver, command, lock file, cache and the provider process work, and so do helpers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_cgr.provider import ImageDigestProvider
from tests.engine.host import Host

from .support.environments import ROOT
from .support.machine import CONFIGS, GOOD, HELPER, IMAGE, PUBLIC, A, Machine, made

RUN = "import sys; from pulumi_cgr.cli.app import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = made(tmp_path)
    path = f"{ROOT / 'tests/support/no_posix'}:{ROOT}"
    machine.environ = {"NO_POSIX": "1", "PYTHONPATH": path, "LC_ALL": "C.UTF-8"}
    with machine.registry:
        yield machine


def python(machine: Machine, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script, and returns the completed process."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, cwd=machine.home, env=machine.environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_nothing_of_posix_is_there(machine: Machine) -> None:
    done = python(machine, "import os, signal; print(hasattr(os, 'getuid'), hasattr(signal, 'SIGKILL'))")

    assert done.stdout == "False False\n"


@pytest.mark.parametrize("source", ["helper", "chainctl", "hanging helper"])
def test_the_resolver_with_its_helpers(machine: Machine, source: str) -> None:
    if source == "chainctl":
        machine.program("chainctl", f"echo {GOOD}")
    else:
        machine.program("docker-credential-cgr", HELPER if source == "helper" else "exec sleep 600")
        machine.write(".docker/config.json", CONFIGS["credsStore"])
    image = PUBLIC if source == "hanging helper" else IMAGE
    script = f"from pulumi_cgr.resolver import Resolver; print(Resolver(timeout=3).resolve({image!r}).digest)"

    assert python(machine, script).stdout == f"{A}\n"


def test_the_command_pins_locks_and_checks(machine: Machine) -> None:
    machine.environ["CGR_TOKEN"] = GOOD
    machine.write("deploy.yaml", f"image: {IMAGE}\n")

    locked = python(machine, RUN, "lock", IMAGE)
    pinned = python(machine, RUN, "pin", "deploy.yaml")
    resolved = python(machine, RUN, "resolve", PUBLIC)

    assert (locked.returncode, pinned.returncode) == (0, 0), locked.stderr + pinned.stderr
    assert (machine.home / "deploy.yaml").read_bytes() == f"image: {IMAGE}@{A}\n".encode()
    content = (machine.home / "cgr.lock.json").read_bytes()
    assert b"\r" not in content
    assert json.loads(content)["images"][0]["digest"] == A
    assert resolved.stdout.strip() == f"{PUBLIC}@{A}"


def test_a_lock_is_changed_by_one_at_a_time(machine: Machine) -> None:
    machine.environ["CGR_TOKEN"] = GOOD
    images = [f"cgr.dev/chainguard/web:{number}" for number in range(4)]
    for image in images:
        machine.registry.move(image.removeprefix("cgr.dev/"), A)
    command = [sys.executable, "-c", RUN, "lock"]
    running = [subprocess.Popen([*command, image], cwd=machine.home, env=machine.environment) for image in images]

    assert [process.wait() for process in running] == [0] * 4
    locked = json.loads((machine.home / "cgr.lock.json").read_text())
    assert [entry["image"] for entry in locked["images"]] == images


def test_the_cache(machine: Machine) -> None:
    script = f"""
from pulumi_cgr.resolver import Resolver
print(Resolver(token={GOOD!r}, cache="cache").resolve({IMAGE!r}, at="2026-02-01").digest)
"""
    first, second = python(machine, script), python(machine, script)

    assert first.stdout == second.stdout == f"{A}\n"
    assert len(machine.registry.requests) == 1


def test_the_provider_process(machine: Machine) -> None:
    machine.environ["CGR_TOKEN"] = GOOD
    with Host({}, machine.environment) as host:
        checked, failures = host.check(
            "urn", {}, {"image": IMAGE, "__provider": serialize_provider(ImageDigestProvider())}
        )

    assert not failures
    assert checked["digest"] == A
