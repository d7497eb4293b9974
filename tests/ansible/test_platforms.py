# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks that pin the image for a host's own platform, and check that it may be pulled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

from .conftest import Controller
from .test_playbooks import info, say

NAME = "chainguard/multi:1"
IMAGE = f"cgr.dev/{NAME}"


@pytest.fixture
def index(registry: Registry) -> str:
    """Publishes an image for two platforms."""
    return registry.publish(NAME, created="2026-01-01T00:00:00Z")


def test_a_fact_of_the_host_is_a_platform(controller: Controller, registry: Registry, index: str) -> None:
    wanted = Resolver(registry_url=registry.url, environment={}).resolve(IMAGE, platform="arm64").digest

    by_module, by_lookup, details, aged = controller.results(
        [
            info(image=IMAGE, platform="linux/{{ architecture }}", pullable=True),
            say("{{ lookup('cgr.images.ref', '" + IMAGE + "', platform=architecture) }}"),
            info(image=IMAGE, details=True),
            info(image=IMAGE, min_age="7d", min_age_from="build"),
        ],
        "-e",
        json.dumps({"architecture": "aarch64"}),
    )

    assert (by_module["digest"], by_module["index"], by_module["platform"]) == (wanted, index, "linux/arm64")
    assert by_lookup["msg"] == f"{IMAGE}@{wanted}"
    assert (sorted(details["platforms"]), details["created"]) == (
        ["linux/amd64", "linux/arm64"],
        "2026-01-01T00:00:00Z",
    )
    assert aged["digest"] == index


def test_a_policy_is_named_and_no_file_changes(controller: Controller, registry: Registry, index: str) -> None:
    registry.contents.deny(index, "no-eol")
    manifest = Path(controller.folder / "manifests/pod.yaml")
    manifest.parent.mkdir()
    manifest.write_text(f"image: {IMAGE}\n")

    one, files, wrong = controller.results(
        [
            info(image=IMAGE, pullable=True),
            {"cgr.images.pinned_files": {"paths": ["manifests"], "pullable": True}},
            info(image=IMAGE, platform="vax"),
        ]
    )

    assert (one["failed"], one["error_code"]) == (True, "denied_by_policy")
    assert "the pull policy 'no-eol' of the organisation denies the index" in one["msg"]
    assert files["failed"]
    assert manifest.read_text() == f"image: {IMAGE}\n"
    assert "platform 'vax' is not a platform" in wrong["msg"]
