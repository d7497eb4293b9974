# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""crane, an independent client, finds the same digests; and a registry that it serves is a mirror."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pulumi_cgr.resolver import Gone, Resolver, UnknownPlatform
from pulumi_cgr.testing import Registry

pytestmark = pytest.mark.skipif(not shutil.which("crane"), reason="crane is not on PATH")

NAME = "chainguard/web"
IMAGE = f"cgr.dev/{NAME}:1"
SHAPES: dict[str, dict[str, Any]] = {
    "OCI index": {},
    "Docker list": {"docker": True},
    "variants": {"platforms": ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "linux/s390x"]},
    "BuildKit attestations": {"attestations": True},
}


def crane(*arguments: str) -> str:
    done = subprocess.run(["crane", *arguments, "--insecure"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def real_registry() -> Iterator[str]:
    """A registry that crane serves; yields its host."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    with subprocess.Popen(
        ["crane", "registry", "serve", "--address", host], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        try:
            assert "serving" in process.stderr.readline()
            yield host
        finally:
            process.terminate()


@pytest.mark.parametrize("shape", SHAPES)
def test_crane_finds_the_same_image_for_each_platform(shape: str) -> None:
    with Registry({}) as registry:
        registry.move(f"{NAME}:1", registry.contents.push_index(NAME, **SHAPES[shape]))
        resolver = Resolver(registry_url=registry.url, environment={})
        found = resolver.resolve(IMAGE, details=True)
        host = registry.url.removeprefix("http://")

        assert crane("digest", f"{host}/{NAME}:1") == found.digest
        for platform, digest in found.platforms.items():
            wanted = (
                "linux/arm64/v8" if (platform, shape) == ("linux/arm64", "variants") else platform
            )  # as it is written
            assert crane("digest", "--platform", wanted, f"{host}/{NAME}:1") == digest
            assert resolver.resolve(IMAGE, platform=platform).digest == digest


def test_crane_pulls_a_single_image() -> None:
    with Registry({}, redirects_blobs=True) as registry:
        registry.move(f"{NAME}:1", registry.contents.push_image(NAME))
        resolver = Resolver(registry_url=registry.url, environment={})
        host = registry.url.removeprefix("http://")

        assert crane("digest", f"{host}/{NAME}:1") == resolver.resolve(IMAGE, details=True, pullable=True).digest
        assert crane("validate", "--remote", f"{host}/{NAME}:1").startswith("PASS")
        with pytest.raises(UnknownPlatform):
            resolver.resolve(IMAGE, platform="amd64")


def test_a_real_registry_is_asked_as_a_mirror() -> None:
    with Registry({}) as registry, real_registry() as mirror:
        registry.publish(f"{NAME}:1")
        source = registry.url.removeprefix("http://")
        resolver = Resolver(registry_url=registry.url, mirrors={f"{mirror}/cgr": "cgr.dev/chainguard"}, environment={})
        image = f"{mirror}/cgr/web:1"

        with pytest.raises(Gone, match="does not serve the index"):
            resolver.resolve(image, check_mirror=True)
        crane("copy", f"{source}/{NAME}:1", image)
        found = resolver.resolve(image, check_mirror=True, platform="arm64")

        assert crane("digest", "--platform", "linux/arm64", image) == found.digest
