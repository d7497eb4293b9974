# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials in the configuration of Docker and Podman, in this process: whose are used, and what is said of those that are broken."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth import go_json
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.chain import CredentialChain
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import (
    Anonymous,
    Basic,
    Bearer,
    Considered,
    Credential,
    Refresh,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.places import docker_configs
from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from pulumi_cgr.resolver import BrokenCredentials
from tests.support.machine import Machine

IMAGE = "cgr.dev/acme.com/web:1"
CONFIG = ".docker/config.json"


def chain(machine: Machine, host: str = "cgr.dev") -> CredentialChain:
    answers = Answers()
    return CredentialChain(docker_configs(machine.environment, host, answers), host, answers)


def found(machine: Machine, config: object, image: str = IMAGE) -> Credential:
    """Returns the credential for an image where there is only this configuration."""
    machine.write(CONFIG, config)
    return chain(machine).find(reference.parse(image), time.monotonic() + 20).credential


def refusal(machine: Machine, config: object) -> str:
    """Returns the sentence about a configuration, with its path left out."""
    with pytest.raises(BrokenCredentials) as refused:
        found(machine, config)
    return str(refused.value).replace(str(machine.home / CONFIG), "config.json")


def pair(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def source(machine: Machine, key: str = "cgr.dev") -> str:
    return f"{machine.home / CONFIG} ({key})"


def test_each_kind_of_entry_is_read(machine: Machine) -> None:
    own = source(machine)
    entries: list[tuple[dict[str, str], Credential]] = [
        (pair("acme/pull:secret"), Basic("acme/pull", "secret", own)),
        (pair("acme/pull:with:colons:X\0\0"), Basic("acme/pull", "with:colons:X", own)),
        (pair("_token:opaque"), Bearer("opaque", own)),
        (pair("<token>:opaque"), Refresh("opaque", own)),
        ({"username": "me", "password": "secret"}, Basic("me", "secret", own)),
        ({**pair("acme/pull:secret"), "username": "me", "password": "x"}, Basic("acme/pull", "secret", own)),
        ({**pair("acme/pull:secret"), "identitytoken": "opaque"}, Refresh("opaque", own)),
        ({"identitytoken": "opaque", "registrytoken": "another"}, Bearer("another", own)),
        ({"username": "me"}, Anonymous()),
        ({"password": "secret"}, Anonymous()),
        ({}, Anonymous()),
    ]

    for entry, credential in entries:
        assert found(machine, {"auths": {"cgr.dev": entry}}) == credential


def test_a_pair_may_be_written_on_several_lines(machine: Machine) -> None:
    written = pair("acme/pull:secret")["auth"]

    assert found(machine, {"auths": {"cgr.dev": {"auth": f" {written[:7]}\n{written[7:]}\n"}}}) == Basic(
        "acme/pull", "secret", source(machine)
    )


@pytest.mark.parametrize(
    "entry",
    [
        {"auth": "%%%"},
        {"auth": f"%{pair('acme/pull:secret')['auth']}"},
        {"auth": "YWNtZQ=="},
        {"auth": "/zov"},
        {"auth": 7},
        {"registrytoken": ["opaque"]},
        {"identitytoken": {}},
        {"username": True},
        {"username": "me", "password": 7},
    ],
)
def test_an_entry_that_is_malformed_is_named(machine: Machine, entry: dict[str, object]) -> None:
    assert refusal(machine, {"auths": {"https://cgr.dev/v1/": entry}}) == (
        "config.json has a malformed entry 'https://cgr.dev/v1/'. Sign in again: docker login cgr.dev"
    )


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"registrytoken": "{}"}, "is JSON, not a token. Give the token alone, without what is around it."),
        ({"identitytoken": "{}"}, "is JSON, not a token. Give the token alone, without what is around it."),
        (pair("_token:{}"), "is JSON, not a token. Give the token alone, without what is around it."),
        (pair("a\0b:secret"), "contains a NUL, which no credential has. Give it anew, without that."),
        (
            {"username": "a:b", "password": "secret"},
            "contains a colon, which HTTP does not allow.",
        ),
    ],
)
def test_a_credential_that_can_be_none_is_named_by_its_entry(
    machine: Machine, entry: dict[str, str], reason: str
) -> None:
    what = "" if "JSON" in reason else ": the user name"

    assert refusal(machine, {"auths": {"cgr.dev": entry}}) == f"config.json (cgr.dev){what} {reason}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{ this", "config.json is not JSON. Fix it, or sign in again: docker login cgr.dev"),
        ("[" * 100_000, "config.json is not JSON. Fix it, or sign in again: docker login cgr.dev"),
        ("[]", "config.json holds no configuration. Fix it, or sign in again: docker login cgr.dev"),
        (
            {"credsStore": "../../tmp/program"},
            "config.json names a credential helper that cannot be one. Fix credsStore or credHelpers.",
        ),
        (
            {"credHelpers": {"cgr.dev": "a secret"}},
            "config.json names a credential helper that cannot be one. Fix credsStore or credHelpers.",
        ),
        (
            {"credsStore": "missing", "auths": {"cgr.dev": {}}},
            "docker-credential-missing is not on PATH. Install it, or remove credsStore from config.json.",
        ),
        (
            {"credHelpers": {"cgr.dev": "missing"}},
            "docker-credential-missing is not on PATH. Install it, or take it out of the configuration that names it.",
        ),
    ],
    ids=["no JSON", "deep", "a list", "a path", "no name", "no store", "no helper"],
)
def test_a_configuration_that_is_broken_is_told(machine: Machine, content: object, sentence: str) -> None:
    assert refusal(machine, content) == sentence


@pytest.mark.parametrize("content", ["", " \n", "{}", {"auths": []}, {"auths": {"cgr.dev": "text"}}, {"credsStore": 7}])
def test_a_configuration_without_credentials_has_nothing(machine: Machine, content: object) -> None:
    machine.write(CONFIG, content)

    looked = chain(machine).find(reference.parse(IMAGE), time.monotonic() + 20)

    assert looked.credential == Anonymous()
    assert looked.considered == (
        Considered(str(machine.home / CONFIG), "it has nothing for cgr.dev"),
        Considered(f"{machine.home}/.config/containers/auth.json", "the file does not exist"),
        Considered("anonymous", "used"),
    )


ORDER = [
    "cgr.dev/acme.com/web",
    "https://cgr.dev/acme.com/web",
    "cgr.dev/acme.com",
    "cgr.dev/acme.com/",
    "cgr.dev",
    "https://cgr.dev/v1/",
    "http://cgr.dev/some/path",
]


@pytest.mark.parametrize("count", range(len(ORDER)))
def test_the_most_specific_entry_that_is_not_empty_is_used(machine: Machine, count: int) -> None:
    entries: dict[str, object] = {key: pair(f"{key.replace(':', '')}:secret") for key in reversed(ORDER)}
    entries |= {key: {} for key in ORDER[:count]}

    credential = found(machine, {"auths": entries})

    assert credential == Basic(ORDER[count].replace(":", ""), "secret", source(machine, ORDER[count]))


@pytest.mark.parametrize("key", ["cgr.dev/", "cgr.dev/v1", "cgr.dev/v1/", "cgr.dev/v2/", "https://cgr.dev/v2//"])
def test_what_old_versions_of_docker_wrote_around_the_host_is_understood(machine: Machine, key: str) -> None:
    assert found(machine, {"auths": {key: pair("me:secret")}}) == Basic("me", "secret", source(machine, key))


@pytest.mark.parametrize(
    "key",
    [
        "cgr.dev.example.com",
        "notcgr.dev",
        "cgr.devX/",
        "cgr.de",
        "cgr.dev:8443",
        "https://cgr.dev:8443/v1/",
        "https://cgr.dev@example.com",
        "https://example.com/cgr.dev",
        "https://example.com/https://cgr.dev",
        "https://example.com/https://cgr.dev/v1/",
        "https://example.com://cgr.dev",
        "cgr.dev/another.org",
        "cgr.dev/acme.com/web/more",
        "cgr.dev/acme",
        "cgr.dev/v1/acme.com",
        "acme.com/web",
        "",
        "://",
    ],
)
def test_credentials_for_another_host_or_repository_are_not_used(machine: Machine, key: str) -> None:
    assert found(machine, {"auths": {key: pair("another:secret")}}) == Anonymous()
    machine.program("docker-credential-another", 'echo \'{"Username": "another", "Secret": "secret"}\'')
    assert found(machine, {"credHelpers": {key: "another"}}) == Anonymous()


def test_the_configuration_of_another_registry_is_asked_for_its_host(machine: Machine) -> None:
    machine.write(CONFIG, {"auths": {"cgr.dev": pair("cgr:secret"), "registry.example.com": pair("own:secret")}})
    image = reference.parse(IMAGE)
    mirrored = reference.Reference(IMAGE, image.repository, "registry.example.com", image.name, "1", None)

    own = chain(machine, "registry.example.com").find(mirrored, time.monotonic() + 20).credential

    assert own == Basic("own", "secret", source(machine, "registry.example.com"))


HELPER = 'read host; echo "$0 $* for $host" >> {log}; echo \'{{"Username": "{name}", "Secret": "secret"}}\''


def installed(machine: Machine, *names: str) -> Path:
    """Installs helpers, and returns the file in which they write what they are asked."""
    log = machine.home / "log"
    for name in names:
        machine.program(f"docker-credential-{name}", HELPER.format(name=name, log=log))
    return log


def test_the_helper_of_a_host_comes_before_the_store_and_both_before_the_file(machine: Machine) -> None:
    log = installed(machine, "own", "store")
    config: dict[str, object] = {"auths": {"cgr.dev": pair("file:secret")}, "credsStore": "store"}

    assert found(machine, {**config, "credHelpers": {"cgr.dev": "own"}}) == Basic(
        "own", "secret", "docker-credential-own"
    )
    assert found(machine, config) == Basic("store", "secret", "docker-credential-store")
    assert found(machine, {**config, "credHelpers": {"cgr.dev": ""}}) == Basic("file", "secret", source(machine))
    assert found(machine, {**config, "credsStore": "missing"}) == Basic("file", "secret", source(machine))
    assert log.read_text().replace(f"{machine.home}/bin/", "").splitlines() == [
        "docker-credential-own get for cgr.dev",
        "docker-credential-store get for cgr.dev",
    ]


@pytest.mark.parametrize(
    "script",
    [
        "echo credentials not found in native keychain; exit 1",
        "echo credentials not found in native keychain >&2; exit 1",
        'echo \'{"ServerURL": "cgr.dev", "Username": "me", "Secret": ""}\'',
    ],
)
def test_a_helper_that_has_nothing_leaves_it_to_the_file_and_the_next_place(machine: Machine, script: str) -> None:
    machine.program("docker-credential-empty", script)
    installed(machine, "full")
    assert found(machine, {"credsStore": "empty", "auths": {"cgr.dev": pair("file:secret")}}) == Basic(
        "file", "secret", source(machine)
    )

    machine.write(".config/containers/auth.json", {"credsStore": "full"})

    assert found(machine, {"credsStore": "empty"}) == Basic("full", "secret", "docker-credential-full")


SPEECHLESS = "docker-credential-broken answered no credentials: it does not speak the helper protocol."


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "echo the keyring is locked; exit 1",
            "docker-credential-broken failed: 'the keyring is locked'."
            " Run it by hand: echo cgr.dev | docker-credential-broken get",
        ),
        (
            "echo ignored; echo the keyring is locked >&2; exit 1",
            "docker-credential-broken failed: 'the keyring is locked'."
            " Run it by hand: echo cgr.dev | docker-credential-broken get",
        ),
        ("echo credentials not found", SPEECHLESS),
        ("echo '[]'", SPEECHLESS),
        ("printf '%100000s' | tr ' ' '['", SPEECHLESS),
        ('echo \'{"Username": "me"}\'', SPEECHLESS),
        ('echo \'{"Secret": "secret"}\'', SPEECHLESS),
        ('echo \'{"Username": "me", "Secret": 7}\'', SPEECHLESS),
        (
            'echo \'{"Username": "_token", "Secret": "two words"}\'',
            "docker-credential-broken contains a space or another character that no token has. Give the token alone.",
        ),
    ],
)
def test_a_helper_that_is_broken_is_told(machine: Machine, script: str, sentence: str) -> None:
    machine.program("docker-credential-broken", f"cat > /dev/null; {script}")

    assert refusal(machine, {"credsStore": "broken", "auths": {"cgr.dev": pair("file:secret")}}) == sentence


def test_a_helper_that_does_not_answer_is_not_waited_for(machine: Machine) -> None:
    machine.program("docker-credential-slow", "sleep 600")
    machine.write(CONFIG, {"credsStore": "slow"})

    with pytest.raises(BrokenCredentials) as refused:
        chain(machine).find(reference.parse(IMAGE), time.monotonic() + 0.2)
    assert str(refused.value) == (
        "docker-credential-slow did not answer in time; it may be waiting for somebody to sign in."
    )


def test_a_configuration_that_is_a_pipe_without_a_writer_is_not_waited_for(machine: Machine) -> None:
    (machine.home / ".docker").mkdir()
    os.mkfifo(machine.home / CONFIG)

    with pytest.raises(BrokenCredentials) as refused:
        chain(machine).find(reference.parse(IMAGE), time.monotonic() + 0.1)
    assert str(refused.value) == f"{machine.home / CONFIG} is a pipe, and no program wrote to it in time."
    (machine.home / CONFIG).write_text("")  # lets the reader end


def test_a_helper_is_asked_again_only_for_a_credential_that_was_refused(machine: Machine) -> None:
    log = installed(machine, "cgr")
    machine.write(CONFIG, {"credsStore": "cgr"})
    asked = chain(machine)
    image = reference.parse(IMAGE)

    first = asked.find(image, time.monotonic() + 20).credential
    assert asked.find(image, time.monotonic() + 20).credential == first
    assert len(log.read_text().splitlines()) == 1
    assert asked.find(image, time.monotonic() + 20, first).credential == first
    assert len(log.read_text().splitlines()) == 2


def test_the_names_of_fields_may_be_in_any_case(machine: Machine) -> None:
    assert found(machine, {"AUTHS": {"cgr.dev": {"Auth": pair("me:secret")["auth"]}}}) == Basic(
        "me", "secret", source(machine)
    )
    assert go_json.field({7: "number", "nAme": "found"}, "Name") == "found"
    assert go_json.field(["Name"], "Name") is None


@pytest.mark.parametrize("other", [str.lower, str.upper, str.title])
def test_the_exact_name_of_a_field_wins(machine: Machine, other: Callable[[str], str]) -> None:
    def twice(**fields: object) -> dict[str, object]:
        return {other(name): "wrong" for name in fields} | fields

    own = source(machine)
    machine.program("docker-credential-twice", f"cat {machine.home}/answer")
    machine.write("answer", twice(Username="me", Secret="secret"))

    assert found(machine, twice(credsStore="twice")) == Basic("me", "secret", "docker-credential-twice")
    assert found(machine, twice(credHelpers={"cgr.dev": "twice"})) == Basic("me", "secret", "docker-credential-twice")
    for entry, credential in (
        (twice(registrytoken="opaque"), Bearer("opaque", own)),
        (twice(identitytoken="opaque"), Refresh("opaque", own)),
        (twice(**pair("me:secret")), Basic("me", "secret", own)),
        (twice(username="me", password="secret"), Basic("me", "secret", own)),
    ):
        assert found(machine, twice(auths={"cgr.dev": entry})) == credential


def test_the_configuration_in_a_variable_comes_first_and_is_named_by_it(machine: Machine) -> None:
    content: dict[str, Any] = {"auths": {"cgr.dev": pair("variable:secret")}}
    machine.environ = {"DOCKER_AUTH_CONFIG": json.dumps(content)}

    assert found(machine, {"auths": {"cgr.dev": pair("file:secret")}}) == Basic(
        "variable", "secret", "DOCKER_AUTH_CONFIG (cgr.dev)"
    )
    installed(machine, "own")
    machine.environ = {"DOCKER_AUTH_CONFIG": '{"credsStore": "own"}'}
    assert found(machine, {}) == Basic("own", "secret", "docker-credential-own")
    machine.environ = {"DOCKER_AUTH_CONFIG": "{ this"}
    assert refusal(machine, {}) == "DOCKER_AUTH_CONFIG is not JSON. Fix it, or sign in again: docker login cgr.dev"
