# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever comes, there is a result or one clear error; in bounded time and memory, and without the planted secret.

`make test` takes a few of each kind, `make check` many; `make fuzz` takes 100,000 of each (`CGR_FUZZ`).
"""

from __future__ import annotations

import os
import re
import resource
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.resolve.concurrency import run_concurrently
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SETTINGS
from pulumi_cgr.resolver import CgrError, Resolver

from .support.fuzzing import PAIR, SECRET, answer, configuration, settings
from .support.servers import server

CHOSEN = os.environ.get("CGR_FUZZ")
MEMORY = 64 * 1024  # KiB
IMAGE = "cgr.dev/acme.com/web:1"
WORKERS = 6


def tried(some: int, many: int) -> pytest.MarkDecorator:
    """Gives a test a number of inputs, and a larger one in `make check` and `make fuzz`."""
    slow = pytest.param(int(CHOSEN or many), marks=pytest.mark.slow)
    return pytest.mark.parametrize("count", [some, slow], ids=["some", "many"])


def outcome(call: Callable[[], object]) -> str:
    """Returns the text that a user sees of a result or an error, and checks that the error is an expected one."""
    try:
        return str(call())
    except CgrError as caught:
        error = caught
    assert error.error_code != "error", error
    assert str(error).replace("\n", "").isprintable()
    return str(error) + "".join(traceback.format_exception(error))


def assert_harmless(numbers: range, seen: Callable[[int], str]) -> None:
    # Imports, and memory that the allocator keeps for each thread, do not count.
    list(run_concurrently(seen, range(-200, 0), WORKERS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, done in run_concurrently(seen, numbers, WORKERS):
        shown = done.result()
        for secret in (SECRET, PAIR):
            assert secret not in re.sub(r'  File ".*\n.*\n', "", shown), number
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= MEMORY


def play(connection: socket.socket) -> None:
    """Answers the request of a connection, by the number in it."""
    if request := connection.recv(65536).decode("latin-1"):
        found = re.search(r"fuzz-(\d+)", request)
        offered = re.search(r"(?i)authorization: (.*)\r\n", request)
        connection.sendall(answer(int(found[1]) if found else 0, " /token" in request, offered[1] if offered else ""))
    connection.close()


@tried(80, 400)
def test_responses(count: int) -> None:
    with server(play) as url:

        def seen(number: int) -> str:
            resolver = Resolver(registry=url, username="acme/pull", password=SECRET, timeout=0.4, environment={})
            return outcome(lambda: resolver.resolve(f"cgr.dev/acme.com/fuzz-{abs(number)}:1"))

        assert_harmless(range(count), seen)


@tried(400, 4_000)
def test_configurations_of_docker_and_podman(tmp_path: Path, count: int) -> None:
    def seen(number: int) -> str:
        file = tmp_path / f"{number}.json"
        file.write_bytes(configuration(number))
        environ = {"HOME": str(tmp_path), "PATH": "", "REGISTRY_AUTH_FILE": str(file)}
        resolver = Resolver(environment=environ, timeout=5)
        shown = outcome(lambda: [each.outcome for each in resolver.credentials_for(IMAGE)])
        file.unlink()
        return shown

    assert_harmless(range(count), seen)


@tried(400, 4_000)
def test_settings(count: int) -> None:
    names = [name for setting in SETTINGS for name in setting.names]

    def seen(number: int) -> str:
        given = settings(number, names)
        as_environment = {f"CGR_{name.upper()}": str(each) for name, each in given.items()}
        if number % 2:
            return outcome(lambda: Resolver(environment=as_environment).concurrency)
        return outcome(lambda: Resolver(environment={}, **given).concurrency)

    assert_harmless(range(count), seen)
