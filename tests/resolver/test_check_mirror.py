# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`check_mirror`: the mirror is asked with its own credentials, at its own token endpoint, and never with those for cgr.dev."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.resolver import (
    AccessRefused,
    CredentialsRefused,
    Gone,
    NotSignedIn,
    RegistryUnavailable,
    Resolver,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Registry, Reply

NAME, MIRRORED = "acme.com/web", "cgr/web"
SECRET, OWN = "secret-of-cgr", "secret-of-the-mirror"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}, tokens=[SECRET]) as registry:
        registry.publish(f"{NAME}:1")
        yield registry


@pytest.fixture
def mirror(registry: Registry) -> Iterator[Registry]:
    """A mirror that has the image, and its own users."""
    with Registry({}, users={"u": OWN}) as mirror:
        mirror.contents.manifests = {
            (MIRRORED, digest): stored for (_name, digest), stored in registry.contents.manifests.items()
        }
        yield mirror


def host(mirror: Registry) -> str:
    return mirror.url.partition("//")[2]


def resolve(registry: Registry, mirror: Registry, folder: Path, password: str = OWN, **rule: Any) -> str:
    pair = base64.b64encode(f"u:{password}".encode()).decode()
    config = {"auths": {host(mirror): {"auth": pair}} if password else {}}
    (folder / "config.json").write_text(json.dumps(config))
    resolver = Resolver(
        registry_url=registry.url,
        token=SECRET,
        mirrors={f"{host(mirror)}/cgr": "cgr.dev/acme.com"},
        environment={"DOCKER_CONFIG": str(folder)},
    )
    return resolver.resolve(f"{host(mirror)}/cgr/web:1", check_mirror=True, **rule).ref


def sent_to(mirror: Registry) -> str:
    return json.dumps([[request.path, dict(request.query), dict(request.headers)] for request in mirror.requests])


def test_a_mirror_that_serves_it_is_deployed_from(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    ref = resolve(registry, mirror, tmp_path)

    assert ref.startswith(f"{host(mirror)}/cgr/web:1@sha256:")
    heads = [request for request in mirror.requests if request.status == 200 and request.path != "/token"]
    assert [request.method for request in heads] == ["HEAD"] * 3, "the index, and the image for each platform"
    assert SECRET not in sent_to(mirror)


def test_only_the_platform_that_is_pinned_is_asked_for(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    resolve(registry, mirror, tmp_path, platform="arm64")
    assert len([request for request in mirror.requests if request.method == "HEAD" and request.status == 200]) == 2


def test_a_mirror_that_does_not_have_it_is_an_error(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    (index,) = (digest for (_name, digest) in mirror.contents.manifests if digest == _index(registry))
    mirror.contents.remove(index)
    with pytest.raises(Gone, match=rf"the mirror {host(mirror)} does not serve the index {index}"):
        resolve(registry, mirror, tmp_path)


def test_wrong_credentials_are_named(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    with pytest.raises(CredentialsRefused, match=r"refuses the credentials from .*config\.json.* docker login 127"):
        resolve(registry, mirror, tmp_path, password="wrong")
    assert SECRET not in sent_to(mirror)


def test_without_credentials_it_says_how_to_sign_in(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    with pytest.raises(NotSignedIn, match="wants credentials"):
        resolve(registry, mirror, tmp_path, password="")


@pytest.mark.parametrize(
    "challenge",
    ['Bearer realm="https://evil.example.com/token"', 'Bearer realm="http://[::"', "Bearer", "Digest", ""],
)
def test_credentials_go_to_their_own_host_only(
    registry: Registry, mirror: Registry, tmp_path: Path, challenge: str
) -> None:
    mirror.interfere = lambda request: Reply(401, headers={"WWW-Authenticate": challenge})
    with pytest.raises(UntrustworthyAnswer, match=r"credentials go to their own host only|does not say how to sign in"):
        resolve(registry, mirror, tmp_path)
    assert base64.b64encode(f"u:{OWN}".encode()).decode() not in sent_to(mirror)


def test_a_mirror_with_basic_authentication(registry: Registry, mirror: Registry, tmp_path: Path) -> None:
    wanted = "Basic " + base64.b64encode(f"u:{OWN}".encode()).decode()
    mirror.interfere = lambda request: (
        Reply(200, b"")
        if request.headers.get("authorization") == wanted
        else Reply(401, headers={"WWW-Authenticate": 'Basic realm="Artifactory"'})
    )
    assert resolve(registry, mirror, tmp_path)


@pytest.mark.parametrize(
    ("status", "error"), [(403, AccessRefused), (404, Gone), (500, RegistryUnavailable), (418, UntrustworthyAnswer)]
)
def test_a_mirror_that_fails_is_not_one_that_lacks_it(
    registry: Registry, mirror: Registry, tmp_path: Path, status: int, error: type[Exception]
) -> None:
    mirror.interfere = lambda request: Reply(status)
    with pytest.raises(error, match="the mirror 127"):
        resolve(registry, mirror, tmp_path)


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/html; charset=utf-8"}, {"Docker-Content-Digest": f"sha256:{'0' * 64}"}]
)
def test_a_sign_in_page_is_not_the_image(
    registry: Registry, mirror: Registry, tmp_path: Path, headers: dict[str, str]
) -> None:
    mirror.interfere = lambda request: Reply(200, headers=headers)
    with pytest.raises(UntrustworthyAnswer, match=r"answers with something else than the index sha256:.*sign-in page"):
        resolve(registry, mirror, tmp_path)


@pytest.mark.parametrize("reply", [Reply(404), Reply(200, b"<html>"), Reply(200, b"{}")])
def test_a_token_that_is_not_granted_is_not_a_wrong_password(
    registry: Registry, mirror: Registry, tmp_path: Path, reply: Reply
) -> None:
    mirror.interfere = lambda request: reply if request.path == "/token" else None
    with pytest.raises(UntrustworthyAnswer, match="granted no token"):
        resolve(registry, mirror, tmp_path)


def test_an_image_that_is_on_no_mirror_is_not_checked(registry: Registry) -> None:
    resolver = Resolver(registry_url=registry.url, token=SECRET, environment={})
    assert resolver.resolve(f"cgr.dev/{NAME}:1", check_mirror=True).digest == _index(registry)


def _index(registry: Registry) -> str:
    return registry.histories.moves(f"{NAME}:1")[-1].digest
