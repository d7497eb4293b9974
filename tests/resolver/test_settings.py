# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where settings come from, and where credentials go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_cgr.resolver import AccessRefused, InvalidArgument, Resolver
from pulumi_cgr.testing import Registry

A = "sha256:" + 64 * "a"
HISTORY = [{"updateTimestamp": "2026-01-31T00:00:00Z", "digest": A}]


def test_arguments_win_over_the_environment() -> None:
    with Registry({"acme.com/web:latest": HISTORY}, tokens=["right"]) as registry:
        wrong = {"CGR_REGISTRY": "https://registry.invalid", "CGR_TOKEN": "wrong", "CGR_TIMEOUT": "0.001"}
        resolver = Resolver(registry=registry.url, token="right", timeout=10, environment=wrong)
        assert resolver.resolve("cgr.dev/acme.com/web").digest == A
        right = {"CGR_REGISTRY": registry.url + "/", "CGR_TOKEN": "right\n"}
        assert Resolver(environment=right).resolve("cgr.dev/acme.com/web").digest == A


@pytest.mark.parametrize(
    "registry",
    [
        "http://registry.example.com",
        "registry.example.com",
        "https://a@registry.example.com",
        "https://h/path",
        "ftp://h",
        "http://127.0.0.1.example.com",
    ],
)
def test_an_address_that_is_not_safe_is_refused(registry: str) -> None:
    with pytest.raises(InvalidArgument, match="is not the URL of a server: write https://HOST"):
        Resolver(registry=registry, token="t", environment={}).resolve("cgr.dev/acme.com/web")


@pytest.mark.parametrize("timeout", [-1, "soon", "nan", 86400])
def test_a_bound_that_is_none_is_refused(timeout: float | str) -> None:
    with pytest.raises(InvalidArgument, match="is not a number of seconds"):
        Resolver(timeout=timeout, environment={})


def test_a_registry_on_this_machine_never_sees_the_token_for_cgr_dev() -> None:
    with Registry({"chainguard/web:latest": HISTORY}) as registry:
        host = registry.url.removeprefix("http://")
        answer = Resolver(token="the-secret", environment={}).resolve(f"{host}/chainguard/web")
        assert answer.ref == f"{host}/chainguard/web:latest@{A}"
        assert not any("the-secret" in str(request.headers) for request in registry.requests)


def test_an_image_that_is_pinned_needs_no_registry() -> None:
    resolver = Resolver(registry="http://127.0.0.1:9", environment={})
    for image, tag in ((f"cgr.dev/acme.com/web@{A}", None), (f"cgr.dev/acme.com/web:1@{A}", "1")):
        answer = resolver.resolve(image)
        assert (answer.ref, answer.tag, answer.digest, answer.updated_at) == (image, tag, A, None)
        assert answer.reason == "already pinned in the image; nothing was looked up"


@pytest.mark.parametrize("token", ["two words", "line\nend", "\x07", "é"])
def test_a_token_that_is_none_is_not_sent(token: str) -> None:
    with Registry({}) as registry:
        with pytest.raises(AccessRefused) as caught:
            Resolver(registry=registry.url, token=token, environment={}).resolve("cgr.dev/acme.com/web")
        assert token not in str(caught.value)
        assert not registry.requests


def test_threads_share_a_token() -> None:
    tags = [f"chainguard/web:{number}" for number in range(16)]
    with Registry(dict.fromkeys(tags, HISTORY), delay=0.02) as registry:
        resolver = Resolver(registry=registry.url, environment={})
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(resolver.resolve, [f"cgr.dev/{tag}" for tag in tags]))
    assert {answer.digest for answer in answers} == {A}
    assert [request.path for request in registry.requests].count("/token") == 1
