# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Everything is bounded: answers, helpers, pipes and locks; and what is asked for once is asked for once."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver import process
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_cache import FileCache
from ansible_collections.cgr.images.plugins.module_utils._resolver.cache.file_lock import locked_file
from pulumi_cgr.resolver import (
    BrokenCredentials,
    CgrError,
    Instant,
    InvalidArgument,
    InvalidLock,
    RegistryUnavailable,
    Resolver,
    UntrustworthyAnswer,
)
from tests.support.machine import CONFIGS, GOOD, HELPER, IMAGE, PUBLIC, A, Machine, issue
from tests.support.servers import answers, server, without_end

MOVED = Instant.parse("2026-01-31")
BOUND = 10.0
"""Far more than any of these takes, and far less than what is not bounded."""


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND


OK = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
ANSWERS: dict[str, tuple[Callable[[socket.socket], None], type[CgrError], str]] = {
    "the body of a redirect": (answers(b"HTTP/1.1 302 Found\r\nLocation: https://example.com\r\n\r\n", without_end(65536 * b"x")), UntrustworthyAnswer, "redirected the request to 'example.com'"),
    "a Location that is not a URL": (answers(b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n"), UntrustworthyAnswer, "redirected the request to a URL that is malformed"),
    "304": (answers(b"HTTP/1.1 304 Not Modified\r\n\r\n"), UntrustworthyAnswer, "answered 304 (Not Modified), though the request set no condition"),
    "a chunk of negative size": (answers(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", without_end(65536 * b"x")), RegistryUnavailable, "its answer is not valid HTTP"),
    "a chunk without a size": (answers(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", without_end(65536 * b"x")), RegistryUnavailable, "it broke its answer off"),
    "a chunk's line without end": (answers(OK + b"Transfer-Encoding: chunked\r\n\r\n", without_end(65536 * b"1")), CgrError, "127.0.0.1"),
    "chunks without end": (answers(OK + b"Transfer-Encoding: chunked\r\n\r\n", without_end(b"1\r\nx\r\n" * 1000)), CgrError, "127.0.0.1"),
    "a body without end": (answers(OK + b"\r\n", without_end(65536 * b"x")), UntrustworthyAnswer, "an answer of more than 2048 KiB"),
    "100 Continue without end": (answers(b"", without_end(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)), CgrError, "127.0.0.1"),
    "HTTP/0.9": (answers(b"<html>welcome</html>"), UntrustworthyAnswer, "answered something that is not HTTP/1.1: it begins with '<html>welcome</html>'"),
    "garbage": (answers(b"SSH-2.0-OpenSSH_9.6\r\n"), UntrustworthyAnswer, "answered something that is not HTTP/1.1: it begins with 'SSH-2.0-OpenSSH_9.6'"),
    "an encoding nobody asked for": (answers(OK + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx"), UntrustworthyAnswer, "in the encoding 'br', which was not asked for"),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_is_read_no_further_than_it_can_be_one(case: str) -> None:
    answer, kind, sentence = ANSWERS[case]
    with server(answer) as url, pytest.raises(kind) as caught:
        Resolver(registry=url, environment={}, timeout=2).resolve(PUBLIC)
    assert sentence in str(caught.value)


HANGING = {
    "hangs": ("sleep 600", "docker-credential-slow did not answer in time"),
    "hangs, with a child": ("sleep 600 & sleep 600", "docker-credential-slow did not answer in time"),
    "prints without end": ("yes", "docker-credential-slow printed more than 1024 KiB; it was stopped"),
    "complains without end": ("yes >&2", "docker-credential-slow printed more than 1024 KiB; it was stopped"),
}


@pytest.mark.parametrize("case", HANGING)
def test_a_helper_that_does_not_end_is_named_and_stopped(machine: Machine, case: str) -> None:
    script, sentence = HANGING[case]
    machine.program("docker-credential-slow", script)
    machine.write(".docker/config.json", {"credsStore": "slow"})
    timeout = "1" if "hangs" in case else "20"

    with pytest.raises(BrokenCredentials) as caught:
        machine.resolve(timeout=timeout)
    assert sentence in str(caught.value)
    assert "cgr.dev did not answer" not in str(caught.value)
    assert machine.resolve(PUBLIC, timeout=timeout) == A


def test_a_helper_that_ends_is_believed_though_a_child_of_it_does_not(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    machine.program("docker-credential-cgr", f"sleep 30 & {HELPER}")
    machine.write(".docker/config.json", CONFIGS["credsStore"])

    assert machine.resolve() == A


def test_a_public_set_does_without_a_helper_that_hangs_and_warns_once(machine: Machine) -> None:
    machine.program("docker-credential-slow", "sleep 600")
    machine.write(".docker/config.json", {"credsStore": "slow"})
    images = [f"chainguard/web:{number}" for number in range(40)]
    for image in images:
        machine.registry.histories.move(image, A, MOVED)

    found = machine.resolver(timeout=6).resolve_all({image: f"cgr.dev/{image}" for image in images})

    (warning,) = found.warnings
    assert "docker-credential-slow did not answer in time" in warning


def test_chainctl_that_waits_for_a_sign_in_says_where(machine: Machine) -> None:
    machine.program("chainctl", "echo 'Open https://issuer.enforce.dev/device?code=ABCD-EFGH' >&2; sleep 600")

    with pytest.raises(BrokenCredentials, match=r"sign in at https://issuer\.enforce\.dev/device\?code=ABCD-EFGH"):
        machine.resolve(timeout=1)


def private(machine: Machine, count: int) -> dict[str, str]:
    """Adds private repositories, and returns them."""
    names = [f"acme.com/service-{number}" for number in range(count)]
    for name in names:
        machine.registry.histories.move(f"{name}:latest", A, MOVED)
    return {name: f"cgr.dev/{name}" for name in names}


@pytest.mark.parametrize("source", ["helper", "chainctl", "identity"])
def test_credentials_are_asked_for_once_for_many_repositories(machine: Machine, source: str) -> None:
    count = machine.home / "count"
    settings = {}
    if source == "helper":
        machine.program("docker-credential-cgr", f"echo once >> {count}; sleep 0.5; {HELPER}")
        machine.write(".docker/config.json", CONFIGS["credsStore"])
    elif source == "chainctl":
        machine.program("chainctl", f"echo once >> {count}; sleep 0.5; echo {GOOD}")
    else:
        machine.registry.interfere = issue
        settings = {"identity": "acme/ci", "identity_token": "the-oidc-secret", "issuer": machine.registry.url}

    found = machine.resolver(timeout=2, **settings).resolve_all(private(machine, 64))

    assert set(found.digests.values()) == {A}
    exchanged = [request for request in machine.registry.requests if request.path == "/sts/exchange"]
    assert len(exchanged) == 1 if source == "identity" else count.read_text() == "once\n"


@pytest.mark.parametrize("place", ["identity_token_file", ".docker/config.json", "kept token"])
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(machine: Machine, place: str) -> None:
    path = machine.home / {"kept token": ".cache/chainguard/cgr.dev/oidc-token"}.get(place, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    settings = {"identity": "acme/ci", "identity_token_file": str(path)} if place == "identity_token_file" else {}

    with pytest.raises(
        CgrError,
        match="no credentials were sent" if place == "kept token" else "is a pipe, and no program wrote to it in time",
    ):
        machine.resolve(timeout=1, **settings)


def test_a_pipe_is_read_once(machine: Machine) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"auths": {"cgr.dev": {"registrytoken": "%s"}}}' % GOOD.encode())
    os.close(writing)
    machine.environ = {"REGISTRY_AUTH_FILE": f"/dev/fd/{reading}"}

    assert set(machine.resolver().resolve_all(private(machine, 20)).digests.values()) == {A}
    os.close(reading)


def test_a_ca_bundle_that_is_a_pipe_is_told(machine: Machine) -> None:
    os.mkfifo(machine.home / "bundle.pem")
    machine.environ = {"REQUESTS_CA_BUNDLE": str(machine.home / "bundle.pem"), "CGR_REGISTRY": "https://cgr.dev"}

    with pytest.raises(InvalidArgument, match=r"REQUESTS_CA_BUNDLE names .* cannot be read: it is not a file"):
        machine.resolve(PUBLIC)


def test_a_device_and_a_lock_that_is_a_pipe_are_told(machine: Machine) -> None:
    with pytest.raises(BrokenCredentials, match="is a device or a socket, not a file"):
        machine.resolve(identity="acme/ci", identity_token_file="/dev/zero")
    os.mkfifo(machine.home / "cgr.lock.json")
    with pytest.raises(InvalidLock, match="is not a regular file"):
        machine.resolve(lock=str(machine.home / "cgr.lock.json"))


def test_a_lock_of_the_cache_that_somebody_holds_does_not_stand_in_the_way(machine: Machine) -> None:
    cache = machine.home / "cache"
    machine.resolver(cache=cache, token=GOOD).resolve(IMAGE, at="2026-02-01")
    (lock,) = cache.glob("*.lock")
    (entry,) = cache.glob("*.json")
    entry.unlink()

    with locked_file(str(lock), 1):
        assert machine.resolver(cache=cache, token=GOOD, timeout=0.3).resolve(IMAGE, at="2026-02-01").digest == A


def test_a_lock_of_the_run_that_somebody_holds_is_told(machine: Machine) -> None:
    folder = machine.home / "run"
    machine.resolver(run_cache=FileCache(folder, seconds=60), token=GOOD).resolve(IMAGE)
    (entry,) = folder.glob("*.json")
    entry.unlink()

    with locked_file(str(entry.with_suffix(".lock")), 1), pytest.raises(RegistryUnavailable, match=r"for 0\.2 s"):
        machine.resolver(run_cache=FileCache(folder, seconds=0.2), token=GOOD).resolve(IMAGE)
