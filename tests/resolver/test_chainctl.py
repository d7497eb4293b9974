# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The token of chainctl, in this process: the one it keeps, the one it prints, and the reason if it gives no token."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth import chainctl
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.chainctl import Chainctl
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import Bearer, Credential
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from pulumi_cgr.resolver import BrokenCredentials
from tests.support.machine import GOOD, Machine, token

IMAGE = reference.parse("cgr.dev/acme.com/web:1")
KEPT = ".cache/chainguard/cgr.dev/oidc-token"
FOUND_KEPT = Bearer(GOOD, "chainctl's kept token")
PRINTED = Bearer("printed", "chainctl auth token")


@pytest.fixture(autouse=True)
def _nothing_else_on_path(machine: Machine) -> None:
    machine.environ["PATH"] = f"{machine.home}/bin:/bin"


def source(machine: Machine) -> Chainctl:
    return Chainctl(machine.environment, Answers())


def found(machine: Machine, seconds: float = 20, refused: Credential | None = None) -> Credential | str:
    return source(machine).find(IMAGE, time.monotonic() + seconds, refused)


def test_the_kept_token_is_used_without_asking_chainctl(machine: Machine) -> None:
    machine.program("chainctl", "exit 1")
    machine.write(KEPT, f"{GOOD}\n")

    assert found(machine) == FOUND_KEPT


def test_a_token_that_is_about_to_expire_is_not_used(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = float(int(time.time()))
    machine.program("chainctl", "echo printed")
    monkeypatch.setattr(time, "time", lambda: now)

    machine.write(KEPT, token(seconds=61))
    assert found(machine) != PRINTED
    machine.write(KEPT, token(seconds=60))
    assert found(machine) == PRINTED


@pytest.mark.parametrize("kept", ["opaque", "", "\n"])
def test_chainctl_is_asked_for_a_token_for_cgr_dev_if_it_keeps_none_that_is_good(machine: Machine, kept: str) -> None:
    machine.write(KEPT, kept)
    machine.program("chainctl", '[ "$*" = "auth token --audience cgr.dev" ] && [ -z "$(cat)" ] && echo " printed "')

    assert found(machine) == PRINTED


def test_chainctl_is_asked_once_and_again_if_its_token_was_refused(machine: Machine) -> None:
    machine.write(KEPT, GOOD)
    machine.program("chainctl", f"echo asked >> {machine.home}/log; echo printed")
    asked = source(machine)

    assert asked.find(IMAGE, time.monotonic() + 20, None) == FOUND_KEPT
    assert asked.find(IMAGE, time.monotonic() + 20, FOUND_KEPT) == PRINTED
    assert asked.find(IMAGE, time.monotonic() + 20, FOUND_KEPT) == PRINTED
    assert (machine.home / "log").read_text() == "asked\n"
    assert asked.find(IMAGE, time.monotonic() + 20, PRINTED) == FOUND_KEPT


def test_without_chainctl_it_is_told_why_the_kept_token_is_not_used(machine: Machine) -> None:
    end = ", and chainctl is not installed"

    assert found(machine) == f"it is not signed in{end}"
    machine.write(KEPT, "\n")
    assert found(machine) == f"it is not signed in{end}"
    machine.write(KEPT, token(seconds=-5))
    assert found(machine) == f"its kept token has expired{end}"
    machine.write(KEPT, GOOD)
    assert found(machine, refused=FOUND_KEPT) == f"its kept token was refused{end}"
    (machine.home / KEPT).unlink()
    (machine.home / KEPT).mkdir()
    assert found(machine) == f"chainctl's kept token is a directory, not a file{end}"
    (machine.home / KEPT).rmdir()
    os.mkfifo(machine.home / KEPT)
    assert found(machine, 0.1) == f"chainctl's kept token is a pipe, and no program wrote to it in time{end}"
    (machine.home / KEPT).write_text("")  # lets the reader end


URL = "https://issuer.enforce.dev/device?code=ABCD-EFGH"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo not signed in >&2; exit 1", "chainctl gives no token: 'not signed in'. Sign in: chainctl auth login"),
        ("echo token; exit 1", "chainctl gives no token: ''. Sign in: chainctl auth login"),
        ("echo", "chainctl gives no token: ''. Sign in: chainctl auth login"),
        (
            f"echo Open {URL} >&2; exit 1",
            f"chainctl gives no token: 'Open {URL}'; it asks to sign in at {URL}. Sign in: chainctl auth login",
        ),
        (
            f"echo Open {URL} >&2; exec sleep 600",
            f"chainctl did not answer in time; it asks to sign in at {URL}. Sign in: chainctl auth login",
        ),
        (
            "exec sleep 600",
            "chainctl did not answer in time; it may be waiting for somebody to sign in. Sign in: chainctl auth login",
        ),
        (
            "echo two words",
            "what chainctl auth token prints contains a space or another character that no token has."
            " Give the token alone.",
        ),
    ],
)
def test_chainctl_that_gives_no_token_says_why(machine: Machine, script: str, sentence: str) -> None:
    machine.program("chainctl", script)

    with pytest.raises(BrokenCredentials) as refused:
        found(machine, 0.4 if "sleep" in script else 20)
    assert str(refused.value) == sentence


def test_a_kept_token_that_can_be_none_is_named(machine: Machine) -> None:
    machine.write(KEPT, f"{GOOD} more")

    with pytest.raises(BrokenCredentials) as refused:
        found(machine)
    assert str(refused.value) == (
        "chainctl's kept token contains a space or another character that no token has. Give the token alone."
    )


@pytest.mark.parametrize(
    ("platform", "environ", "path"),
    [
        ("linux", {}, KEPT),
        ("linux", {"XDG_CACHE_HOME": "elsewhere"}, "elsewhere/chainguard/cgr.dev/oidc-token"),
        ("darwin", {"XDG_CACHE_HOME": "elsewhere"}, "Library/Caches/chainguard/cgr.dev/oidc-token"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/chainguard/cgr.dev/oidc-token"),
    ],
)
def test_the_token_is_kept_where_the_system_keeps_caches(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], path: str
) -> None:
    machine.environ |= {name: str(machine.home / value) for name, value in environ.items()}
    machine.write(path, GOOD)
    monkeypatch.setattr(chainctl, "sys", SimpleNamespace(platform=platform))

    assert found(machine) == FOUND_KEPT


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_without_a_home_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(chainctl, "sys", SimpleNamespace(platform=platform))
    monkeypatch.setattr(chainctl, "home_of", lambda _environment: None)

    nobody = Chainctl({"PATH": "/nowhere"}, Answers())

    assert nobody.find(IMAGE, time.monotonic() + 20, None) == "it is not signed in, and chainctl is not installed"


def test_a_cache_that_is_named_needs_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chainctl, "home_of", lambda _environment: None)
    kept = tmp_path / "chainguard/cgr.dev/oidc-token"
    kept.parent.mkdir(parents=True)
    kept.write_text(GOOD)

    assert Chainctl({"XDG_CACHE_HOME": str(tmp_path)}, Answers()).find(IMAGE, time.monotonic() + 20, None) == FOUND_KEPT
