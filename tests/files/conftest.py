# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with the images that the files of the corpus name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

OTHERS = """
bash:latest cert-manager-acmesolver:1.11.1 crane:latest-dev b:1 d:1 z:1 dockerfilelint:latest function-dummy:v0.2.1
mariadb:10.11.2-jammy nginx:1.25.4 node:1 node:16-bullseye node:6 node:latest postgres:10 provider-nop:v0.2.0 redis:5
session-manager:latest sql:v1.2.3 ubuntu:1 ubuntu:17.04
"""
TAGS = {
    "web": "acme.com/web:1.2",
    "db": "acme.com/db:16",
    "nginx": "chainguard/nginx:latest",
    "python": "chainguard/python:latest-dev",
    "static": "chainguard/static:latest",
    "go": "chainguard/go:latest",
    **{re.sub("[:.]", "-", image): f"chainguard/{image}" for image in OTHERS.split()},
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
