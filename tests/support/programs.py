# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Python programs in processes of their own that start fast, where starting Python is not what a test is about."""

from __future__ import annotations

import atexit
import json
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

SERVER = Path(__file__).with_name("fork_server.py")
MODULES = (
    *("pulumi.dynamic", "pulumi.runtime", "pulumi_cgr.provider", "pulumi_cgr._pulumi.run"),
    *("pulumi_cgr.cli.app", "rich.progress", "yaml"),
)
"""The imports of the server: those of the provider, programs of Pulumi and the command."""

_STARTING = threading.Lock()


class Program:
    """A running program: the part of `subprocess.Popen` that the tests use; its streams are text."""

    def __init__(self, kind: str, arguments: Sequence[str], folder: str | Path, environ: Mapping[str, str]) -> None:
        ours, its = zip(os.pipe(), os.pipe(), strict=True)  # for reading, and for writing
        request = {"kind": kind, "arguments": list(arguments), "folder": str(folder), "environ": dict(environ)}
        self._answers = _connection()
        with open(os.devnull, "rb") as nothing:
            socket.send_fds(self._answers, [json.dumps(request).encode()], [nothing.fileno(), *its])
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
    if _is_of_the_interpreter(environ):
        return _start(["-u", "-m", name, *arguments], Path.cwd(), environ)
    return Program("module", [name, *arguments], Path.cwd(), environ)


def start_script(path: str | Path, arguments: Sequence[str], folder: str | Path, environ: Mapping[str, str]) -> Running:
    """Starts `python PATH ARGUMENTS` in a directory."""
    if _is_of_the_interpreter(environ):
        return _start([str(path), *arguments], folder, environ)
    return Program("script", [str(path), *arguments], folder, environ)


def _is_of_the_interpreter(environ: Mapping[str, str]) -> bool:
    """Whether an environment has something that the interpreter itself reads when it starts."""
    locales = [environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if name in environ]
    if not all(locale.lower().endswith(("utf-8", "utf8")) for locale in locales):
        return True
    return any(name.startswith("PYTHON") and value != os.environ.get(name) for name, value in environ.items())


def _start(arguments: list[str], folder: str | Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=dict(environ), text=True, **pipes)


def _connection() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    with _STARTING:
        path = _server(os.getpid())
    connection.connect(path)
    return connection


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
