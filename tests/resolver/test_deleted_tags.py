# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tags that were deleted, and histories that begin late: a source can say so, and no build from before is taken for the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pulumi_cgr.resolver import BeforeFirstBuild, Instant, Resolver, UnknownTag
from pulumi_cgr.testing import Registry
from tests.support.oci_source import OciSource

NAME = "acme.com/web"
TAG = f"{NAME}:1"
IMAGE = f"cgr.dev/{TAG}"
A, B = (f"sha256:{64 * letter}" for letter in "ab")
HISTORY = [
    {"updateTimestamp": "2026-01-01T00:00:00Z", "digest": A},
    {"updateTimestamp": "2026-03-01T00:00:00Z", "digest": B},
]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({TAG: HISTORY}, tokens=["t"]) as registry:
        registry.histories.delete(TAG, Instant.parse("2026-02-01"))
        yield registry


def resolver(registry: Registry, known_since: str | None = None) -> Resolver:
    """Returns a resolver that reads histories by the other API."""
    made = Resolver(registry_url=registry.url, token="t", environment={})
    begin = Instant.parse(known_since) if known_since else None
    source = OciSource(registry.url, NAME, "1", {"Authorization": "Bearer t"}, begin)
    lookup = replace(made._lookup, open_history=lambda _reference, _credential, _deadline: source)
    made._caching = replace(made._caching, lookup=lookup)
    made._lookup = lookup
    return made


@pytest.mark.parametrize(("at", "digest"), [("2026-01-15", A), ("2026-01-31", A), ("2026-03-01", B), ("2026-04-01", B)])
def test_an_instant_at_which_the_tag_existed_is_answered(registry: Registry, at: str, digest: str) -> None:
    assert resolver(registry).resolve(IMAGE, at=at).digest == digest


@pytest.mark.parametrize("at", ["2026-02-01", "2026-02-15", "2026-02-28T23:59:59Z"])
def test_an_instant_at_which_it_was_deleted_is_refused(registry: Registry, at: str) -> None:
    with pytest.raises(UnknownTag, match="the tag was deleted at 2026-02-01T00:00:00Z"):
        resolver(registry).resolve(IMAGE, at=at)


def test_a_tag_that_is_deleted_has_no_latest_build(registry: Registry) -> None:
    registry.histories.delete(TAG, Instant.parse("2026-04-01"))
    with pytest.raises(UnknownTag, match="the tag was deleted at 2026-04-01T00:00:00Z"):
        resolver(registry).resolve(IMAGE)


def test_no_build_from_before_a_deletion_is_old_enough(registry: Registry) -> None:
    assert resolver(registry).resolve(IMAGE, min_age="7d").digest == B
    registry.histories.delete(TAG, Instant.parse("2026-05-01"))
    registry.move(TAG, A)
    with pytest.raises(UnknownTag, match="the tag was deleted at 2026-05-01T00:00:00Z"):
        resolver(registry).resolve(IMAGE, min_age="7d")


def test_an_instant_before_the_history_begins_is_refused(registry: Registry) -> None:
    late = resolver(registry, known_since="2026-02-15")
    with pytest.raises(BeforeFirstBuild, match="knows the tag's history only since 2026-02-15T00:00:00Z"):
        late.resolve(IMAGE, at="2026-02-20")


def test_an_interval_ends_when_the_tag_is_deleted(registry: Registry) -> None:
    past: Any = resolver(registry).history(IMAGE, since="2025-12-01", until="2026-04-01")
    assert [(each.digest, str(each.until)) for each in past.intervals] == [
        (A, "2026-02-01T00:00:00Z"),
        (B, "None"),
    ]
