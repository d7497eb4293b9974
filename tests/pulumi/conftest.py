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
from tests.engine import PluginHost, Stack

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


NEEDED = {"real engine": ["pulumi"], "real engine with YAML": ["pulumi", "pulumi-language-yaml"]}
"""The commands without which a test cannot run on an engine."""


def prepare(engine: str, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips the test if its engine is not on PATH; otherwise sets the environment of programs and providers."""
    for command in NEEDED.get(engine, []):
        if not shutil.which(command):
            pytest.skip(f"the command {command} is not on PATH, so this ran on the stand-in only")
    monkeypatch.setenv("CGR_REGISTRY", registry.url)
    # The engine starts the provider with the python3 that is on PATH.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for name in ("CGR_TOKEN", "CGR_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["stand-in", "real engine"])
def make_stack(
    request: pytest.FixtureRequest, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MakeStack:
    """Returns a function that makes a stack of a program's text."""
    prepare(request.param, registry, monkeypatch)

    def make(program: str, secrets: dict[str, str] | None = None) -> Stack:
        file = tmp_path / "program.py"
        file.write_text("import asyncio, os, pulumi, pulumi_cgr as cgr\n" + program)
        if request.param == "stand-in":
            return Stack(file, secrets=secrets or {})
        return RealStack(file, secrets=secrets or {})

    return make


@dataclass
class Host:
    """A provider on an engine, for stories that hold for each of them.

    Attributes:
        folder: the directory of the program.
        port: the port of the plugin in this process; 0 if it is not in this process.
    """

    folder: Path
    port: int = 0

    def make(self, program: Program, **settings: str) -> Stack:
        """Makes a stack of a program, with secret settings."""
        stack = self.stack_of({f"cgr:{name}": value for name, value in settings.items()})
        self.write(stack, program)
        return stack

    def stack_of(self, secrets: dict[str, str]) -> Stack:
        """Returns a stack without a program."""
        raise AssertionError

    def write(self, stack: Stack, program: Program) -> None:
        """Changes the program of a stack."""
        stack.program.write_text(program.with_dynamic_resource())


class DynamicOnStandIn(Host):
    """The dynamic resource on the stand-in."""

    def stack_of(self, secrets: dict[str, str]) -> Stack:
        return Stack(self.folder / "program.py", secrets=secrets)


class DynamicOnEngine(Host):
    """The dynamic resource on the real engine."""

    def stack_of(self, secrets: dict[str, str]) -> Stack:
        return RealStack(self.folder / "program.py", secrets=secrets)


class PluginOnStandIn(Host):
    """The plugin on the stand-in, which runs programs in Python."""

    def stack_of(self, secrets: dict[str, str]) -> Stack:
        return Stack(self.folder / "program.py", secrets=secrets, host=PluginHost)

    def write(self, stack: Stack, program: Program) -> None:
        stack.program.write_text(program.with_plugin())


class PluginOnEngine(Host):
    """The plugin on the real engine, with programs in YAML."""

    def stack_of(self, secrets: dict[str, str]) -> Stack:
        return YamlStack(self.folder / "Pulumi.yaml", secrets=secrets, port=self.port)

    def write(self, stack: Stack, program: Program) -> None:
        assert isinstance(stack, YamlStack)
        stack.write(program.in_yaml())


HOSTS = {
    "dynamic, stand-in": DynamicOnStandIn,
    "dynamic, real engine": DynamicOnEngine,
    "plugin, stand-in": PluginOnStandIn,
    "plugin, real engine with YAML": PluginOnEngine,
}


@pytest.fixture(params=HOSTS)
def host(
    request: pytest.FixtureRequest, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    """Each provider on each engine that is on PATH."""
    prepare(request.param.partition(", ")[2], registry, monkeypatch)
    kind = HOSTS[request.param]
    if kind is not PluginOnEngine:
        yield kind(tmp_path)
        return
    server, port = start(Provider(None, os.environ))
    yield kind(tmp_path, port)
    server.stop(None)


def rewrite(stack: Stack, program: str) -> None:
    """Changes the program of a stack."""
    stack.program.write_text("import asyncio, os, pulumi, pulumi_cgr as cgr\n" + program)
