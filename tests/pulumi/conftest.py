# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Two engines for the same scenarios: the stand-in, and the real one where `pulumi` is on PATH."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulumi_cgr.testing import Registry
from tests.engine import Stack

from .real import RealStack

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


def rewrite(stack: Stack, program: str) -> None:
    """Changes the program of a stack."""
    stack.program.write_text("import asyncio, os, pulumi, pulumi_cgr as cgr\n" + program)
