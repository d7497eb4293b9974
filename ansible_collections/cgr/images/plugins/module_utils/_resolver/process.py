# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Running other programs: without a terminal, in bounded time, with bounded output.

A program that ends is believed, even if a child of it keeps its output open.  One that does not end is killed, with its children
where the system can.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from typing import IO, Callable, Mapping, NamedTuple, Sequence

LARGEST_OUTPUT = 1024 * 1024
GRACE_SECONDS = 1.0
"""How long the rest of its output is read after a program has ended, if a child of it keeps the output open."""

# A program that wants to sign in must not open a browser: nobody may be there to see it.
NO_BROWSER = {"BROWSER": "false", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


class ProcessFailed(Exception):
    """A program cannot be run, or prints too much; the text says which, as the end of a sentence about the program."""


class Output(NamedTuple):
    """How a program ended and what it printed; `status` is `None` if it did not end in time."""

    status: int | None
    output: str
    errors: str


def find_program(name: str, environment: Mapping[str, str]) -> str | None:
    """Returns the path of a program (on Windows with `.exe` or `.cmd`), or `None`."""
    return shutil.which(name, path=environment.get("PATH", os.defpath))


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float, stdin: str = "") -> Output:
    """Runs a program, and kills it if it takes too long.

    Args:
        command: the path of the program, and its arguments.
        environment: its environment variables.
        seconds: how long it may take.
        stdin: what it reads from standard input.

    Raises:
        ProcessFailed: it cannot be run, or prints without end.
    """
    try:
        # AnsibleModule.run_command is not available here.
        process = subprocess.Popen(  # noqa: S603  # pylint: disable=ansible-bad-function
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**environment, **NO_BROWSER},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its environment holds a NUL"
        raise ProcessFailed(f"cannot be run: {reason}") from None
    return _finished(process, stdin, seconds)


def _finished(process: subprocess.Popen[bytes], stdin: str, seconds: float) -> Output:
    readers = [_Reader(stream, lambda: _kill(process)) for stream in (process.stdout, process.stderr)]
    if process.stdin:
        with contextlib.suppress(OSError):  # it may not want to read
            process.stdin.write(stdin.encode())
        with contextlib.suppress(OSError):
            process.stdin.close()
    status: int | None = None
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        if status is None:
            _kill(process)
    patience = time.monotonic() + GRACE_SECONDS
    output, errors = (reader.text(patience if status is not None else 0.0) for reader in readers)
    if any(reader.is_too_long for reader in readers):
        raise ProcessFailed(f"printed more than {LARGEST_OUTPUT // 1024} KiB; it was stopped")
    return Output(status, output, errors)


class _Reader:
    """Reads what a program prints, in a thread; kills it if it prints too much."""

    def __init__(self, stream: IO[bytes] | None, kill: Callable[[], None]) -> None:
        self._stream = stream
        self._kill = kill
        self._content = bytearray()
        self.is_too_long = False
        self._thread = threading.Thread(target=self._read, daemon=True, name="cgr-program")
        self._thread.start()

    def text(self, until: float) -> str:
        """Returns what was printed, and waits for the rest until then, by `time.monotonic()`."""
        self._thread.join(max(until - time.monotonic(), 0.0))
        return bytes(self._content).decode("utf-8", "replace")

    def _read(self) -> None:
        if self._stream is None:
            return
        with self._stream as stream, contextlib.suppress(OSError, ValueError):
            while piece := stream.read(65536):
                self._content += piece
                if len(self._content) > LARGEST_OUTPUT:
                    self.is_too_long = True
                    self._kill()
                    return


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a program and its children; on Windows, which has no groups of processes, only itself."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg") and hasattr(signal, "SIGKILL"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.terminate()  # which kills, there
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
