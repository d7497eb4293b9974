# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Python programs in processes of their own that start fast, where starting Python is not what a test is about."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from .fork_client import is_of_the_interpreter, send

SERVER = Path(__file__).with_name("fork_server.py")
COMMAND = Path(sys.executable).with_name("cgr-images")
MODULES = (
    *("pulumi.dynamic", "pulumi.runtime", "pulumi_cgr.provider", "pulumi_cgr._pulumi.run"),
    *("pulumi_cgr.cli.app", "pulumi_cgr.files", "rich.progress", "rich.markdown", "yaml"),
    *("typer._adapters", "typer.rich_utils", "requests", "encodings.idna", "zoneinfo", "importlib.metadata"),
    *("ansible_collections.cgr.images.plugins.module_utils._resolver.wiring", "tests.support.independent_verifier"),
)
"""The imports of the server: those of the provider, programs of Pulumi, the command and the stand-in for cosign."""

_STARTING = threading.Lock()


class Program:
    """A running program: the part of `subprocess.Popen` that the tests use; its streams are text."""

    def __init__(self, kind: str, arguments: Sequence[str], folder: str | Path, environ: Mapping[str, str]) -> None:
        ours, its = zip(os.pipe(), os.pipe(), strict=True)  # for reading, and for writing
        self._answers = _connection()
        with open(os.devnull, "rb") as nothing:
            send(self._answers, kind, arguments, str(folder), environ, [nothing.fileno(), *its])
        for stream in its:
            os.close(stream)
        self.stdout, self._stderr = (os.fdopen(stream, encoding="utf-8") for stream in ours)
        self._lines = self._answers.makefile()
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self) -> tuple[str, str]:
        """Waits for the end of the program, and returns what it printed."""
        errors: list[str] = []
        reader = threading.Thread(target=lambda: errors.append(self._stderr.read()))
        reader.start()
        printed = self.stdout.read()
        reader.join()
        self.returncode = int(self._lines.readline())
        for each in (self.stdout, self._stderr, self._lines, self._answers):
            each.close()
        return printed, errors[0]


Running = Program | subprocess.Popen[str]


def start_module(name: str, environ: Mapping[str, str], *arguments: str) -> Running:
    """Starts `python -m NAME ARGUMENTS` in this directory, without buffers."""
    if is_of_the_interpreter(environ, os.environ):
        return _start(["-u", "-m", name, *arguments], Path.cwd(), environ)
    return Program("module", [name, *arguments], Path.cwd(), environ)


def start_script(path: str | Path, arguments: Sequence[str], folder: str | Path, environ: Mapping[str, str]) -> Running:
    """Starts `python PATH ARGUMENTS` in a directory."""
    if is_of_the_interpreter(environ, os.environ):
        return _start([str(path), *arguments], folder, environ)
    return Program("script", [str(path), *arguments], folder, environ)


def fast_commands() -> str:
    """Returns a directory for PATH, with a `cgr-images` that starts fast."""
    folder = Path(_started_server()).parent
    return str(write_fast_command(folder / COMMAND.name, COMMAND).parent)


def write_fast_command(command: Path, script: str | Path) -> Path:
    """Creates a command that starts `python SCRIPT` fast, as long as this process runs; returns its path."""
    lines = [
        f"#!{sys.executable} -SI",
        "import sys",
        f"sys.path.insert(0, {str(SERVER.parent)!r})",
        "from fork_client import run",
        f"run({_started_server()!r}, {str(script)!r})",
    ]
    command.write_text("\n".join(lines))
    command.chmod(0o755)
    return command


def _start(arguments: list[str], folder: str | Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=dict(environ), text=True, **pipes)


def _connection() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_started_server())
    return connection


def _started_server() -> str:
    with _STARTING:
        return _server(os.getpid())


@lru_cache
def _server(_pid: int) -> str:
    """Starts the server of this process, and returns the path of its socket."""
    folder = tempfile.mkdtemp()
    path = f"{folder}/socket"
    command = [sys.executable, str(SERVER), path, *MODULES]
    environ = {**os.environ, "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, start_new_session=True
    )

    def end() -> None:
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    assert server.stdout
    assert server.stdout.readline() == b"ready\n"
    return path
