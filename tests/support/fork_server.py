# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A process that has imported what the tests' programs need, and forks one for each request: they start in milliseconds.

    python fork_server.py SOCKET MODULE...

A request is JSON, with the standard streams of the program as file descriptors.  The answers are lines: the process id of the
program, and then its exit status as `subprocess` returns it.  The server ends, with all that it
started, when its standard input does: it leads a process group.
"""

from __future__ import annotations

import atexit
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any

LONGEST = 1_000_000


def main() -> None:
    path, *modules = sys.argv[1:]
    del sys.path[0]  # the directory of this file
    for module in modules:
        importlib.import_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        print("ready", flush=True)
        while True:
            ready, _writable, _failed = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                os.killpg(0, signal.SIGKILL)
            connection, _address = listener.accept()
            if not os.fork():
                listener.close()
                attend(connection)
            connection.close()
            reap()


def reap() -> None:
    """Takes note of the children that have ended, so that their CPU time counts as that of the tests."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def attend(connection: socket.socket) -> None:
    """Starts the program of a request, tells when it has ended, and ends this process."""
    sent, streams, _flags, _address = socket.recv_fds(connection, LONGEST, 3)
    request = json.loads(sent)
    pid = os.fork()
    if not pid:
        connection.close()
        os._exit(run(request, streams))
    for stream in streams:
        os.close(stream)
    connection.sendall(f"{pid}\n".encode())
    _pid, status = os.waitpid(pid, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def run(request: dict[str, Any], streams: list[int]) -> int:
    """Runs a program in this process, as the interpreter would, and returns its exit status."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), "utf-8", write_through=True) for number in (1, 2)
    )
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["folder"])
    kind, sys.argv = request["kind"], request["arguments"]
    sys.path.insert(0, os.getcwd() if kind == "module" else os.path.dirname(os.path.abspath(sys.argv[0])))
    try:
        if kind == "module":
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        return _ended(ended.code)
    except BaseException:  # noqa: BLE001  (whatever the interpreter itself would show)
        traceback.print_exc()
        return 1
    return _ended(None)


def _ended(code: object) -> int:
    if isinstance(code, str):
        print(code, file=sys.stderr)
    try:
        vars(threading)["_shutdown"]()  # ends the threads of executors, too
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        return 120
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    main()
