# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with the images that the files of the corpus name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

TAGS = {
    "web": "acme.com/web:1.2",
    "db": "acme.com/db:16",
    "nginx": "chainguard/nginx:latest",
    "python": "chainguard/python:latest-dev",
    "static": "chainguard/static:latest",
    "go": "chainguard/go:latest",
}
# A registry's days, the last of them today: a tag moved long ago, and the day before yesterday.
NOW = 1_772_000_000.0
LONG_AGO, RECENTLY = "2026-01-05T00:00:00Z", "2026-02-23T00:00:00Z"


def digest(name: str) -> str:
    """Returns the digest that a name stands for: that of an image of `TAGS` is what its tag points at."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


OLD = digest("old")
WEB, DB = f"cgr.dev/{TAGS['web']}", f"cgr.dev/{TAGS['db']}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    histories = {
        tag: [{"updateTimestamp": LONG_AGO, "digest": OLD}, {"updateTimestamp": RECENTLY, "digest": digest(name)}]
        for name, tag in TAGS.items()
    }
    with Registry(histories, tokens=["a-token"], now=lambda: NOW) as registry:
        yield registry


@pytest.fixture
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, token="a-token", environment={})
