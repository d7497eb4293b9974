# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A command on PATH that the fork server runs, with the standard streams of this process: it starts in milliseconds, too.

It imports as little as possible, and nothing of the tests.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn


def run(server: str, script: str) -> NoReturn:
    """Runs `python SCRIPT` with the arguments of this process, and ends as it ends."""
    environ = dict(os.environ)
    if is_of_the_interpreter(environ, {}):
        os.execv(sys.executable, [sys.executable, script, *sys.argv[1:]])
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server)
        send(connection, "script", [script, *sys.argv[1:]], os.getcwd(), environ, [0, 1, 2])
        status = int(connection.makefile().read().splitlines()[1])
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def send(
    connection: socket.socket,
    kind: str,
    arguments: Sequence[str],
    folder: str,
    environ: Mapping[str, str],
    streams: Sequence[int],
) -> None:
    """Sends the request for a program.

    Args:
        connection: a connection to the server.
        kind: `script` or `module`.
        arguments: the path of the script or the name of the module, and the arguments.
        folder: the directory to run it in.
        environ: its environment variables.
        streams: the file descriptors of its standard streams.
    """
    request = {"kind": kind, "arguments": list(arguments), "folder": folder, "environ": dict(environ)}
    socket.send_fds(connection, [json.dumps(request).encode()], streams)


def is_of_the_interpreter(environ: Mapping[str, str], server: Mapping[str, str]) -> bool:
    """Whether an environment has something that the interpreter itself reads when it starts, unlike that of the server."""
    locales = [environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if name in environ]
    if not all(locale.lower().endswith(("utf-8", "utf8")) for locale in locales):
        return True
    return any(name.startswith("PYTHON") and value != server.get(name) for name, value in environ.items())
