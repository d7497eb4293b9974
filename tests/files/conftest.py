# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with the images that the files of the corpus name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

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


def days_ago(days: float) -> str:
    """Returns an instant before today's first, in whole seconds."""
    return (TODAY - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


TODAY = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
# When each tag moved to the old digest, and to its own.
LONG_AGO, RECENTLY = days_ago(8.5), days_ago(2)


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
    with Registry(histories, tokens=["a-token"]) as registry:
        yield registry


@pytest.fixture
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, token="a-token", environment={})
