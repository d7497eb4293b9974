# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images on mirrors: looked up at cgr.dev, written with their own name, and the mirror is asked nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr._bridge import parse_image
from pulumi_cgr.resolver import InvalidArgument, InvalidImage, Mirrors, NotSignedIn, Resolver
from pulumi_cgr.testing import Registry

A, B = ("sha256:" + 64 * letter for letter in "ab")
TOKEN = "the-secret-token"
HISTORIES = {
    "acme.com/web:1": [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}],
    "chainguard/nginx:latest": [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": B}],
}

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOGLE = "europe-west1-docker.pkg.dev"
SHAPES = {
    "Artifactory": ("acme.jfrog.io/cgr", "cgr.dev", "acme.jfrog.io/cgr/acme.com/web:1"),
    "Google Artifact Registry": (f"{GOOGLE}/project/cgr", "cgr.dev", f"{GOOGLE}/project/cgr/acme.com/web:1"),
    "ECR, a rule for the organisation": (f"{ECR}/cgr", "cgr.dev/acme.com", f"{ECR}/cgr/web:1"),
    "ECR": (f"{ECR}/cgr", "cgr.dev", f"{ECR}/cgr/acme.com/web:1"),
    "Harbor": ("harbor.corp/cgr", "cgr.dev", "harbor.corp/cgr/acme.com/web:1"),
    "Nexus": ("nexus.corp:8443", "cgr.dev", "nexus.corp:8443/acme.com/web:1"),
    "Nexus on this machine": ("localhost:8443", "cgr.dev", "localhost:8443/acme.com/web:1"),
    "Cloudsmith": ("docker.cloudsmith.io/acme/cgr", "cgr.dev", "docker.cloudsmith.io/acme/cgr/acme.com/web:1"),
    "Cloudsmith without the organisation": (
        "docker.cloudsmith.io/acme/cgr",
        "cgr.dev/acme.com",
        "docker.cloudsmith.io/acme/cgr/web:1",
    ),
    "a repository of its own": ("registry.corp/site", "cgr.dev/acme.com/web", "registry.corp/site:1"),
}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES, tokens=[TOKEN]) as registry:
        yield registry


@pytest.fixture
def mirror() -> Iterator[Registry]:
    """A mirror that would give another digest, if it were asked."""
    stale = {
        f"{name}:1": [{"updateTimestamp": "2025-01-31T00:00:00Z", "digest": B}] for name in ("acme.com/web", "web")
    }
    with Registry(stale) as mirror:
        yield mirror


def resolver(registry: Registry, mirrors: dict[str, str] | str, cache: str | None = None) -> Resolver:
    return Resolver(registry=registry.url, token=TOKEN, mirrors=mirrors, cache=cache, environment={})


@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_on_a_mirror_is_looked_up_at_cgr_dev_and_keeps_its_name(registry: Registry, shape: str) -> None:
    left, right, image = SHAPES[shape]

    answer = resolver(registry, {left: right}).resolve(image)

    assert answer.ref == f"{image}@{A}"
    assert (answer.image, answer.repository, answer.tag) == (image, image.removesuffix(":1"), "1")
    assert {request.path for request in registry.requests} == {"/v2/acme.com/web/_chainguard/history/1"}


@pytest.mark.parametrize("right", ["cgr.dev", "cgr.dev/acme.com"])
def test_the_mirror_is_asked_nothing_and_sees_no_credentials(registry: Registry, mirror: Registry, right: str) -> None:
    host = mirror.url.removeprefix("http://")
    image = f"{host}/acme.com/web:1" if right == "cgr.dev" else f"{host}/web:1"

    answers = resolver(registry, {host: right}).resolve_all({"web": image, "pinned": f"{image}@{B}"})

    assert answers.refs == {"web": f"{image}@{A}", "pinned": f"{image}@{B}"}
    assert mirror.requests == []
    assert {request.headers["authorization"] for request in registry.requests} == {f"Bearer {TOKEN}"}


def test_the_longest_name_counts_and_only_whole_parts_of_a_path() -> None:
    mirrors = Mirrors.of(
        "registry.corp=cgr.dev, registry.corp/cgr=cgr.dev/acme.com, registry.corp/cgr/free=cgr.dev/chainguard"
    )

    upstream = {name: parse_image(f"registry.corp/{name}", mirrors).upstream for name in ("cgr/web", "cgr/free/web")}

    assert upstream == {"cgr/web": "cgr.dev/acme.com/web", "cgr/free/web": "cgr.dev/chainguard/web"}
    assert parse_image("registry.corp/cgr-2/web", mirrors).upstream == "cgr.dev/cgr-2/web"
    assert parse_image("cgr.dev/acme.com/web", mirrors).upstream == "cgr.dev/acme.com/web"
    with pytest.raises(
        InvalidImage, match=r"is in the registry registry\.corp:5000; only cgr\.dev keeps a tag history"
    ):
        parse_image("registry.corp:5000/cgr/web", mirrors)


def test_mirrors_are_a_mapping_or_text_from_wherever_settings_come(registry: Registry) -> None:
    mirrors = {"registry.corp/cgr": "cgr.dev/acme.com", "registry.corp/free": "cgr.dev/chainguard/"}
    for given in (mirrors, json.dumps(mirrors), ", ".join(f"{left}={right}" for left, right in mirrors.items())):
        assert Mirrors.of(given) == Mirrors.of(mirrors)
    environment = {
        "CGR_REGISTRY": registry.url,
        "CGR_TOKEN": TOKEN,
        "CGR_MIRRORS": "registry.corp/cgr=cgr.dev/acme.com",
    }

    assert Resolver(environment=environment).resolve("registry.corp/cgr/web:1").digest == A
    with pytest.raises(InvalidImage, match=r"If registry\.corp mirrors it, add it to 'mirrors'"):
        Resolver(mirrors={}, environment=environment).resolve("registry.corp/cgr/web:1")


@pytest.mark.parametrize(
    ("mirrors", "said"),
    [
        (
            "registry.corp/cgr",
            "mirrors 'registry.corp/cgr' cannot be parsed: write registry.example.com/cgr=cgr.dev/ORG",
        ),
        ("registry.corp: cgr.dev", "cannot be parsed"),
        ("{", "is not JSON"),
        ({"cgr": "cgr.dev"}, "'cgr' is not the name of a mirror: write its registry"),
        ({"cgr/acme.com": "cgr.dev"}, "is not the name of a mirror"),
        ({"https://registry.corp": "cgr.dev"}, "is not the name of a mirror"),
        ({"Registry.corp": "cgr.dev"}, "is not the name of a mirror"),
        ({"registry.corp/cgr:1": "cgr.dev"}, "is not the name of a mirror"),
        ({"cgr.dev/acme.com": "cgr.dev/other.com"}, "is not the name of a mirror"),
        ({"registry.corp//cgr": "cgr.dev"}, "is not the name of a mirror"),
        ({"registry.corp": "ghcr.io/acme"}, "'ghcr.io/acme', for registry.corp, is not a name on cgr.dev"),
        ({"registry.corp": "acme.com"}, "is not a name on cgr.dev: write cgr.dev, or cgr.dev/ORG."),
        ({"registry.corp": ""}, "is not a name on cgr.dev"),
        ("registry.corp=cgr.dev,registry.corp/=cgr.dev/a", "gives 'registry.corp' two upstream names: keep one"),
    ],
)
def test_mirrors_that_are_none_are_refused(mirrors: dict[str, str] | str, said: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Resolver(mirrors=mirrors, environment={})
    assert said in str(refused.value)


def test_a_failure_names_both_names(registry: Registry) -> None:
    mirrored = Resolver(
        registry=registry.url, mirrors="registry.corp/cgr=cgr.dev", environment={}, credentials="anonymous"
    )

    with pytest.raises(
        NotSignedIn, match=r"^registry\.corp/cgr/acme\.com/web:1: the repository cgr\.dev/acme\.com/web is not public"
    ):
        mirrored.resolve("registry.corp/cgr/acme.com/web:1")
    with pytest.raises(InvalidImage, match=r"did you mean registry\.corp/cgr/chainguard/nginx:1\?"):
        mirrored.resolve("registry.corp/cgr/nginx:1")


def test_an_image_and_itself_on_a_mirror_share_an_answer_in_a_cache(registry: Registry, tmp_path: Path) -> None:
    asking = resolver(registry, "registry.corp=cgr.dev", cache=str(tmp_path))
    there = asking.resolve("cgr.dev/chainguard/nginx:latest", at="2026-02-01")
    asked = len(registry.requests)

    here = asking.resolve("registry.corp/chainguard/nginx:latest", at="2026-02-01")

    assert (here.digest, here.ref) == (there.digest, f"registry.corp/chainguard/nginx:latest@{B}")
    assert len(registry.requests) == asked
