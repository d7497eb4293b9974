# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are not locks, and locks that were changed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_cgr._bridge import read_lock
from pulumi_cgr.resolver import InvalidLock, Resolver

from .conftest import WEB, A, B, entries, lock

HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "not JSON": ("{", "it is not JSON"),
    "nested too deep": ("[" * 200_000, "it is not JSON"),
    "a conflict": ("{\n<<<<<<< HEAD\n", "git left a conflict in it"),
    "not UTF-8": (b"\xff\xfe", "it is not UTF-8"),
    "a list": ("[]", "it is not a lock file: it has no version"),
    "of the future": ('{"version": 3, "images": []}', "it has version '3', and only 1 and 2 are supported here"),
    "a version that is not a number": ('{"version": true, "images": []}', "it has version 'True'"),
    "without images": ('{"version": 1}', "it must contain version and images"),
    "with something else": ('{"version": 1, "images": [], "x": 1}', "and nothing else"),
    "a name twice": ('{"version": 1, "version": 1, "images": []}', "a name is twice in one place"),
    "an entry that is not an object": ('{"version": 1, "images": [1]}', "images[0] is not an entry"),
    "an entry that lacks something": ('{"version": 1, "images": [{"image": "x"}]}', "images[0] (x) lacks 'digest'"),
    "an entry with something else": (entries({"x": 1}), f"images[0] ({WEB}) has an unknown 'x'"),
    "two entries alike": (entries({}, {}), f"there are two entries for {WEB} with the same rule"),
    "a use that is not text": (entries({"used": ["\ud800"]}), "used contains something that is not text"),
    "a malformed image": (entries({"image": "web"}), "is an image of Docker Hub"),
    "an image without a tag": (entries({"image": WEB[:-2]}), "is not repository:tag"),
    "an image with a digest": (entries({"image": f"{WEB}@{A}"}), "is not repository:tag"),
    "a foreign image": (entries({"image": "ghcr.io/a/b:1"}), "is in the registry ghcr.io"),
    "a foreign upstream": (
        entries({"image": "ghcr.io/a/b:1", "upstream": "evil.com/a/b"}),
        "is in the registry evil.com",
    ),
    "a malformed digest": (entries({"digest": "sha256:a"}), "digest 'sha256:a' is malformed"),
    "a digest that is not text": (entries({"digest": [A]}), "is malformed"),
    "another ref": (entries({"ref": f"{WEB}@{B}"}), "is not the image with its digest"),
    "a ref to another registry": (entries({"ref": f"evil.com/web:1@{A}"}), "is not the image with its digest"),
    "an unknown rule": (entries({"rule": {"current": A}}), "rule contains something else than at, min_age"),
    "a malformed rule": (entries({"rule": {"min_age": "soon"}}), "min_age 'soon' is not a duration"),
    "another spelling of a rule": (entries({"rule": {"min_age": "168h"}}), "rule is not written in its one form"),
    "a rule of another type": (entries({"rule": {"exclude": 7}}), "images[0]"),
    "a malformed instant": (entries({"updated_at": "yesterday"}), "updated_at 'yesterday' is not an instant"),
    "an instant that is a number": (entries({"resolved": 7}), "resolved '7' is not an instant"),
    "a build of the future": (entries({"updated_at": "2026-02-01T00:00:00Z"}), "is later than the instant"),
    "a build later than at": (entries({"rule": {"at": "2025-01-01T00:00:00Z"}}), "is later than the instant"),
    "an excluded digest": (
        entries({"exclude": [A]}),
        "exclude contains something that is not a digest, or the digest itself",
    ),
    "a named that is not a boolean": (entries({"named": "yes"}), "named is neither true nor false"),
    "a used that is not a list": (entries({"used": "x"}), "used is not a list of texts"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lock_that_is_none_is_refused_with_a_sentence(name: str, path: Path, resolver: Resolver) -> None:
    content, said = HOSTILE[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = path.read_bytes()

    for refusing in (
        lambda: Resolver(lock=path, environment={}).resolve(WEB),
        lambda: lock(path, resolver, WEB),
        lambda: read_lock(path),
    ):
        with pytest.raises(InvalidLock) as refused:
            refusing()
        assert str(refused.value).startswith(f"{path}: ")
        assert said in str(refused.value)
        assert str(refused.value).isprintable()
    assert path.read_bytes() == before
