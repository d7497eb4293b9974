# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Two engines for the same scenarios: the stand-in, and the real one where `pulumi` is on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulumi_cgr.plugin.server import start
from pulumi_cgr.plugin.servicer import Provider
from pulumi_cgr.testing import Registry
from tests.engine import DynamicHost, PluginHost, Stack

from .programs import Program
from .real import RealStack, YamlStack

A, B, C = ("sha256:" + 64 * letter for letter in "abc")
HISTORIES = {
    "chainguard/python:latest": [
        {"updateTimestamp": "2024-05-01T00:00:00Z", "digest": A},
        {"updateTimestamp": "2024-06-01T00:00:00.500Z", "digest": B},
    ],
    "chainguard/nginx:latest": [{"updateTimestamp": "2024-05-15T00:00:00Z", "digest": C}],
    "acme.com/web:1": [{"updateTimestamp": "2024-05-20T00:00:00Z", "digest": C}],
}

MakeStack = Callable[..., Stack]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES, tokens=["the-secret-token"]) as registry:
        yield registry


@pytest.fixture(params=["stand-in", "real engine"])
def make_stack(
    request: pytest.FixtureRequest, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MakeStack:
    """Returns a function that makes a stack of a program's text."""
    if request.param == "real engine" and not shutil.which("pulumi"):
        pytest.skip("the command pulumi is not on PATH, so this ran on the stand-in only")
    monkeypatch.setenv("CGR_REGISTRY", registry.url)
    # The engine starts the provider with the python3 that is on PATH.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in ("CGR_TOKEN", "CGR_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)

    def make(program: str, secrets: dict[str, str] | None = None) -> Stack:
        file = tmp_path / "program.py"
        file.write_text("import asyncio, os, pulumi, pulumi_cgr as cgr\n" + program)
        if request.param == "stand-in":
            return Stack(file, secrets=secrets or {})
        return RealStack(file, secrets=secrets or {})

    return make


PROVIDERS = ("dynamic, stand-in", "dynamic, real engine", "plugin, stand-in", "plugin, real engine with YAML")


@dataclass
class Host:
    """A provider on an engine, for stories that hold for each of them.

    Attributes:
        provider: `dynamic` or `plugin`.
        make: makes a stack of a program.
        write: changes the program of a stack.
    """

    provider: str
    make: Callable[..., Stack]
    write: Callable[[Stack, Program], None]


@pytest.fixture(params=PROVIDERS)
def host(
    request: pytest.FixtureRequest, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    """Each provider on each engine that is on PATH."""
    provider, _comma, engine = request.param.partition(", ")
    needed = {"real engine": ["pulumi"], "real engine with YAML": ["pulumi", "pulumi-language-yaml"]}.get(engine, [])
    for command in needed:
        if not shutil.which(command):
            pytest.skip(f"the command {command} is not on PATH, so this ran on the stand-in only")
    monkeypatch.setenv("CGR_REGISTRY", registry.url)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in ("CGR_TOKEN", "CGR_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    server, port = start(Provider(None, os.environ)) if "YAML" in engine else (None, 0)

    def write(stack: Stack, program: Program) -> None:
        if isinstance(stack, YamlStack):
            stack.write(program.in_yaml())
        else:
            stack.program.write_text(program.with_plugin() if provider == "plugin" else program.with_dynamic_resource())

    def make(program: Program, **secrets: str) -> Stack:
        named = {f"cgr:{name}": value for name, value in secrets.items()}
        stack: Stack
        if engine == "stand-in":
            kind = PluginHost if provider == "plugin" else DynamicHost
            stack = Stack(tmp_path / "program.py", secrets=named, host=kind)
        elif provider == "plugin":
            stack = YamlStack(tmp_path / "Pulumi.yaml", secrets=named, port=port)
        else:
            stack = RealStack(tmp_path / "program.py", secrets=named)
        write(stack, program)
        return stack

    yield Host(provider, make, write)
    if server:
        server.stop(None)


def rewrite(stack: Stack, program: str) -> None:
    """Changes the program of a stack."""
    stack.program.write_text("import asyncio, os, pulumi, pulumi_cgr as cgr\n" + program)
