# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The chain of credential sources, in this process: their order, outcomes and errors, and which host gets what."""

from __future__ import annotations

import base64
import threading
import time
from dataclasses import dataclass

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.chain import (
    CredentialChain,
    audience_of,
    credential_sources,
    docker_credential,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.credentials import (
    Anonymous,
    Basic,
    Bearer,
    Considered,
    Credential,
    Found,
)
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.model import reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.reference import Reference
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import Settings
from pulumi_cgr.resolver import BrokenCredentials
from tests.support.machine import Machine
from tests.support.network import Network, reply

IMAGE = reference.parse("cgr.dev/acme.com/web:1", None)
TOKEN = Bearer("opaque", "the second place")


@dataclass
class Source:
    """A source with one outcome, which keeps what it was asked."""

    name: str
    outcome: Credential | str | BrokenCredentials
    asked: list[object]

    def find(self, image: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        self.asked += [image, deadline, refused]
        if isinstance(self.outcome, BrokenCredentials):
            raise self.outcome
        return self.outcome


def chain(
    *outcomes: Credential | str | BrokenCredentials, answers: Answers | None = None
) -> tuple[CredentialChain, list[Source]]:
    sources = [Source(f"source {number}", outcome, []) for number, outcome in enumerate(outcomes)]
    return CredentialChain(sources, "cgr.dev", answers or Answers()), sources


def test_the_first_source_that_has_credentials_is_used_and_each_is_told() -> None:
    made, sources = chain("nothing there", TOKEN, Bearer("other", "a third"))

    found = made.find(IMAGE, 12.5, TOKEN)

    assert found.credential is TOKEN
    assert found.considered == (
        Considered("source 0", "nothing there"),
        Considered("source 1", "used: the second place"),
    )
    assert [source.asked for source in sources] == [[IMAGE, 12.5, TOKEN], [IMAGE, 12.5, TOKEN], []]


def test_without_any_the_request_is_anonymous() -> None:
    made, _sources = chain("nothing there")

    found = made.find(IMAGE, 1.0)

    assert found.credential == Anonymous()
    assert found.considered == (Considered("source 0", "nothing there"), Considered("anonymous", "used"))


def test_a_broken_source_stops_the_search_and_all_outcomes_are_known() -> None:
    made, sources = chain("nothing there", BrokenCredentials("it is broken."), TOKEN)

    with pytest.raises(BrokenCredentials) as refused:
        made.find(IMAGE, 1.0)
    assert refused.value.considered == (
        Considered("source 0", "nothing there"),
        Considered("source 1", "it is broken."),
    )
    assert sources[2].asked == []


def test_credentials_do_not_go_to_another_host() -> None:
    made, sources = chain(TOKEN)
    elsewhere = CredentialChain(sources, "registry.example.com", Answers())

    found = elsewhere.find(IMAGE, 1.0)

    assert found.credential == Anonymous()
    assert found.considered == (Considered("all", "credentials for registry.example.com do not go to cgr.dev"),)
    assert found.waited == 0
    assert sources[0].asked == []
    assert made.find(IMAGE, 1.0).credential is TOKEN


@pytest.mark.parametrize("outcome", [TOKEN, "nothing there"], ids=["found", "anonymous"])
def test_time_spent_waiting_for_another_thread_is_told(outcome: Credential | str) -> None:
    answers = Answers()
    is_asking, may_answer = threading.Event(), threading.Event()

    def slow() -> str:
        is_asking.set()
        assert may_answer.wait(20)
        return "answer"

    class Waiting(Source):
        def find(self, image: Reference, deadline: float, refused: Credential | None) -> Credential | str:
            answers.get("key", lambda: "another")
            return super().find(image, deadline, refused)

    first = threading.Thread(target=lambda: answers.get("key", slow))
    first.start()
    assert is_asking.wait(20)
    threading.Timer(0.05, may_answer.set).start()
    made = CredentialChain([Waiting("a helper", outcome, [])], "cgr.dev", answers)

    assert 0 < made.find(IMAGE, 1.0).waited < 20
    assert made.find(IMAGE, 1.0).waited < 0.05  # that was counted already
    first.join()


@pytest.mark.parametrize(
    ("registry", "audience"),
    [
        ("", "cgr.dev"),
        ("https://cgr.dev", "cgr.dev"),
        ("https://CGR.DEV:443/", "cgr.dev"),
        ("http://127.0.0.1:5000", "cgr.dev"),
        ("http://localhost:5000", "cgr.dev"),
        ("https://registry.example.com:8443", "registry.example.com:8443"),
        ("https://cgr.dev.example.com", "cgr.dev.example.com"),
        ("https://localhost.example.com", "localhost.example.com"),
    ],
)
def test_credentials_are_for_the_registry_and_a_loopback_host_stands_for_cgr_dev(registry: str, audience: str) -> None:
    assert audience_of(Settings.read({"registry": registry}, {})) == audience


DOCKER, PODMAN = ".docker/config.json", ".config/containers/auth.json"


def pair(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:secret".encode()).decode()}


def found(machine: Machine, registry: str = "", **settings: str) -> Found:
    """Returns what is found on a machine on which all sources may have something."""
    read = Settings.read({"registry": registry, **settings}, machine.environment)
    network = Network({"https://issuer.enforce.dev/sts/exchange": reply(200, {"token": "assumed"})})
    answers = Answers()
    sources = credential_sources(read, network, answers)
    return CredentialChain(sources, "cgr.dev", answers).find(IMAGE, time.monotonic() + 20)


def test_the_sources_of_credentials_for_cgr_dev_are_asked_in_their_order(machine: Machine) -> None:
    machine.write(DOCKER, {"auths": {"cgr.dev": pair("docker")}})
    machine.program("chainctl", "echo printed")
    assumed = {"identity": "acme/ci", "identity_token": "oidc-secret"}

    assert found(machine, token="opaque", **assumed).credential == Bearer("opaque", "the token that was given")
    assert found(machine, **assumed).credential == Bearer("assumed", "the identity acme/ci")
    assert found(machine).credential == Basic("docker", "secret", f"{machine.home / DOCKER} (cgr.dev)")
    machine.write(DOCKER, {"auths": {"registry.example.com": pair("another")}})
    last = found(machine)
    assert last.credential == Bearer("printed", "chainctl auth token")
    assert last.considered == (
        Considered("settings", "neither token nor username and password is given"),
        Considered("assumable identity", "identity is not given"),
        Considered(str(machine.home / DOCKER), "it has nothing for cgr.dev"),
        Considered(str(machine.home / PODMAN), "the file does not exist"),
        Considered("chainctl", "used: chainctl auth token"),
    )


def test_another_registry_gets_only_what_was_given_or_is_for_its_host(machine: Machine) -> None:
    registry = "https://registry.example.com"
    machine.program("chainctl", "echo printed")
    machine.write(DOCKER, {"auths": {"cgr.dev": pair("docker")}})
    assumed = {"identity": "acme/ci", "identity_token": "oidc-secret"}

    assert found(machine, registry, token="opaque").credential == Bearer("opaque", "the token that was given")
    nothing = found(machine, registry, **assumed)
    assert nothing.credential == Anonymous()
    assert nothing.considered == (
        Considered("settings", "neither token nor username and password is given"),
        Considered(str(machine.home / DOCKER), "it has nothing for registry.example.com"),
        Considered(str(machine.home / PODMAN), "the file does not exist"),
        Considered("anonymous", "used"),
    )
    machine.write(PODMAN, {"auths": {"registry.example.com": pair("own")}})
    assert found(machine, registry, **assumed).credential == Basic(
        "own", "secret", f"{machine.home / PODMAN} (registry.example.com)"
    )


def of_mirror(machine: Machine, name: str = "acme.com/web") -> Credential | None:
    deadline = time.monotonic() + 20
    return docker_credential(machine.environment, Answers(), "mirror.example.com", name, deadline)


def test_a_mirror_gets_the_credential_that_docker_has_for_its_repository(machine: Machine) -> None:
    machine.program("chainctl", "echo printed")
    own = {"mirror.example.com": pair("host"), "mirror.example.com/acme.com": pair("namespace")}
    assert of_mirror(machine) is None

    machine.write(DOCKER, {"auths": {"cgr.dev": pair("docker")}})
    assert of_mirror(machine) is None
    machine.write(DOCKER, {"auths": {"cgr.dev": pair("docker"), **own}})
    credential = Basic("namespace", "secret", f"{machine.home / DOCKER} (mirror.example.com/acme.com)")
    assert of_mirror(machine) == credential
    assert of_mirror(machine, "web") == Basic("host", "secret", f"{machine.home / DOCKER} (mirror.example.com)")
    machine.program("docker-credential-own", 'echo "{\\"Username\\": \\"$(cat)\\", \\"Secret\\": \\"secret\\"}"')
    machine.write(DOCKER, {"credHelpers": {"mirror.example.com": "own"}})
    assert of_mirror(machine) == Basic("mirror.example.com", "secret", "docker-credential-own")
    machine.write(DOCKER, "{ this")
    with pytest.raises(BrokenCredentials) as refused:
        of_mirror(machine)
    assert [each.source for each in refused.value.considered] == [str(machine.home / DOCKER)]
