# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Image references: what the user writes, taken apart and checked.

Grammar: the OCI distribution specification, "Pulling manifests" (`<name>` and `<reference>`), and the OCI image
specification, "Digests".  Beyond it, a reference must name `cgr.dev`, or a registry on this very machine (loopback).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import InvalidImage, quoted

REGISTRY = "cgr.dev"
DEFAULT_TAG = "latest"
LONGEST_NAME = 255
LONGEST_IMAGE = 1024

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?")
_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|\$\(")


@dataclass(frozen=True)
class Reference:
    """An image reference in its parts, all of them known to be well formed.

    `tag` is `None` only where the image is pinned by its digest alone.
    """

    image: str
    host: str
    name: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """The registry and the name in it, without tag and digest: `cgr.dev/acme.com/python`."""
        return f"{self.host}/{self.name}"

    @property
    def is_public(self) -> bool:
        """Whether the repository belongs to the public catalogue, which needs no credentials."""
        return self.name.startswith("chainguard/")

    def pinned(self, digest: str) -> str:
        """Returns the `ref`: the repository and tag, pinned to `digest`."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}@{digest}"


def parse(image: object) -> Reference:
    """Takes an image reference apart.

    Args:
        image: text like `cgr.dev/acme.com/python:3.12`; the tag is `latest` where none is written.

    Raises:
        InvalidImage: it is no such reference, or names another registry; the message says what to write instead.
    """
    if not isinstance(image, str) or not image:
        raise InvalidImage(f"image must be text like {REGISTRY}/chainguard/python:latest, not {quoted(repr(image))}.")
    _refuse_what_is_no_reference(image)
    rest, at_sign, digest = image.partition("@")
    if at_sign and not is_digest(digest):
        raise InvalidImage(
            f"{quoted(image)} is not pinned rightly: after '@' comes sha256: and 64 lower-case hex digits."
        )
    path, tag = _split_tag(rest)
    host, _slash, name = path.partition("/")
    if path != path.lower():
        raise InvalidImage(
            f"{quoted(image)} has upper-case letters; a registry and a repository are written in lower case."
        )
    _refuse_other_registries(image, host, name)
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InvalidImage(f"{quoted(image)} is not an image reference: {quoted(name)} is no repository name.")
    if "/" not in name:
        raise InvalidImage(
            f"{quoted(image)} names no organisation; did you mean {host}/chainguard/{image[len(host) + 1 :]}?"
        )
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidImage(f"{quoted(image)} is not an image reference: {quoted(tag)} is no tag.")
    if tag is None and not at_sign:
        tag = DEFAULT_TAG
    return Reference(image, host, name, tag, digest or None)


def is_digest(text: object) -> bool:
    """Whether `text` is a well-formed digest of an algorithm the OCI image specification registers."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether `host` (with or without a port) is this very machine."""
    return _LOOPBACK.fullmatch(host) is not None


def _split_tag(text: str) -> tuple[str, str | None]:
    head, colon, tag = text.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return text, None


def _refuse_what_is_no_reference(image: str) -> None:
    if _TEMPLATE.search(image):
        raise InvalidImage(f"{quoted(image)} still holds a template; render it before it is looked up.")
    if "://" in image:
        raise InvalidImage(f"{quoted(image)} is a URL; leave out everything up to and including '://'.")
    if len(image) > LONGEST_IMAGE or any(c.isspace() or not c.isprintable() for c in image):
        raise InvalidImage(
            f"{quoted(image)} is not an image reference: it is too long, or holds a space or a line end."
        )


def _refuse_other_registries(image: str, host: str, name: str) -> None:
    if host == REGISTRY or is_loopback(host):
        return
    if name and ("." in host or ":" in host):
        raise InvalidImage(f"{quoted(image)} is in the registry {host}; only {REGISTRY} keeps a tag history.")
    repository = image if name else f"chainguard/{image}"
    raise InvalidImage(f"{image} names Docker Hub; did you mean {REGISTRY}/{repository}?")
