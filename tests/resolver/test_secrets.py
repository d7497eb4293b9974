# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""No secret is ever shown, whatever it is spelled like, and none goes to another host than its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.border import border
from ansible_collections.cgr.images.plugins.module_utils._resolver.redaction import (
    hide_secrets,
    redact,
    remember_secret,
)
from pulumi_cgr.resolver import AccessRefused, BrokenCredentials, CgrError, InvalidArgument, NotSignedIn, WrongAudience
from pulumi_cgr.testing import Registry, Reply
from tests.support.elsewhere import Proxy
from tests.support.environments import ROOT
from tests.support.machine import BASIC, CONFIGS, GOOD, HISTORY, IMAGE, PASSWORD, A, Machine, issue, token

WRONG = {
    "two lines": ("first-secret-line\nsecond-secret-line", "a line end"),
    "a NUL": ("first-secret\0second-secret", "a NUL"),
    "a byte order mark": ("\ufefffirst-secret-token", "a byte order mark"),
    "half of a surrogate pair": ("first-secret\ud800token", "half of a surrogate pair"),
    "beyond Latin-1": ("first-secret-\u20ac", "a character outside Latin-1"),
    "JSON": ('{"token":"first-secret-token"}', "is JSON, not a token"),
}


def places(machine: Machine, secret: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Returns where a secret may be, each with what the sentence must name, and the settings."""
    pair = base64.b64encode(f"acme:{secret}".encode("utf-8", "surrogatepass")).decode()
    identity = {"identity": "acme/ci", "issuer": machine.registry.url}
    return {
        "token": ("the token that was given", {"token": secret}),
        "password": ("the password", {"username": "acme", "password": secret}),
        "identity_token": ("identity_token", {**identity, "identity_token": secret}),
        "auth": ("config.json (cgr.dev)", {"config": {"auths": {"cgr.dev": {"auth": pair}}}}),
        "identitytoken": ("config.json (cgr.dev)", {"config": {"auths": {"cgr.dev": {"identitytoken": secret}}}}),
        "registrytoken": ("config.json (cgr.dev)", {"config": {"auths": {"cgr.dev": {"registrytoken": secret}}}}),
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", identity),
    }


CASES = [
    (wrong, place)
    for wrong in WRONG
    for place in places(Machine(Path(), Registry({})), "")
    # A password may look like JSON, and no UTF-8 holds half of a surrogate pair.
    if (wrong, place) not in (("JSON", "password"), ("JSON", "auth"), ("half of a surrogate pair", "auth"))
]


@pytest.mark.parametrize(("wrong", "place"), CASES)
def test_a_credential_that_can_be_none_is_refused_by_its_place(machine: Machine, wrong: str, place: str) -> None:
    secret, reason = WRONG[wrong]
    named, settings = places(machine, secret)[place]
    if config := settings.pop("config", None):
        machine.write(".docker/config.json", config)
    if place.startswith("ACTIONS"):
        machine.environ = {place: secret, "ACTIONS_ID_TOKEN_REQUEST_URL": f"{machine.registry.url}/github?run=7"}

    with pytest.raises(BrokenCredentials) as caught:
        machine.resolve(**settings)

    shown = "".join(traceback.format_exception(caught.value))
    assert named in str(caught.value)
    assert reason in str(caught.value)
    assert "first-secret" not in shown.split("BrokenCredentials: ")[-1]
    assert "second-secret" not in str(caught.value)
    assert not machine.registry.requests


@pytest.mark.parametrize("content", ["the-oidc-secret\nanother-secret\n", '{"access_token": "the-oidc-secret"}'])
def test_a_token_file_with_more_than_a_token_is_not_shown_by_any_face(machine: Machine, content: str) -> None:
    path = machine.write("oidc", content)
    environ = {**machine.environment, "CGR_IDENTITY": "acme/ci", "CGR_IDENTITY_TOKEN_FILE": str(path)}
    program = "from pulumi_cgr.cli.app import run; import sys; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "resolve", IMAGE, "--verbose"]

    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "secret" not in done.stdout + done.stderr
    assert f"identity_token_file '{path}'" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


SECRET = 'p"ss/zebra & more\u00e9'
SPELLINGS = {
    "raw": SECRET,
    "percent": quote(SECRET, safe=""),
    "form": quote(SECRET, safe="").replace("%20", "+"),
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON of PHP": json.dumps(SECRET)[1:-1].replace("/", "\\/"),
    "JSON, all escaped": "".join(f"\\u{ord(c):04x}" for c in SECRET),
    "Base64": base64.b64encode(SECRET.encode()).decode(),
    "Base64 behind a name": base64.b64encode(f"acme/pull:{SECRET}".encode()).decode(),
    "URL-safe Base64": base64.urlsafe_b64encode(f"a:{SECRET}".encode()).decode(),
    "percent of JSON": quote(json.dumps(SECRET)[1:-1], safe=""),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_hidden_however_it_is_spelled(spelling: str) -> None:
    remember_secret(SECRET)

    shown = hide_secrets(f"before {SPELLINGS[spelling]} after")

    assert SPELLINGS[spelling] not in shown
    assert "zebra" not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert CgrError(SPELLINGS[spelling]).message == shown.removeprefix("before ").removesuffix(" after")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_a_registry_echoes_is_shown_without_the_secret(machine: Machine, spelling: str) -> None:
    machine.registry.interfere = lambda _request: Reply(403, f'{{"said": "{SPELLINGS[spelling]}"}}'.encode())

    with pytest.raises(AccessRefused) as caught:
        machine.resolve(username="acme/pull", password=SECRET)

    assert "said" in str(caught.value)
    assert "zebra" not in str(caught.value)
    assert SPELLINGS[spelling] not in str(caught.value)


def test_a_short_secret_is_hidden_where_it_stands_alone_and_in_what_is_quoted() -> None:
    remember_secret("pw7")
    remember_secret("hunter")

    assert hide_secrets("pw7 of a hunter, in hunters") == "pw7 of a …, in hunters"
    assert redact("pw7 of a hunter, in hunters") == "'… of a …, in hunters'"


def test_one_of_many_secrets_with_the_same_beginning_is_hidden() -> None:
    tokens = [f"same-beginning-{number:04}-of-a-token" for number in range(2000)]
    for token_ in tokens:
        remember_secret(token_)

    assert hide_secrets(f"a {tokens[1234]}, b {tokens[7]}.") == "a …, b …."
    assert hide_secrets("same-beginning-without-an-end") == "same-beginning-without-an-end"


def test_user_info_of_urls_is_not_shown(machine: Machine) -> None:
    with pytest.raises(InvalidArgument) as caught:
        machine.resolver(registry="https://me:p%40ssw0rd@registry.example.com")
    assert "p%40ssw0rd" not in str(caught.value)
    machine.environ = {"HTTPS_PROXY": "http://me:p%40ssw0rd@proxy:port", "CGR_REGISTRY": ""}
    with pytest.raises(InvalidArgument, match="HTTPS_PROXY is not the URL of a proxy") as caught:
        machine.resolve()
    assert "ssw0rd" not in str(caught.value)
    machine.environ = {}
    machine.registry.interfere = lambda _request: Reply(302, headers={"Location": "https://me:ssw0rd@example.com/"})
    with pytest.raises(CgrError, match=r"redirected the request to 'example\.com'") as refused:
        machine.resolve()
    assert "ssw0rd" not in str(refused.value)


def test_user_info_in_front_of_a_registry_is_not_shown(machine: Machine) -> None:
    with pytest.raises(InvalidArgument) as image:
        machine.resolve("me:ssw0rd@cgr.dev/chainguard/python:1")
    with pytest.raises(InvalidArgument) as mirror:
        machine.resolve(mirrors="me:ssw0rd@mirror.example.com/a=cgr.dev")
    digest = f"sha256:{64 * 'a'}"

    assert "ssw0rd" not in f"{image.value} {mirror.value}"
    assert hide_secrets(f"python:1@{digest} and cgr.dev/acme/web:1@{digest}").count(digest) == 2


def test_an_exception_of_a_library_becomes_a_sentence_that_says_it_is_a_bug() -> None:
    logged: list[str] = []
    remember_secret("the-secret-header")

    with pytest.raises(CgrError) as caught, border(logged.append):
        raise KeyError("Invalid header: the-secret-header")

    assert "an unexpected KeyError at test_secrets.py:" in str(caught.value)
    assert "this is a bug in pulumi-cgr" in str(caught.value)
    assert caught.value.__suppress_context__
    assert "Traceback" in logged[0]
    assert "the-secret-header" not in logged[0] + str(caught.value)


@pytest.mark.parametrize("url", ["https://cgr.dev", "https://cgr.dev:443", "https://CGR.DEV", "https://cgr.dev/"])
def test_credentials_for_cgr_dev_go_to_cgr_dev(world: tuple[Machine, Proxy], url: str) -> None:
    machine, proxy = world
    machine.write(".docker/config.json", CONFIGS["auth"])

    assert machine.resolve(registry=url) == A

    assert f"Basic {BASIC}" in machine.sent()
    assert all(head.startswith("CONNECT cgr.dev:443") for head in proxy.asked)


FOUND = ("Docker", "Podman", "chainctl", "kept token", "identity", "GitHub Actions")


@pytest.mark.parametrize("source", FOUND)
def test_what_was_found_is_not_sent_to_another_registry(world: tuple[Machine, Proxy], source: str) -> None:
    machine, _proxy = world
    machine.registry.interfere = issue
    machine.write(".docker/config.json" if source == "Docker" else ".config/containers/auth.json", CONFIGS["auth"])
    if source == "chainctl":
        machine.program("chainctl", f"echo {GOOD}")
    if source == "kept token":
        machine.write(".cache/chainguard/cgr.dev/oidc-token", GOOD)
    settings = {"identity": "acme/ci", "identity_token": "the-oidc-secret"} if source == "identity" else {}
    if source == "GitHub Actions":
        settings = {"identity": "acme/ci"}
        actions = {"URL": "https://issuer.example.com/github?run=7", "TOKEN": "the-job-secret"}
        machine.environ |= {f"ACTIONS_ID_TOKEN_REQUEST_{name}": value for name, value in actions.items()}

    with pytest.raises(NotSignedIn):
        machine.resolve(registry="https://registry.example.com", **settings)

    assert machine.sent() == {"none"}


def test_what_is_given_with_another_registry_is_sent_there(world: tuple[Machine, Proxy]) -> None:
    machine, _proxy = world
    own = token(audience="registry.example.com")
    machine.registry.tokens |= {own, "opaque-token"}

    for settings in ({"token": own}, {"token": "opaque-token"}, {"username": "acme/pull", "password": PASSWORD}):
        assert machine.resolve(registry="https://registry.example.com", **settings) == A


@pytest.mark.parametrize(
    "settings", [{"token": GOOD}, {"username": "_token", "password": GOOD}, {"username": "me", "password": GOOD}]
)
def test_a_chainguard_token_is_not_sent_to_a_host_it_is_not_for(
    world: tuple[Machine, Proxy], settings: dict[str, str]
) -> None:
    machine, proxy = world

    with pytest.raises(WrongAudience, match=r"for the audience 'cgr\.dev', not for registry\.example\.com"):
        machine.resolve(registry="https://registry.example.com", **settings)

    assert not proxy.asked


def test_a_chainguard_token_is_not_sent_to_another_issuer(world: tuple[Machine, Proxy]) -> None:
    machine, proxy = world

    with pytest.raises(WrongAudience, match=r"not for issuer\.example\.com"):
        machine.resolve(identity="acme/ci", identity_token=GOOD, issuer="https://issuer.example.com")

    assert not proxy.asked


def test_a_found_token_is_not_sent_to_another_issuer(world: tuple[Machine, Proxy]) -> None:
    machine, proxy = world
    actions = {"URL": "https://issuer.example.com/github?run=7", "TOKEN": "the-job-secret"}
    machine.environ |= {f"ACTIONS_ID_TOKEN_REQUEST_{name}": value for name, value in actions.items()}

    with pytest.raises(
        BrokenCredentials, match=r"is not sent to https://issuer\.example\.com, which is not Chainguard's"
    ):
        machine.resolve(identity="acme/ci", issuer="https://issuer.example.com")

    assert not proxy.asked


@pytest.mark.parametrize(
    "issuer", ["http://issuer.example.com", "http://127.999.999.999", "https://me@issuer.example.com"]
)
def test_an_issuer_without_tls_gets_nothing(machine: Machine, issuer: str) -> None:
    with pytest.raises(InvalidArgument, match=r"issuer .* is not the URL of a server"):
        machine.resolve(identity="acme/ci", identity_token="the-oidc-secret", issuer=issuer, timeout=1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "http://localhost:{}"])
def test_a_loopback_registry_is_not_asked_through_a_proxy(tmp_path: Path, url: str) -> None:
    with Registry({"acme.com/web:1": HISTORY}, users={"acme/pull": PASSWORD}) as registry, Registry({}) as proxy:
        machine = Machine(tmp_path, registry)
        machine.environ = dict.fromkeys(("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy.url)
        address = url.format(registry.url.rpartition(":")[2])

        assert machine.resolve(registry=address, username="acme/pull", password=PASSWORD) == A

        assert not proxy.requests


@pytest.mark.parametrize("exempt", ["registry.example.com", ".example.com", "*", "cgr.dev, registry.example.com"])
def test_a_host_in_no_proxy_is_asked_directly(world: tuple[Machine, Proxy], exempt: str) -> None:
    machine, proxy = world
    machine.environ |= {"NO_PROXY": exempt, "CGR_TIMEOUT": "0.5"}

    with pytest.raises(CgrError):
        machine.resolve(registry="https://registry.example.com")

    assert not proxy.asked
