# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where credentials are found, over an otherwise empty home: real files, real programs on PATH, real HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from pulumi_cgr.resolver import (
    AccessRefused,
    BrokenCredentials,
    CredentialsExpired,
    CredentialsRefused,
    DeniedByPolicy,
    InvalidArgument,
    NotEntitled,
    NotSignedIn,
    Resolver,
    UnknownOrganisation,
    UnknownRepository,
    WrongAudience,
)
from pulumi_cgr.testing import Reply
from tests.support.machine import (
    BASIC,
    CONFIGS,
    GOOD,
    HELPER,
    IMAGE,
    PASSWORD,
    PLACES,
    PUBLIC,
    A,
    Machine,
    issue,
    token,
)


def refusal(machine: Machine, image: str = IMAGE, **settings: Any) -> AccessRefused:
    """Asks, and returns the refusal, after looking at its form."""
    with pytest.raises(AccessRefused) as caught:
        machine.resolve(image, **settings)
    assert str(caught.value).isprintable()
    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("cgr.dev/")
    return caught.value


def test_a_token_that_is_given(machine: Machine) -> None:
    assert machine.resolve(token=GOOD) == A
    assert machine.sent() == {f"Bearer {GOOD}"}


def test_a_pull_token(machine: Machine) -> None:
    assert machine.resolve(username="acme/pull", password=PASSWORD) == A
    machine.environ = {"CGR_USERNAME": "acme/pull", "CGR_PASSWORD": PASSWORD}
    assert machine.resolve() == A
    assert f"Basic {BASIC}" in machine.sent()


def test_half_a_pull_token_is_refused(machine: Machine) -> None:
    with pytest.raises(InvalidArgument, match="username and password belong together"):
        machine.resolver(username="acme/pull")


def test_what_is_given_wins_over_what_lies_about(machine: Machine) -> None:
    machine.write(".docker/config.json", "{ this is broken")
    assert machine.resolve(token=GOOD) == A


def test_no_credentials_where_none_are_wanted(machine: Machine) -> None:
    machine.write(".docker/config.json", "{ this is broken")
    assert machine.resolve(PUBLIC, credentials="anonymous") == A
    assert type(refusal(machine, credentials="anonymous")) is NotSignedIn
    with pytest.raises(InvalidArgument, match="write 'anonymous', or omit it") as refused:
        machine.resolver(credentials="a-token-in-the-wrong-place")
    assert "a-token" not in str(refused.value)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("config", CONFIGS)
def test_whatever_lets_docker_and_podman_pull(machine: Machine, config: str, place: str) -> None:
    machine.program("docker-credential-cgr", HELPER)
    machine.write(place, CONFIGS[config])
    machine.environ = {name: str(machine.home / value) for name, value in PLACES[place].items()}

    assert machine.resolve() == A


def test_a_helper_that_has_nothing_is_passed_over(machine: Machine) -> None:
    machine.program("docker-credential-empty", "echo credentials not found in native keychain; exit 1")
    machine.write(".docker/config.json", {"credsStore": "empty", "auths": {"cgr.dev": {"auth": BASIC}}})
    assert machine.resolve() == A


BROKEN = {
    "no such program": ({"credsStore": "missing"}, "docker-credential-missing is not on PATH"),
    "a failure": (
        {"credsStore": "fails"},
        "docker-credential-fails failed: 'the keyring is locked, …'. Run it by hand",
    ),
    "nonsense": ({"credsStore": "nonsense"}, "does not speak the helper protocol"),
    "silence": ({"credsStore": "sleeps"}, "did not answer in time; it may be waiting for somebody to sign in"),
    "a malformed entry": (
        {"auths": {"cgr.dev": {"auth": "%%%"}}},
        "has a malformed entry 'cgr.dev'. Sign in again: docker login cgr.dev",
    ),
    "no JSON": ("{ this", "is not JSON. Fix it, or sign in again: docker login"),
    "a list": ([], "holds no configuration"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_place_that_is_broken_stops_and_says_so(machine: Machine, case: str) -> None:
    config, sentence = BROKEN[case]
    machine.program("docker-credential-fails", f"echo 'the keyring is locked, {GOOD}' >&2; exit 1")
    machine.program("docker-credential-nonsense", "echo hello")
    machine.program("docker-credential-sleeps", "sleep 600")
    machine.write(".docker/config.json", config)
    machine.write(".config/containers/auth.json", CONFIGS["auth"])  # not reached
    settings = {"timeout": "0.5"} if case == "silence" else {}

    refused = refusal(machine, **settings)

    assert type(refused) is BrokenCredentials
    assert sentence in str(refused)
    assert not machine.registry.requests


def test_a_helper_has_no_terminal_and_no_browser(machine: Machine) -> None:
    machine.program(
        "docker-credential-nosy", f'[ -t 1 ] || [ -n "$DISPLAY" ] || [ "$BROWSER" != false ] && exit 9\n{HELPER}'
    )
    machine.write(".docker/config.json", {"credsStore": "nosy"})
    machine.environ = {"DISPLAY": ":0", "BROWSER": "firefox"}
    assert machine.resolve() == A


def test_the_token_chainctl_keeps(machine: Machine) -> None:
    machine.write(".cache/chainguard/cgr.dev/oidc-token", GOOD)
    assert machine.resolve() == A


def test_chainctl_is_asked_when_its_kept_token_has_expired(machine: Machine) -> None:
    machine.write(".cache/chainguard/cgr.dev/oidc-token", token(seconds=-5))
    assert type(refusal(machine)) is NotSignedIn
    machine.program("chainctl", f'[ "$*" = "auth token --audience cgr.dev" ] && echo {GOOD}')
    assert machine.resolve() == A
    assert machine.sent() <= {f"Bearer {GOOD}", "none"}
    machine.program("chainctl", "echo not signed in >&2; exit 1")
    assert "chainctl gives no token: 'not signed in'. Sign in: chainctl auth login" in str(refusal(machine))


@pytest.mark.parametrize("how", ["given", "in a file", "GitHub Actions"])
def test_an_identity_is_assumed_with_an_oidc_token(machine: Machine, how: str) -> None:
    machine.registry.interfere = issue
    settings = {"identity": "acme/ci", "issuer": machine.registry.url}
    if how == "given":
        settings["identity_token"] = "the-oidc-secret"
    if how == "in a file":
        settings["identity_token_file"] = str(machine.write("run/secrets/token", "the-oidc-secret\n"))
    if how == "GitHub Actions":
        url = f"{machine.registry.url}/github?run=7"
        machine.environ = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-job-secret"}

    assert machine.resolve(**settings) == A

    exchange = [request for request in machine.registry.requests if request.path == "/sts/exchange"]
    assert [dict(request.query) for request in exchange] == [{"aud": "cgr.dev", "identity": "acme/ci"}]


def test_an_identity_that_cannot_be_assumed_says_why(machine: Machine) -> None:
    machine.registry.interfere = issue
    issuer = machine.registry.url
    assert "but no OIDC token to assume it with" in str(refusal(machine, identity="acme/ci", issuer=issuer))
    assert "cannot be read: No such file" in str(
        refusal(machine, identity="acme/ci", issuer=issuer, identity_token_file="/none")
    )
    refused = refusal(machine, identity="other", issuer=issuer, identity_token="the-oidc-secret")
    assert type(refused) is CredentialsRefused
    assert "answered 401 'subject does not match'" in str(refused)


def test_a_token_for_others_is_not_sent(machine: Machine) -> None:
    refused = refusal(machine, token=token(audience="https://console-api.enforce.dev"))
    assert type(refused) is WrongAudience
    assert "the token is for the audience 'https://console-api.enforce.dev', not for cgr.dev" in str(refused)
    assert not machine.registry.requests


@pytest.mark.parametrize("config", ["auth", "a Chainguard token", "identitytoken", "credHelpers"])
def test_credentials_that_are_refused_do_not_break_a_public_image(machine: Machine, config: str) -> None:
    machine.program("docker-credential-cgr", HELPER)
    path = machine.write(".docker/config.json", CONFIGS[config])
    machine.registry.tokens.clear()
    machine.registry.users.clear()

    answer = machine.resolver().resolve(PUBLIC)

    assert answer.digest == A
    (warning,) = answer.warnings
    assert "was resolved without credentials, because the available ones do not work" in warning
    assert str(path) in warning or "docker-credential-cgr" in warning
    assert "secret" not in warning
    assert type(refusal(machine)) in (CredentialsRefused, NotEntitled)


def test_a_broken_place_does_not_break_a_public_image(machine: Machine) -> None:
    machine.write(".docker/config.json", {"credsStore": "missing"})
    answer = machine.resolver().resolve(PUBLIC)
    assert answer.digest == A
    assert "docker-credential-missing is not on PATH" in answer.warnings[0]


def test_a_credential_that_expires_in_the_middle_is_found_anew(machine: Machine) -> None:
    second = token(name="later")
    machine.program("docker-credential-cgr", f"cat > /dev/null; cat {machine.home}/answer")
    machine.write("answer", {"ServerURL": "cgr.dev", "Username": "_token", "Secret": GOOD})
    machine.write(".docker/config.json", {"credsStore": "cgr"})
    resolver = machine.resolver()
    resolver.resolve(IMAGE)
    machine.registry.tokens = {second}
    machine.write("answer", {"ServerURL": "cgr.dev", "Username": "_token", "Secret": second})

    assert resolver.resolve(IMAGE).digest == A

    machine.registry.tokens = set()
    with pytest.raises(CredentialsRefused):
        resolver.resolve(IMAGE)


def test_one_can_ask_which_credentials_are_used_and_why(machine: Machine) -> None:
    machine.program("docker-credential-cgr", HELPER)
    machine.write(".config/containers/auth.json", CONFIGS["credHelpers"])
    seen: list[str] = []
    resolver = Resolver(
        environment={"HOME": str(machine.home), "PATH": f"{machine.home}/bin:/bin"},
        registry=machine.registry.url,
        trace=seen.append,
    )

    considered = [(each.source, each.outcome) for each in resolver.credentials_for(IMAGE)]

    assert considered == [
        ("settings", "neither token nor username and password is given"),
        ("assumable identity", "identity is not given"),
        (f"{machine.home}/.docker/config.json", "the file does not exist"),
        (f"{machine.home}/.config/containers/auth.json", "used: docker-credential-cgr"),
    ]
    assert seen == [f"{IMAGE}: credentials: {source}: {outcome}" for source, outcome in considered]
    assert GOOD not in repr(resolver._lookup.access.credential_chain.find(reference.parse(IMAGE), time.monotonic() + 9))


def test_credentials_for_cgr_dev_stay_there(machine: Machine) -> None:
    machine.program("docker-credential-cgr", HELPER)
    machine.write(".docker/config.json", CONFIGS["credHelpers"])
    machine.write(".cache/chainguard/cgr.dev/oidc-token", GOOD)
    machine.environ = {"CGR_REGISTRY": "https://registry.corp.example"}

    sources = {each.source: each.outcome for each in machine.resolver().credentials_for(IMAGE)}

    assert sources[f"{machine.home}/.docker/config.json"] == "it has nothing for registry.corp.example"
    assert "chainctl" not in sources
    assert sources["anonymous"] == "used"


SAID = {
    "nobody": (Reply(401, b"Authentication required"), None, NotSignedIn, "and no credentials were sent. Sign in: chainctl auth configure-docker"),
    "forbidden": (Reply(403, b"Forbidden"), None, CredentialsRefused, "Either they are malformed or have expired, or the repository does not exist in acme.com"),
    "expired": (Reply(400, b"this identity's keys have expired"), None, CredentialsExpired, "the pull token has expired. Create a new one:"),
    "organisation": (Reply(400, b"unable to resolve"), None, UnknownOrganisation, "the organisation acme.com does not exist. List yours: chainctl iam organizations list"),
    "capabilities": (None, Reply(403, b"caller does not have the required capabilities"), NotEntitled, "the repository does not exist in acme.com, or this identity may not pull it"),
    "name": (None, Reply.of_json(404, {"errors": [{"code": "NAME_UNKNOWN", "message": "repository does not exist"}]}), UnknownRepository, "Check its spelling"),
    "policy": (None, Reply(403, b"pull denied by policy: cooldown"), DeniedByPolicy, "the pull policy 'cooldown' of the organisation denies this image"),
    "policy, another status": (None, Reply(400, b"pull denied by policy: no-eol"), DeniedByPolicy, "(the registry answered 400: 'pull denied by policy: no-eol')"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_each_refusal_of_the_registry_says_what_to_do(machine: Machine, case: str) -> None:
    at_token, at_history, error, sentence = SAID[case]
    machine.registry.interfere = lambda request: at_token if request.path == "/token" else at_history
    settings = {} if case == "nobody" else {"username": "acme/pull", "password": PASSWORD}

    with pytest.raises(error) as caught:
        machine.resolve(**settings)

    assert sentence in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_what_the_registry_says_is_kept_without_secrets_and_control_signs(machine: Machine) -> None:
    said = f"\x1b[31mno\r\nBearer {GOOD} {BASIC} and {'x' * 5000}".encode()
    machine.registry.interfere = lambda request: Reply(403, said)
    refused = refusal(machine, username="acme/pull", password=PASSWORD)
    assert GOOD not in str(refused)
    assert BASIC not in str(refused)
    assert len(str(refused)) < 900
