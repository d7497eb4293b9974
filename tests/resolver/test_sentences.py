# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Sentences are true: they name who answered, which variable, file or key is at fault, and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_cgr.resolver import (
    BrokenCredentials,
    DeniedByPolicy,
    InvalidArgument,
    RegistryUnavailable,
    SeveralFailed,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Reply, Request
from tests.support.elsewhere import Proxy
from tests.support.environments import ROOT
from tests.support.machine import BASIC, CONFIGS, GOOD, IMAGE, PUBLIC, A, Machine

PROXIED = {
    "407 Proxy Authentication Required": "answered 407: it wants a user name and a password, or does not take those it got. Write them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
    "403 Forbidden": "answered 403: it does not allow connections to cgr.dev. Ask whoever runs it",
    "302 Found": "answered 302: it redirects to another page, perhaps to sign in there",
    "500 Internal Server Error": "answered 500. Check the proxy, then try again",
}


@pytest.mark.parametrize("status", PROXIED)
def test_a_proxy_that_answers_itself_is_named(world: tuple[Machine, Proxy], status: str) -> None:
    machine, proxy = world
    proxy.status = status

    with pytest.raises(RegistryUnavailable) as caught:
        machine.resolve(PUBLIC)

    assert f"the proxy {proxy.url.removeprefix('http://')} (HTTPS_PROXY) {PROXIED[status]}" in str(caught.value)
    assert len(proxy.asked) == 1


def test_a_proxy_gets_its_user_name(world: tuple[Machine, Proxy]) -> None:
    machine, proxy = world
    machine.environ["HTTPS_PROXY"] = proxy.url.replace("http://", "http://me:p%40ss@")

    assert machine.resolve(PUBLIC) == A
    assert "proxy-authorization: basic bwu6cebzcw==" in proxy.asked[0].lower()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_bundle_that_cannot_be_used_is_named_with_its_variable(
    world: tuple[Machine, Proxy], variable: str, content: str | None
) -> None:
    machine, _proxy = world
    path = machine.home / "bundle.pem"
    if content is not None:
        path.write_text(content)
    machine.environ = {"CGR_REGISTRY": "", variable: str(path)}

    with pytest.raises(
        InvalidArgument, match=f"{variable} names '{path}', which (cannot be read|holds no certificate)"
    ):
        machine.resolve(PUBLIC)


def test_a_429_says_for_how_long(machine: Machine) -> None:
    machine.registry.interfere = lambda _request: Reply(429, headers={"Retry-After": "3600"})

    with pytest.raises(RegistryUnavailable, match="it answered 429 and asks to wait 3600 s"):
        machine.resolve(PUBLIC)


ISSUER = {
    "500": (Reply(500), RegistryUnavailable, "failed; try again later: it answered 500"),
    "a web page": (Reply(200, b"<html>Sign in</html>"), UntrustworthyAnswer, "answered no token: it is a web page"),
    "no token": (Reply(200, b"{}"), UntrustworthyAnswer, "answered no token: it begins with '{}'"),
}


@pytest.mark.parametrize("case", ISSUER)
def test_an_issuer_that_does_not_work_is_told_and_a_public_image_does_without(machine: Machine, case: str) -> None:
    reply, kind, sentence = ISSUER[case]
    machine.registry.interfere = lambda request: reply if request.path == "/sts/exchange" else None
    settings = {"identity": "acme/ci", "identity_token": "the-oidc-secret", "issuer": machine.registry.url}

    with pytest.raises(kind) as caught:
        machine.resolve(**settings)
    found = machine.resolver(**settings).resolve(PUBLIC)

    assert f"the issuer {machine.registry.url.removeprefix('http://')} {sentence}" in str(caught.value)
    assert found.digest == A
    assert sentence in found.warnings[0]


def test_a_public_image_does_without_an_issuer_that_cannot_be_reached(machine: Machine) -> None:
    found = machine.resolver(
        identity="acme/ci", identity_token="the-oidc-secret", issuer="http://127.0.0.1:9", timeout=3
    ).resolve(PUBLIC)

    assert found.digest == A
    assert "127.0.0.1:9 cannot be asked: Connection refused" in found.warnings[0]


def test_a_policy_that_denies_a_public_image_is_not_circumvented(machine: Machine) -> None:
    machine.write(".docker/config.json", CONFIGS["auth"])
    offered: list[str] = []

    def deny(request: Request) -> Reply | None:
        if request.path == "/token":
            offered.append(request.headers.get("authorization", "none"))
            return None
        return Reply(403, b"pull denied by policy: cooldown")

    machine.registry.interfere = deny
    with pytest.raises(DeniedByPolicy):
        machine.resolve(PUBLIC)
    assert offered == [f"Basic {BASIC}"]


@pytest.mark.parametrize("name", ["identity_token", "identity_token_file"])
def test_an_oidc_token_without_an_identity_is_refused(machine: Machine, name: str) -> None:
    machine.environ = {f"CGR_{name.upper()}": "the-oidc-secret"}

    with pytest.raises(InvalidArgument, match=f"{name} and identity belong together"):
        machine.resolver()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user that the system does not know")
def test_no_home_and_no_passwd_entry_is_no_error(machine: Machine) -> None:
    script = f"""
import os, requests.utils, urllib3
from pulumi_cgr.resolver import Resolver
resolver = Resolver(registry={machine.registry.url!r}, environment={{"PATH": "/usr/bin"}})
resolver.resolve({PUBLIC!r})
os.environ.pop("HOME", None)
os.setuid(54321)
print(resolver.resolve({PUBLIC!r}).digest)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == A, done.stderr


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a directory": (lambda path: path.mkdir(parents=True), "config.json is a directory, not a file"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe{}"), "config.json is not text in UTF-8"),
    "a number for auth": (
        lambda path: path.write_text('{"auths": {"https://cgr.dev/v1/": {"auth": 7}}}'),
        "config.json has a malformed entry 'https://cgr.dev/v1/'. Sign in again: docker login cgr.dev",
    ),
    "no list": (
        lambda path: path.write_text("[]"),
        "holds no configuration. Fix it, or sign in again: docker login cgr.dev",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_none_is_told_as_what_it_is(machine: Machine, case: str) -> None:
    make, sentence = FILES[case]
    path = machine.home / ".docker/config.json"
    path.parent.mkdir()
    make(path)

    with pytest.raises(BrokenCredentials) as caught:
        machine.resolve()
    assert sentence in str(caught.value)
    assert machine.resolve(PUBLIC) == A


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
def test_another_users_file_that_cannot_be_read_is_told_as_that(machine: Machine) -> None:
    path = machine.write("secret/token", "the-oidc-secret")
    script = f"""
import os
from pulumi_cgr.resolver import Resolver, CgrError
resolver = Resolver(registry={machine.registry.url!r}, identity="i", identity_token_file={str(path)!r}, environment={{"HOME": "/"}})
for folder in {[str(each) for each in path.parents if str(each).startswith("/tmp/")]!r}:
    os.chmod(folder, 0o755)
os.setuid(54321)
try: resolver.resolve({IMAGE!r})
except CgrError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "belongs to another user (uid 0) and cannot be read: Permission denied" in done.stdout, done.stderr


def test_a_set_names_each_image_once(machine: Machine) -> None:
    images = [IMAGE, "cgr.dev/acme.com/other:1"]

    with pytest.raises(SeveralFailed) as caught:
        machine.resolver().resolve_all(dict(zip(images, images, strict=True)))

    assert all(str(caught.value).count(image) == 1 for image in images)


def test_a_refresh_grant_names_its_client(machine: Machine) -> None:
    machine.write(".docker/config.json", CONFIGS["identitytoken"])
    machine.resolve()

    (grant,) = [request.query for request in machine.registry.requests if request.path == "/token"]
    assert grant["client_id"] == "pulumi-cgr"
    assert grant["grant_type"] == "refresh_token"


def test_the_first_place_that_has_credentials_counts(machine: Machine) -> None:
    machine.write("docker/config.json", CONFIGS["auth"])
    machine.write("named.json", {"auths": {"cgr.dev": {"registrytoken": GOOD}}})
    machine.environ = {
        "DOCKER_CONFIG": str(machine.home / "docker"),
        "REGISTRY_AUTH_FILE": str(machine.home / "named.json"),
    }

    machine.resolve()

    assert f"Basic {BASIC}" in machine.sent()
    assert f"Bearer {GOOD}" not in machine.sent()


def test_a_helper_comes_before_the_entry_it_stands_for(machine: Machine) -> None:
    machine.program("docker-credential-own", f'echo \'{{"Username": "_token", "Secret": "{GOOD}"}}\'')
    machine.program("docker-credential-store", "echo asked >> $HOME/asked; exit 1")
    machine.write(
        ".docker/config.json",
        {"credHelpers": {"cgr.dev": "own"}, "credsStore": "store", "auths": {"cgr.dev": {"auth": BASIC}}},
    )

    machine.resolve()

    assert machine.sent() == {f"Bearer {GOOD}"}
    assert not (machine.home / "asked").exists()
