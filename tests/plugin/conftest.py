# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A plugin that asks an embedded registry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry

from .client import Plugin, serving

A, B, C = ("sha256:" + 64 * letter for letter in "abc")
HISTORIES = {
    "chainguard/python:latest": [
        {"updateTimestamp": "2024-05-01T00:00:00Z", "digest": A},
        {"updateTimestamp": "2024-06-01T00:00:00.500Z", "digest": B},
    ],
    "chainguard/nginx:latest": [{"updateTimestamp": "2024-05-15T00:00:00Z", "digest": C}],
    "acme.com/web:1": [{"updateTimestamp": "2024-05-20T00:00:00Z", "digest": C}],
}
PYTHON, NGINX = "cgr.dev/chainguard/python:latest", "cgr.dev/chainguard/nginx:latest"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES, tokens=["the-secret-token"]) as registry:
        yield registry


@pytest.fixture
def plugin(registry: Registry) -> Iterator[Plugin]:
    with serving({"CGR_REGISTRY": registry.url}, supports_refresh_before_update=True) as plugin:
        plugin.configure()
        yield plugin
