# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Manifests, blobs and referrers: what a digest stands for, its bytes always checked."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.errors import Gone
from ansible_collections.cgr.images.plugins.module_utils._resolver.registry.content import Content
from pulumi_cgr.resolver import (
    DeniedByPolicy,
    RegistryUnavailable,
    Resolver,
    UnknownRepository,
    UntrustworthyAnswer,
)
from pulumi_cgr.testing import Registry, Reply

NAME = "acme.com/web"
IMAGE = f"cgr.dev/{NAME}:1"
SECRET = "the-secret"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}, tokens=[SECRET], redirects_blobs=True) as registry:
        registry.publish(f"{NAME}:1", created="2026-01-01T00:00:00Z")
        yield registry


def read(registry: Registry, work: Any, **settings: Any) -> Any:
    """Reads the content of the repository, as a resolver does."""
    resolver = Resolver(registry_url=registry.url, token=SECRET, environment={}, **settings)
    return resolver._lookup.with_content(resolver.parse_query(IMAGE).reference, work)[0]


def index_of(registry: Registry) -> str:
    return registry.histories.moves(f"{NAME}:1")[-1].digest


def test_an_index_lists_its_platforms(registry: Registry) -> None:
    index = read(registry, lambda content: content.manifest(index_of(registry)))
    assert list(index.platforms) == ["linux/amd64", "linux/arm64"]
    assert str(index.created) == "2026-01-01T00:00:00Z"
    child = read(registry, lambda content: content.manifest(index.platforms["linux/arm64"]))
    assert not child.is_index
    assert len(child.layers) == 1


def test_attestations_are_not_platforms(registry: Registry) -> None:
    digest = registry.contents.push_index(NAME, attestations=True)
    index = read(registry, lambda content: content.manifest(digest))
    assert len(index.manifests) == 4
    assert list(index.platforms) == ["linux/amd64", "linux/arm64"]


def test_docker_lists_are_read_alike(registry: Registry) -> None:
    digest = registry.contents.push_index(NAME, ["linux/arm/v7"], docker=True)
    index = read(registry, lambda content: content.manifest(digest))
    assert list(index.platforms) == ["linux/arm/v7"]


def test_a_digest_is_asked_for_once(registry: Registry) -> None:
    def twice(content: Content) -> None:
        content.manifest(index_of(registry))
        content.manifest(index_of(registry))
        content.manifest(index_of(registry), anew=True)

    read(registry, twice)
    assert [request.path.split("/")[4] for request in registry.requests] == ["manifests", "manifests"]


def test_bytes_are_kept_for_good_in_the_cache(registry: Registry, tmp_path: Any) -> None:
    for _run in range(2):
        read(registry, lambda content: content.manifest(index_of(registry)), cache=tmp_path)
    assert len(registry.requests) == 1


def test_bytes_in_the_cache_that_were_changed_are_fetched_again(registry: Registry, tmp_path: Any) -> None:
    def image_for_arm() -> str:
        index = read(registry, lambda content: content.manifest(index_of(registry)), cache=tmp_path)
        return str(index.platforms["linux/arm64"])

    digest = image_for_arm()
    (file,) = tmp_path.glob("*.json")
    kept = json.loads(file.read_text())
    body = base64.b64decode(kept["data"]).replace(digest.encode(), f"sha256:{'0' * 64}".encode())
    file.write_text(json.dumps({**kept, "data": base64.b64encode(body).decode()}))

    assert image_for_arm() == digest
    assert len(registry.requests) == 2


def test_other_bytes_are_not_believed(registry: Registry) -> None:
    contents, digest = registry.contents, index_of(registry)
    other = contents.push_index(NAME, ["linux/s390x"])
    contents.manifests[NAME, digest] = contents.manifests[NAME, other]
    with pytest.raises(UntrustworthyAnswer, match="sent something else for the index 'sha256:"):
        read(registry, lambda content: content.manifest(digest, "the index"))


def test_a_blob_comes_from_another_host_without_credentials(registry: Registry) -> None:
    blob = registry.contents.push_blob(NAME, b"hello")["digest"]
    assert read(registry, lambda content: content.blob(blob)) == b"hello"
    assert registry.storage is not None
    (request,) = registry.storage.requests
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    "location",
    ["http://example.com/blob", "ftp://example.com/blob", "https://user@example.com/blob", "https://[::"],
)
def test_a_blob_is_not_fetched_from_anywhere_else(registry: Registry, location: str) -> None:
    blob = registry.contents.push_blob(NAME, b"hello")["digest"]
    registry.interfere = lambda request: (
        Reply(307, headers={"Location": location}) if "/blobs/" in request.path else None
    )
    with pytest.raises(UntrustworthyAnswer, match="redirect"):
        read(registry, lambda content: content.blob(blob))


def test_a_blob_is_bounded(registry: Registry) -> None:
    blob = registry.contents.push_blob(NAME, bytes(3000))["digest"]
    with pytest.raises(UntrustworthyAnswer, match="more than 1 KiB"):
        read(registry, lambda content: content.blob(blob, 1024))


def test_a_storage_that_fails_is_unavailable(registry: Registry) -> None:
    blob = registry.contents.push_blob(NAME, b"hello")["digest"]
    assert registry.storage is not None
    registry.storage._signature = "expired"
    registry.interfere = lambda request: (
        Reply(307, headers={"Location": f"{registry.storage.url}/x?signature=old"})  # type: ignore[union-attr]
        if "/blobs/" in request.path
        else None
    )
    with pytest.raises(RegistryUnavailable, match="answered 400"):
        read(registry, lambda content: content.blob(blob))


@pytest.mark.parametrize("has_api", [True, False], ids=["API", "tag"])
def test_referrers_are_found_by_either_way(registry: Registry, has_api: bool) -> None:
    registry.contents.has_referrers = has_api
    subject = index_of(registry)
    assert read(registry, lambda content: content.referrers(subject, "text/spdx")) == ()
    attached = registry.contents.attach(NAME, subject, "text/spdx", [("text/spdx", b"{}")])
    registry.contents.attach(NAME, subject, "text/other", [("text/other", b"{}")])
    (found,) = read(registry, lambda content: content.referrers(subject, "text/spdx"))
    assert found.digest == attached


def test_referrers_come_in_pages(registry: Registry) -> None:
    subject = index_of(registry)
    pages = {}
    for number in range(3):
        attached = registry.contents.attach(NAME, subject, "text/spdx", [("text/spdx", bytes([number]))])
        index = registry.contents.referrers(NAME, subject)
        listed = [each for each in index["manifests"] if each["digest"] == attached]
        link = {"Link": f'</v2/elsewhere?last={number}&artifactType=x>; rel="next"'} if number < 2 else {}
        pages[str(number - 1)] = Reply.of_json(200, {**index, "manifests": listed}, link)
    registry.interfere = lambda request: (
        pages[request.query.get("last", "-1")] if f"/{NAME}/referrers/" in request.path else None
    )
    assert len(read(registry, lambda content: content.referrers(subject, "text/spdx"))) == 3


def test_a_tag_that_does_not_exist_is_no_manifest(registry: Registry) -> None:
    assert read(registry, lambda content: content.tagged("sha256-0.sig")) is None


@pytest.mark.parametrize("status", [403, 404, 400, 500])
def test_a_policy_is_named_at_any_status(registry: Registry, status: int) -> None:
    digest = index_of(registry)
    registry.contents.deny(digest)
    registry.contents.denied_status = status
    with pytest.raises(DeniedByPolicy, match=r"the pull policy 'cooldown' .*denies the index sha256:"):
        read(registry, lambda content: content.manifest(digest, "the index"))


def test_a_digest_that_is_no_longer_served_is_gone(registry: Registry) -> None:
    digest = index_of(registry)
    registry.contents.remove(digest)
    with pytest.raises(Gone, match="does not serve the index sha256:"):
        read(registry, lambda content: content.manifest(digest, "the index"))


def test_an_unknown_repository_is_not_an_unknown_digest(registry: Registry) -> None:
    registry.interfere = lambda request: Reply.of_error(404, "NAME_UNKNOWN", "repository does not exist")
    for work in (
        lambda content: content.manifest(index_of(registry)),
        lambda content: content.tagged("x"),
        lambda content: content.referrers(index_of(registry), "x"),
    ):
        with pytest.raises(UnknownRepository):
            read(registry, work)
