# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The forms in which users write images."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_cgr._bridge import Reference, parse_image
from pulumi_cgr.resolver import InvalidImage

SHA = "sha256:" + 64 * "a"

PARTS = {
    "cgr.dev/acme.com/python:3.12": ("cgr.dev", "acme.com/python", "3.12", None),
    "cgr.dev/acme.com/python": ("cgr.dev", "acme.com/python", "latest", None),
    "cgr.dev/foo.com/charts/redis:1": ("cgr.dev", "foo.com/charts/redis", "1", None),
    f"cgr.dev/a/b@{SHA}": ("cgr.dev", "a/b", None, SHA),
    f"cgr.dev/a/b:Tag_1.2-x@{SHA}": ("cgr.dev", "a/b", "Tag_1.2-x", SHA),
    f"cgr.dev/a/b@sha512:{128 * 'b'}": ("cgr.dev", "a/b", None, "sha512:" + 128 * "b"),
    "cgr.dev/a__b/c-d--e.f:_": ("cgr.dev", "a__b/c-d--e.f", "_", None),
    "localhost:5000/a/b": ("localhost:5000", "a/b", "latest", None),
    "127.0.0.1:80/a/b:1": ("127.0.0.1:80", "a/b", "1", None),
    "[::1]:5000/a/b:1": ("[::1]:5000", "a/b", "1", None),
}

REFUSED = {
    "chainguard/python:latest": "chainguard/python:latest is an image of Docker Hub; did you mean cgr.dev/chainguard/python:latest?",
    "python:3": "python:3 is an image of Docker Hub; did you mean cgr.dev/chainguard/python:3?",
    "python": "python is an image of Docker Hub; did you mean cgr.dev/chainguard/python?",
    "cgr.dev/python:3": "has no organisation; did you mean cgr.dev/chainguard/python:3?",
    "ghcr.io/a/b": "is in the registry ghcr.io; only cgr.dev keeps a tag history",
    "cgr.dev.evil.com/a/b": "is in the registry cgr.dev.evil.com",
    "cgr.dev:443/a/b": "is in the registry cgr.dev:443",
    "127.0.0.1.evil.com/a/b": "is in the registry 127.0.0.1.evil.com",
    "user@cgr.dev/a/b": "has a malformed digest: write sha256:",
    "https://cgr.dev/a/b": "is a URL; remove everything up to and including '://'",
    "CGR.dev/a/b": "has upper-case letters",
    "cgr.dev/A/b": "has upper-case letters",
    "cgr.dev/a/B:1": "has upper-case letters",
    " cgr.dev/a/b": "contains a space or a line end",
    "cgr.dev/a/b\n": "contains a space or a line end",
    "cgr.dev/a/{{ name }}": "still contains a template; render it first",
    "cgr.dev/a/b:${TAG}": "still contains a template",
    "cgr.dev/a//b": "is not a repository name",
    "cgr.dev/a/../b": "is not a repository name",
    "cgr.dev/a/b/": "is not a repository name",
    "cgr.dev/a/-b": "is not a repository name",
    "cgr.dev/a/b?x=1": "is not a repository name",
    "cgr.dev/a/b%2f": "is not a repository name",
    "cgr.dev/a/b:": "is not a tag",
    "cgr.dev/a/b:" + 129 * "x": "is not a tag",
    "cgr.dev/a/b@sha256:abc": "has a malformed digest: write sha256: and 64 lower-case hex digits",
    f"cgr.dev/a/b@{SHA.upper()}": "has a malformed digest: write sha256:",
    "cgr.dev/a/b@": "has a malformed digest: write sha256:",
    "cgr.dev/" + 300 * "a/" + "b": "is not a repository name",
    "cgr.dev/" + 60_000 * "a": "too long",
    "": "must be text",
}


@pytest.mark.parametrize("image", PARTS)
def test_a_reference_has_these_parts(image: str) -> None:
    parsed = parse_image(image)
    assert (parsed.host, parsed.name, parsed.tag, parsed.digest) == PARTS[image]
    assert parsed.repository == f"{parsed.host}/{parsed.name}"


@pytest.mark.parametrize("image", REFUSED, ids=lambda image: image[:40])
def test_what_is_no_reference_is_refused_with_what_to_write(image: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        parse_image(image)
    assert REFUSED[image] in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("image", [None, 7, b"cgr.dev/a/b", ["cgr.dev/a/b"]])
def test_what_is_no_text_is_refused(image: object) -> None:
    with pytest.raises(InvalidImage, match="image must be text like"):
        parse_image(image)


component = st.from_regex(r"[a-z0-9]{1,6}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}", fullmatch=True)
names = st.lists(component, min_size=2, max_size=4).map("/".join)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
digests = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)


@given(names, tags, digests)
def test_a_ref_is_a_reference_again(name: str, tag: str, digest: str) -> None:
    parsed = parse_image(f"cgr.dev/{name}:{tag}")
    again = parse_image(parsed.pinned(digest))
    assert (again.name, again.tag, again.digest) == (name, tag, digest)
    assert again.pinned(digest) == again.image


@given(st.text() | st.text("cgr.dev/ab:@sha256{}$ \n_-", max_size=60).map("cgr.dev/a/".__add__))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_image(text), Reference)
    except InvalidImage as refusal:
        assert str(refusal).isprintable()  # noqa: PT017
