# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credential helpers of Docker.

Source: the Docker credential helper protocol (docker/docker-credential-helpers): `docker-credential-NAME get` reads the
host on standard input and writes `{"ServerURL", "Username", "Secret"}` on standard output.
"""

from __future__ import annotations

import json
import re
from typing import Mapping

from ..errors import BrokenCredentials
from ..process import find_program
from ..redaction import redact, remember_secret
from .credentials import Credential, credential_from_pair
from .go_json import field
from .programs import run_program

NOT_FOUND = "credentials not found"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a helper, after `docker-credential-`: a path or a misplaced secret cannot."""
    return _NAME.fullmatch(text) is not None


def is_installed(name: str, environment: Mapping[str, str]) -> bool:
    """Whether there is such a helper."""
    return find_program(f"docker-credential-{name}", environment) is not None


def ask(name: str, host: str, environment: Mapping[str, str], deadline: float) -> Credential | str:
    """Asks a credential helper.

    Args:
        name: its name, after `docker-credential-`.
        host: the registry's host.
        environment: its environment variables, `PATH` among them.
        deadline: when to give up, by `time.monotonic()`, in seconds; half of the time is for the helper.

    Returns:
        The credential, or why the helper does not give one.

    Raises:
        BrokenCredentials: the helper is not installed, fails, does not answer, or does not speak the protocol.
    """
    program = f"docker-credential-{name}"
    status, output, error = run_program([program, "get"], host, environment, deadline)
    if status is None:
        raise BrokenCredentials(f"{program} did not answer in time; it may be waiting for somebody to sign in.")
    if status and NOT_FOUND in output + error:
        return f"{program} has nothing for {host}"
    if status:
        raise BrokenCredentials(
            f"{program} failed: {redact((error or output).strip())}. Run it by hand: echo {host} | {program} get"
        )
    answer = _parsed(output)
    username, secret = field(answer, "Username"), field(answer, "Secret")
    if not isinstance(username, str) or not isinstance(secret, str):
        remember_secret(output)
        raise BrokenCredentials(f"{program} answered no credentials: it does not speak the helper protocol.")
    return credential_from_pair(username, secret, program) if secret else f"{program} has nothing for {host}"


def _parsed(output: str) -> object:
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        return None
