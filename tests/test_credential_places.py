# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which credentials are used, against docker, podman, crane and skopeo on the same files, where these are installed.

`make docs` writes the table of docs/reference/credential-places.md; the column of a program that is not installed is kept.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pulumi_cgr.resolver import CgrError, Resolver
from pulumi_cgr.testing import Registry, Reply, Request

from .support.elsewhere import elsewhere
from .support.environments import ROOT
from .support.pages import compare, table

IMAGE = "cgr.dev/acme.com/web:1"
PAGE = "docs/reference/credential-places.md"
COMMANDS = {
    "docker": ["docker", "manifest", "inspect", IMAGE],
    "podman": ["podman", "manifest", "inspect", f"docker://{IMAGE}"],
    "crane": ["crane", "digest", IMAGE],
    "skopeo": ["skopeo", "inspect", "--raw", f"docker://{IMAGE}"],
}
OURS = "pulumi-cgr"
NOT_INSTALLED = "not tried"
HEAD = """\
# Where credentials are found, compared

Which user's credentials each program sends to `cgr.dev` for `cgr.dev/acme.com/web:1`, with the same files, variables and credential
helpers. Written by `make docs` from a run of `tests/test_credential_places.py`. *none*: the request is anonymous; *error*: nothing is
asked.

"""


def pair(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:secret".encode()).decode()}


DOCKER, PODMAN, RUNTIME = ".docker/config.json", ".config/containers/auth.json", "run/containers/auth.json"
ONE: dict[str, object] = {"auths": {"cgr.dev": pair("one")}}
TWO: dict[str, object] = {"auths": {"cgr.dev": pair("two")}}
EMPTY: dict[str, object] = {"auths": {"cgr.dev": {}}}


@dataclass(frozen=True)
class Case:
    """Files in the home, variables (HOME/ stands for its path), helpers with the user they answer, and who is right."""

    expected: str
    files: dict[str, object]
    environ: dict[str, str] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()


CASES = {
    "nothing": Case("none", {}),
    "config.json": Case("one", {DOCKER: ONE}),
    "an empty config.json": Case("none", {DOCKER: ""}),
    "config.json in DOCKER_CONFIG": Case("two", {DOCKER: ONE, "other/config.json": TWO}, {"DOCKER_CONFIG": "HOME/other"}),
    "DOCKER_AUTH_CONFIG": Case("two", {DOCKER: ONE}, {"DOCKER_AUTH_CONFIG": json.dumps(TWO)}),
    "key with scheme": Case("one", {DOCKER: {"auths": {"https://cgr.dev": pair("one")}}}),
    "key with scheme and /v1/": Case("one", {DOCKER: {"auths": {"https://cgr.dev/v1/": pair("one")}}}),
    "key with scheme and a path": Case("one", {DOCKER: {"auths": {"https://cgr.dev/some/path": pair("one")}}}),
    "exact key and one with scheme": Case("one", {DOCKER: {"auths": {"https://cgr.dev": pair("two"), "cgr.dev": pair("one")}}}),
    "empty exact key, filled one with scheme": Case("two", {DOCKER: {"auths": {"cgr.dev": {}, "https://cgr.dev": pair("two")}}}),
    "names of fields in another case": Case("one", {DOCKER: {"Auths": {"cgr.dev": {"Auth": pair("one")["auth"]}}}}),
    "username and password": Case("one", {DOCKER: {"auths": {"cgr.dev": {"username": "one", "password": "secret"}}}}),
    "auth beside username and password": Case("one", {DOCKER: {"auths": {"cgr.dev": {**pair("one"), "username": "two", "password": "x"}}}}),
    "identitytoken": Case("identity token", {DOCKER: {"auths": {"cgr.dev": {"identitytoken": "refresh-me"}}}}),
    "credHelpers": Case("helper", {DOCKER: {"credHelpers": {"cgr.dev": "there"}, **ONE}}, helpers=("there",)),
    "credsStore": Case("helper", {DOCKER: {"credsStore": "there", **EMPTY}}, helpers=("there",)),
    "credsStore that has nothing": Case("one", {DOCKER: {"credsStore": "empty", **ONE}}, helpers=("empty",)),
    "credsStore that is not installed": Case("one", {DOCKER: {"credsStore": "missing", **ONE}}),
    "credsStore, and no helper for the host": Case("one", {DOCKER: {"credsStore": "there", "credHelpers": {"cgr.dev": ""}, **ONE}}, helpers=("there",)),
    "credHelpers of another host": Case("one", {DOCKER: {"credHelpers": {"example.com": "there"}, **ONE}}, helpers=("there",)),
    "auth.json": Case("one", {PODMAN: ONE}),
    "auth.json in XDG_RUNTIME_DIR": Case("two", {PODMAN: ONE, RUNTIME: TWO}, {"XDG_RUNTIME_DIR": "HOME/run"}),
    "REGISTRY_AUTH_FILE": Case("two", {DOCKER: ONE, "named.json": TWO}, {"REGISTRY_AUTH_FILE": "HOME/named.json"}),
    "key with a namespace": Case("two", {PODMAN: {"auths": {"cgr.dev": pair("one"), "cgr.dev/acme.com": pair("two")}}}),
    "key of a repository": Case("two", {PODMAN: {"auths": {"cgr.dev/acme.com": pair("one"), "cgr.dev/acme.com/web": pair("two")}}}),
    "config.json that is not JSON": Case("error", {DOCKER: "{ this"}),
}  # fmt: skip


class World:
    """A registry that grants everybody a token, and keeps who asked for it."""

    def __init__(self, registry: Registry, environ: dict[str, str]) -> None:
        self.registry = registry
        self.environ = environ
        registry.interfere = self.answer

    def answer(self, request: Request) -> Reply:
        if request.path == "/token":
            return Reply.of_json(200, {"token": "granted", "access_token": "granted", "expires_in": 300})
        if request.headers.get("authorization") == "Bearer granted":
            return Reply.of_json(404, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]})
        scope = 'Bearer realm="https://cgr.dev/token",service="cgr.dev",scope="repository:acme.com/web:pull"'
        return Reply(401, b"{}", {"WWW-Authenticate": scope, "Docker-Distribution-Api-Version": "registry/2.0"})

    def prepare(self, case: Case, home: Path) -> dict[str, str]:
        """Puts the files of a case into a home, and returns its environment."""
        for path, content in case.files.items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content if isinstance(content, str) else json.dumps(content))
        for name in case.helpers:
            answer = json.dumps({"ServerURL": "cgr.dev", "Username": "helper", "Secret": "secret"})
            script = (
                f"cat >/dev/null; echo '{answer}'"
                if name == "there"
                else "echo credentials not found in native keychain; exit 1"
            )
            program = home / "bin" / f"docker-credential-{name}"
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        given = {name: value.replace("HOME/", f"{home}/") for name, value in case.environ.items()}
        certificates = {"SSL_CERT_FILE": self.environ["REQUESTS_CA_BUNDLE"]}
        return {**self.environ, **certificates, "HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", **given}

    def used(self) -> str:
        """Returns whose credentials the first request for a token had."""
        asked = [request for request in self.registry.requests if request.path == "/token"]
        if not asked:
            return "error"
        kind, _space, value = asked[0].headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            return base64.b64decode(value).decode().partition(":")[0]
        return "identity token" if asked[0].method == "POST" else "none"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    registry = Registry({})
    with elsewhere(registry, tmp_path) as (_proxy, environ):
        yield World(registry, environ)


def ask_ours(world: World, environ: dict[str, str]) -> str:
    world.registry.requests.clear()
    with contextlib.suppress(CgrError):
        Resolver(environment=environ, timeout=5).resolve(IMAGE)
    return world.used()


def ask(program: str, world: World, environ: dict[str, str]) -> str:
    path = shutil.which(program)
    if path is None:
        return NOT_INSTALLED
    world.registry.requests.clear()
    command = [path, *COMMANDS[program][1:]]
    subprocess.run(command, env=environ, capture_output=True, timeout=30, check=False)
    return world.used()


@pytest.mark.parametrize("case", CASES)
def test_the_credentials_that_are_found(world: World, tmp_path: Path, case: str) -> None:
    environ = world.prepare(CASES[case], tmp_path)

    assert ask_ours(world, environ) == CASES[case].expected


@pytest.mark.page
@pytest.mark.slow
@pytest.mark.parametrize("program", COMMANDS)
def test_the_page_of_places_is_true_of_a_witness(world: World, tmp_path: Path, program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on PATH")
    found = {}
    for number, (name, case) in enumerate(CASES.items()):
        home = tmp_path / str(number)
        home.mkdir()
        found[name] = ask(program, world, world.prepare(case, home))

    columns = kept()
    columns[program] = found
    rows = [
        (name, CASES[name].expected, *(columns[each].get(name, NOT_INSTALLED) for each in COMMANDS)) for name in CASES
    ]
    compare(PAGE, HEAD + table(["what there is", OURS, *COMMANDS], rows))


def kept() -> dict[str, dict[str, str]]:
    """Returns the columns of the page as it is."""
    page = ROOT / PAGE
    lines = [line.split("|")[1:-1] for line in page.read_text().splitlines()] if page.exists() else []
    rows = [[cell.strip() for cell in line] for line in lines if len(line) == len(COMMANDS) + 2]
    return {name: {row[0]: row[number] for row in rows[2:]} for number, name in enumerate(COMMANDS, 2)}
