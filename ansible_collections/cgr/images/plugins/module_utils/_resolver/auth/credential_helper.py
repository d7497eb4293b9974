# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that hand out credentials, run without a terminal and for no longer than there is time.

Source: the Docker credential helper protocol (docker/docker-credential-helpers): `docker-credential-NAME get` reads the
host on standard input and writes `{"ServerURL", "Username", "Secret"}` on standard output.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import Mapping

from ..errors import BrokenCredentials, redact
from .credentials import Credential, credential_from_pair

SECONDS = 20.0
NOT_FOUND = "credentials not found"
# A program that wants to sign in must not open a browser: nobody may be there to see it.
NO_BROWSER = {"BROWSER": "false", "DISPLAY": "", "WAYLAND_DISPLAY": ""}


def ask(name: str, host: str, environment: Mapping[str, str], deadline: float) -> Credential | str:
    """Asks a credential helper.

    Args:
        name: its name, behind `docker-credential-`.
        host: the registry's host.
        environment: its environment variables, `PATH` among them.
        deadline: when to give up, by `time.monotonic()`, in seconds.

    Returns:
        The credential, or why there is none.

    Raises:
        BrokenCredentials: the helper is not there, fails, or answers nonsense.
    """
    program = f"docker-credential-{name}"
    status, output, error = run([program, "get"], host, environment, deadline)
    if status and NOT_FOUND in output + error:
        return f"{program} has nothing for {host}"
    if status:
        raise BrokenCredentials(
            f"{program} failed: {redact((error or output).strip())}. Run it by hand: echo {host} | {program} get"
        )
    try:
        answer = json.loads(output)
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError) as nonsense:
        raise BrokenCredentials(
            f"{program} answered no credentials: it does not speak the helper protocol."
        ) from nonsense
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return f"{program} has nothing for {host}"
    return credential_from_pair(username, secret, program)


def run(command: list[str], stdin: str, environment: Mapping[str, str], deadline: float) -> tuple[int, str, str]:
    """Runs a program, and returns its status, standard output and standard error.

    Raises:
        BrokenCredentials: it is not there, or takes too long.
    """
    path = shutil.which(command[0], path=environment.get("PATH"))
    if path is None:
        raise BrokenCredentials(
            f"{command[0]} is not on PATH. Install it, or take it out of the configuration that names it."
        )
    seconds = max(min(SECONDS, deadline - time.monotonic()), 0.01)
    try:
        # The program that the user's own configuration names. There is no module here whose run_command could do it.
        process = subprocess.Popen(  # noqa: S603  # pylint: disable=ansible-bad-function
            [path, *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, **NO_BROWSER},
            start_new_session=True,
        )
    except OSError as error:
        raise BrokenCredentials(f"{command[0]} cannot be run: {error.strerror}.") from error
    try:
        output, errors = process.communicate(stdin.encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BrokenCredentials(
            f"{command[0]} did not answer in time; it may be waiting for somebody to sign in."
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
