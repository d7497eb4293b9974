# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The contents of builds, read from attestations in a registry: in each form, and from each kind of broken one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.changes import Difference, compare_builds
from pulumi_cgr.resolver import InvalidRule, Resolver
from pulumi_cgr.testing import Registry, Reply
from tests.support.attestations import (
    IMAGE_CONFIGURATION,
    SPDX,
    attest,
    attest_by_tag,
    child_of,
    configuration,
    envelope,
    publish,
    spdx,
)

NAME = "chainguard/web"
WEB = f"{NAME}:1"
IMAGE = f"cgr.dev/{WEB}"
ONE, TWO = {"curl": "8.21.0-r1"}, {"curl": "8.21.0-r2"}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}, redirects_blobs=True) as registry:
        publish(registry, WEB, configuration(ONE), "2026-01-01T00:00:00Z")
        yield registry


def digests(registry: Registry) -> list[str]:
    return [build.digest for build in registry.histories.moves(WEB)]


def compared(registry: Registry, **arguments: Any) -> Difference:
    """Compares the first build with the last one."""
    resolver = Resolver(registry_url=registry.url, environment={}, cache=arguments.pop("cache", ""), timeout=3)
    return compare_builds(resolver, IMAGE, digests(registry)[0], digests(registry)[-1], **arguments)


@pytest.mark.parametrize("by_tag", [True, False])
@pytest.mark.parametrize("kind", [IMAGE_CONFIGURATION, SPDX])
def test_attestations_are_read_in_every_form(registry: Registry, by_tag: bool, kind: str) -> None:
    predicate = configuration(TWO) if kind == IMAGE_CONFIGURATION else spdx(TWO)
    publish(registry, WEB, predicate, "2026-01-02T00:00:00Z", kind, by_tag)

    found = compared(registry)

    assert found.packages
    assert found.packages.updated == {"curl": ("8.21.0-r1", "8.21.0-r2")}
    assert found.platform == "linux/amd64"
    assert [str(each.created) for each in (found.old, found.new)] == ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]
    assert found.old.size
    assert not found.is_verified
    assert found.source == "as published, not verified"
    assert found.warnings == ()
    assert (found.config is None) == (kind == SPDX)


def test_a_registry_without_the_api_for_referrers_has_a_tag_instead(registry: Registry) -> None:
    registry.contents.has_referrers = False
    publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z", by_tag=False)

    found = compared(registry)

    assert found.packages
    assert found.packages.names == ("curl",)


def test_an_image_configuration_is_preferred_to_spdx(registry: Registry) -> None:
    digest = publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")
    attest(registry, NAME, child_of(registry, NAME, digest), spdx({"other": "1-r0"}), SPDX)

    found = compared(registry)

    assert found.packages
    assert found.packages.names == ("curl",)


def _att(predicate_type: str = IMAGE_CONFIGURATION, **changed: Any) -> Callable[[Registry, str], None]:
    """Returns a function that attests an image by a tag, with parts of the envelope changed."""

    def make(registry: Registry, child: str) -> None:
        document = {**envelope(child, predicate_type, configuration(TWO)), **changed}
        attest_by_tag(registry, NAME, child, (predicate_type, json.dumps(document).encode()))

    return make


def _contradict(registry: Registry, child: str) -> None:
    _att()(registry, child)
    attest(registry, NAME, child, configuration(ONE))


def _of_another_image(registry: Registry, child: str) -> None:
    attest(registry, NAME, child, configuration(TWO), subject="sha256:" + 64 * "9")


def _cut(registry: Registry, child: str) -> None:
    document = json.dumps(envelope(child, IMAGE_CONFIGURATION, configuration(TWO))).encode()
    attest_by_tag(registry, NAME, child, (IMAGE_CONFIGURATION, document[: len(document) // 2]))


def _too_large(registry: Registry, child: str) -> None:
    attest_by_tag(registry, NAME, child, (IMAGE_CONFIGURATION, b" " * (17 * 1024 * 1024)))


def _too_many(registry: Registry, child: str) -> None:
    documents = [(SPDX, json.dumps(envelope(child, SPDX, number)).encode()) for number in range(33)]
    attest_by_tag(registry, NAME, child, *documents)


def _changed_bytes(registry: Registry, child: str) -> None:
    attest(registry, NAME, child, configuration(TWO))
    for key, stored in registry.contents.blobs.items():
        if b"dsseEnvelope" in stored.body:
            registry.contents.blobs[key] = type(stored)(stored.media_type, stored.body + b" ")


@pytest.mark.parametrize(
    ("publish_broken", "reason"),
    [
        (lambda _registry, _child: None, "has no attestation of its packages"),
        (_att("https://slsa.dev/provenance/v1"), "has no attestation of its packages"),
        (_contradict, "has 2 attestations that contradict each other"),
        (_of_another_image, "has an attestation that is about another image"),
        (_cut, "has an attestation that is not JSON"),
        (_att(payload="%%%"), "has an attestation that has a payload that is not base64"),
        (_att(payload="AAAA"), "has an attestation that has a payload that is not JSON"),
        (_att(payloadType="text/plain"), "has an attestation that is not an envelope with an in-toto statement"),
        (_too_large, "has an attestation that is larger than 16 MiB"),
        (_too_many, "has more than 32 attestations"),
        (_changed_bytes, "has an attestation that cannot be read: The registry sent something else for the blob"),
    ],
)
def test_without_a_usable_attestation_the_rest_is_there_and_a_sentence(
    registry: Registry, publish_broken: Callable[[Registry, str], None], reason: str
) -> None:
    digest = publish(registry, WEB, None, "2026-01-02T00:00:00Z")
    publish_broken(registry, child_of(registry, NAME, digest))

    found = compared(registry)

    assert found.packages is None
    assert found.config is None
    assert found.new.size
    (warning,) = found.warnings
    assert warning.startswith(f"the packages of {digest} are not known: the image {reason}")


def test_an_attestation_of_10_mb_is_read(registry: Registry) -> None:
    publish(registry, WEB, configuration(TWO, padding="x" * 10_000_000), "2026-01-02T00:00:00Z")

    assert compared(registry).packages


def test_two_attestations_that_agree_are_one(registry: Registry) -> None:
    digest = publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")
    attest(registry, NAME, child_of(registry, NAME, digest), configuration(TWO))

    assert compared(registry).packages


def test_contents_that_were_read_once_are_kept_permanently(registry: Registry, tmp_path: Path) -> None:
    publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")
    first = compared(registry, cache=str(tmp_path))
    registry.requests.clear()

    assert compared(registry, cache=str(tmp_path)) == first
    assert registry.requests == []


def test_a_missing_attestation_is_looked_for_again(registry: Registry, tmp_path: Path) -> None:
    digest = publish(registry, WEB, None, "2026-01-02T00:00:00Z")
    assert compared(registry, cache=str(tmp_path)).packages is None

    attest(registry, NAME, child_of(registry, NAME, digest), configuration(TWO))

    assert compared(registry, cache=str(tmp_path)).packages


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_failure_of_the_registry_is_not_taken_for_a_missing_attestation(registry: Registry, status: int) -> None:
    digest = publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")
    path = f"/v2/{NAME}/referrers/{child_of(registry, NAME, digest)}"
    registry.interfere = lambda request: Reply(status, b"{}") if request.path == path else None

    found = compared(registry)

    assert found.packages is None
    (warning,) = found.warnings
    assert warning.startswith(f"the contents of {digest} are not known: ")
    assert "has no attestation" not in warning


def test_a_build_that_the_registry_no_longer_serves_is_a_warning(registry: Registry) -> None:
    digest = publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")
    del registry.contents.manifests[NAME, digest]

    found = compared(registry)

    assert (found.packages, found.new.size) == (None, None)
    assert "does not serve" in found.warnings[0]


def test_another_platform_can_be_compared(registry: Registry) -> None:
    publish(registry, WEB, configuration(TWO), "2026-01-02T00:00:00Z")

    found = compared(registry, platform="aarch64")

    assert found.platform == "linux/arm64"
    assert all("has no attestation" in warning for warning in found.warnings)
    assert (
        "is not built for linux/s390x, only for linux/amd64, linux/arm64"
        in compared(registry, platform="s390x").warnings[0]
    )
    with pytest.raises(InvalidRule):
        compared(registry, platform="no platform")
