# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Assumable identities, in this process: which token goes to which host, and why an identity cannot be assumed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import Bearer, Credential
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.oidc import AssumedIdentity
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import Settings
from pulumi_cgr.resolver import (
    BrokenCredentials,
    CgrError,
    CredentialsRefused,
    RegistryUnavailable,
    UntrustworthyAnswer,
    WrongAudience,
)
from tests.support.network import Network, reply

IMAGE = reference.parse("cgr.dev/acme.com/web:1")
DEADLINE = 12.5
ISSUER = "https://issuer.enforce.dev"
GITHUB = "https://actions.example.com/token?run=7"
ACTIONS = {"ACTIONS_ID_TOKEN_REQUEST_URL": GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret"}
GIVEN = {"identity": "acme/ci", "identity_token": "oidc-secret"}


@pytest.fixture
def network() -> Network:
    issuers = (ISSUER, "https://issuer.example.com", "http://127.0.0.1:8080")
    exchanges = {f"{issuer}/sts/exchange": reply(200, {"token": "granted"}) for issuer in issuers}
    return Network({**exchanges, GITHUB: reply(200, {"value": "job-oidc"})})


def identity(network: Network, environment: dict[str, str] | None = None, /, **settings: str) -> AssumedIdentity:
    return AssumedIdentity(Settings.read(settings, environment or {}), network, Answers())


def found(network: Network, environment: dict[str, str] | None = None, /, **settings: str) -> Credential | str:
    return identity(network, environment, **settings).find(IMAGE, DEADLINE, None)


def exchange(token: str, issuer: str = ISSUER) -> tuple[object, ...]:
    form = {"aud": "cgr.dev", "identity": "acme/ci"}
    return ("POST", f"{issuer}/sts/exchange", form, f"Bearer {token}", DEADLINE)


def refusal(
    network: Network, kind: type[CgrError], environment: dict[str, str] | None = None, /, **settings: str
) -> str:
    with pytest.raises(kind) as refused:
        found(network, environment, **settings)
    return str(refused.value)


def test_without_an_identity_nothing_is_sent(network: Network) -> None:
    assert found(network, ACTIONS) == "identity is not given"
    assert not network.sent


def test_a_token_that_is_given_goes_to_the_issuer_alone(network: Network) -> None:
    assert found(network, ACTIONS, **GIVEN) == Bearer("granted", "the identity acme/ci")
    assert network.sent == [exchange("oidc-secret")]
    assert network.repeated == [{502, 503}]


def test_a_token_in_a_file_goes_to_the_issuer_alone(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(" oidc-secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    for path in (str(tmp_path / "token"), "~/token"):
        network.sent.clear()
        assert found(network, ACTIONS, identity="acme/ci", identity_token_file=path) == Bearer(
            "granted", "the identity acme/ci"
        )
        assert network.sent == [exchange("oidc-secret")]


@pytest.mark.parametrize("issuer", [ISSUER, "http://127.0.0.1:8080"])
def test_the_job_s_token_goes_to_github_and_what_github_gives_to_the_issuer(network: Network, issuer: str) -> None:
    assert found(network, ACTIONS, identity="acme/ci", issuer=issuer) == Bearer("granted", "the identity acme/ci")
    audience = issuer.partition("://")[2]
    assert network.sent == [
        ("GET", GITHUB, {"audience": audience}, "Bearer job-secret", DEADLINE),
        exchange("job-oidc", issuer),
    ]


def test_an_identity_is_assumed_once_and_again_if_the_token_was_refused(network: Network) -> None:
    assumed = identity(network, **GIVEN)

    first = assumed.find(IMAGE, DEADLINE, None)
    assert assumed.find(IMAGE, DEADLINE, None) == first
    assert len(network.sent) == 1
    assert isinstance(first, Bearer)
    assert assumed.find(IMAGE, DEADLINE, first) == first
    assert len(network.sent) == 2


def test_the_job_s_token_goes_to_no_other_issuer(network: Network) -> None:
    sentence = (
        "the OIDC token of this GitHub Actions job is not sent to https://issuer.example.com, which is not Chainguard's"
        " issuer. To send one there, give it as identity_token."
    )
    settings = {"identity": "acme/ci", "issuer": "https://issuer.example.com"}

    assert refusal(network, BrokenCredentials, ACTIONS, **settings) == sentence
    assert not network.sent


@pytest.mark.parametrize("url", ["http://actions.example.com", "actions", "https://me@actions.example.com", "https://"])
def test_the_job_s_token_goes_to_no_address_without_tls(network: Network, url: str) -> None:
    environment = {**ACTIONS, "ACTIONS_ID_TOKEN_REQUEST_URL": url}
    shown = url.replace("me@", "…@")

    assert refusal(network, BrokenCredentials, environment, identity="acme/ci") == (
        f"ACTIONS_ID_TOKEN_REQUEST_URL '{shown}' is not the URL of a server: it must be https://…"
    )
    assert not network.sent


def chainguards(audience: str) -> str:
    claims = json.dumps({"iss": ISSUER, "aud": audience}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.signature"


def test_a_chainguard_token_goes_only_to_the_issuer_it_is_for(network: Network, tmp_path: Path) -> None:
    other = "https://issuer.example.com"
    (tmp_path / "token").write_text(chainguards("cgr.dev"))
    given = {"identity": "acme/ci", "identity_token": chainguards("cgr.dev"), "issuer": other}
    in_file = {"identity": "acme/ci", "identity_token_file": str(tmp_path / "token"), "issuer": other}
    sentence = "the token is for the audience 'cgr.dev', not for issuer.example.com, so it was not sent."

    assert refusal(network, WrongAudience, **given) == f"identity_token: {sentence}"
    assert refusal(network, WrongAudience, **in_file) == f"identity_token_file '{tmp_path}/token': {sentence}"
    assert not network.sent
    for issuer, audience in ((other, "issuer.example.com"), (ISSUER, "cgr.dev"), ("http://127.0.0.1:8080", "cgr.dev")):
        own = chainguards(audience)
        assert isinstance(found(network, identity="acme/ci", identity_token=own, issuer=issuer), Bearer)
        assert network.sent.pop() == exchange(own, issuer)


NO_TOKEN = (
    "identity is given, but no OIDC token to assume it with: give identity_token or identity_token_file, or, in GitHub"
    " Actions, the permission 'id-token: write'."
)


@pytest.mark.parametrize("missing", [*ACTIONS, None])
def test_an_identity_without_a_token_says_what_to_give(network: Network, missing: str | None) -> None:
    environment = {name: value for name, value in ACTIONS.items() if missing not in (None, name)}

    assert refusal(network, BrokenCredentials, environment, identity="acme/ci") == NO_TOKEN
    assert not network.sent


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda _path: None, "cannot be read: No such file or directory."),
        (lambda path: path.write_text(" \n"), "is empty."),
        (lambda path: path.mkdir(), "is a directory, not a file."),
        (os.mkfifo, "is a pipe, and no program wrote to it in time."),
        (
            lambda path: path.write_text("two words"),
            "contains a space or another character that no token has. Give the token alone.",
        ),
    ],
    ids=["missing", "empty", "a directory", "a pipe", "no token"],
)
def test_a_file_without_a_token_is_named(network: Network, tmp_path: Path, prepare: Any, sentence: str) -> None:
    path = tmp_path / "token"
    prepare(path)

    assert refusal(network, BrokenCredentials, identity="acme/ci", identity_token_file=str(path)) == (
        f"identity_token_file '{path}' {sentence}"
    )
    assert not network.sent
    if path.is_fifo():
        path.write_text("")  # lets the reader end


JSON = "is JSON, not a token. Give the token alone, without what is around it."


def test_what_is_no_token_is_named_by_its_place(network: Network) -> None:
    assert refusal(network, BrokenCredentials, identity="acme/ci", identity_token="{}") == f"identity_token {JSON}"
    environment = {**ACTIONS, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "{}"}
    assert refusal(network, BrokenCredentials, environment, identity="acme/ci") == (
        f"ACTIONS_ID_TOKEN_REQUEST_TOKEN {JSON}"
    )
    assert not network.sent
    network.responses[GITHUB] = reply(200, {"value": "{}"})
    assert refusal(network, BrokenCredentials, ACTIONS, identity="acme/ci") == (
        f"the OIDC token of this GitHub Actions job {JSON}"
    )
    network.responses[f"{ISSUER}/sts/exchange"] = reply(200, {"token": "{}"})
    assert refusal(network, BrokenCredentials, **GIVEN) == f"the token of the issuer issuer.enforce.dev {JSON}"


NO = " assume the identity acme/ci: it answered 401"
CHECK = " Check the identity, and that it trusts this issuer and subject: chainctl iam identities list"


def test_an_issuer_that_refuses_says_what_and_why(network: Network, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("oidc-secret")
    network.responses[f"{ISSUER}/sts/exchange"] = reply(401, {"message": "subject does not match", "token": "granted"})

    assert refusal(network, CredentialsRefused, **GIVEN) == (
        f"the issuer does not let the identity token that was given{NO} 'subject does not match'.{CHECK}"
    )
    in_file = {"identity": "acme/ci", "identity_token_file": str(tmp_path / "token")}
    assert refusal(network, CredentialsRefused, **in_file) == (
        f"the issuer does not let the token in '{tmp_path}/token'{NO} 'subject does not match'.{CHECK}"
    )
    network.responses[f"{ISSUER}/sts/exchange"] = reply(401, b"")
    assert refusal(network, CredentialsRefused, ACTIONS, identity="acme/ci") == (
        f"the issuer does not let this GitHub Actions job{NO}.{CHECK}"
    )


def test_github_that_refuses_says_so(network: Network) -> None:
    network.responses[GITHUB] = reply(403, {"value": "job-oidc"})

    assert refusal(network, BrokenCredentials, ACTIONS, identity="acme/ci") == (
        "GitHub Actions gives no OIDC token: it answered 403."
    )
    assert len(network.sent) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_an_issuer_that_fails_is_named(network: Network, status: int) -> None:
    failed = f"failed; try again later: it answered {status}."

    network.responses[f"{ISSUER}/sts/exchange"] = reply(status, {"token": "granted"})
    assert refusal(network, RegistryUnavailable, **GIVEN) == f"the issuer issuer.enforce.dev {failed}"
    network.responses[GITHUB] = reply(status, b"")
    assert refusal(network, RegistryUnavailable, ACTIONS, identity="acme/ci") == (
        f"GitHub's issuer of OIDC tokens {failed}"
    )


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({}, "it begins with '{}'"),
        ({"token": "", "value": ""}, 'it begins with \'{"token": "", "value": ""}\''),
        ({"token": 7, "value": 7}, 'it begins with \'{"token": 7, "value": 7}\''),
        ([], "it begins with '[]'"),
        (b"", "it is empty"),
        (b"<html>", "it is a web page, perhaps of a proxy or of a sign-in page"),
        (b"[" * 100_000, f"it begins with '{60 * '['}…'"),
    ],
)
def test_an_answer_without_a_token_is_told(network: Network, body: object, shown: str) -> None:
    network.responses[f"{ISSUER}/sts/exchange"] = network.responses[GITHUB] = reply(200, body)

    assert refusal(network, UntrustworthyAnswer, **GIVEN) == (
        f"the issuer issuer.enforce.dev answered no token: {shown}."
    )
    assert refusal(network, UntrustworthyAnswer, ACTIONS, identity="acme/ci") == (
        f"GitHub's issuer of OIDC tokens answered no token: {shown}."
    )
