# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images`, started as a user starts it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.programs import COMMAND, fast_commands, start_script

ENTRY_POINT = str(COMMAND)


@dataclass(frozen=True)
class Done:
    """The outcome of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, read as JSON."""
        return json.loads(self.out)


@dataclass
class Command:
    """The command, in a folder, against a registry."""

    folder: Path
    registry: str
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str | Path) -> Done:
        """Runs it with pipes for its output, and a terminal for neither."""
        program = start_script(ENTRY_POINT, [*map(str, arguments)], self.folder, self.environment)
        out, err = program.communicate()
        assert "Traceback" not in err, err
        assert program.returncode is not None
        return Done(program.returncode, out, err)

    def start(self, *arguments: str | Path, is_group: bool = False) -> subprocess.Popen[str]:
        """Starts it, to be interrupted; on request in a process group of its own, with the processes that it starts."""
        return subprocess.Popen(
            [ENTRY_POINT, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=is_group,
            # Whoever started these tests may ignore the interrupts of a terminal, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def on_a_terminal(self, *arguments: str | Path, columns: int = 100, **environ: str) -> Done:
        """Runs it with a terminal for its whole output, which is in `out`."""
        ours, its = pty.openpty()
        environ = {**self.environment, "TERM": "xterm-256color", "COLUMNS": str(columns), **environ}
        with subprocess.Popen(
            [f"{fast_commands()}/{COMMAND.name}", *map(str, arguments)],
            cwd=self.folder,
            env=environ,
            stdin=its,
            stdout=its,
            stderr=its,
        ) as run:
            os.close(its)
            printed = b"".join(_screen(ours))
        os.close(ours)
        return Done(run.returncode, printed.decode().replace("\r\n", "\n"), "")

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables it sees."""
        machine = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        return {**machine, "CGR_REGISTRY": self.registry, **self.environ}


def _screen(handle: int) -> Iterator[bytes]:
    with suppress(OSError):  # Linux's way to say that nobody holds the other end any more
        while shown := os.read(handle, 65536):
            yield shown
