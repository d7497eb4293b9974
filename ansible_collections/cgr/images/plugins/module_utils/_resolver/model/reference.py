# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Image references: what the user writes, parsed and checked.

A reference must name `cgr.dev`, a mirror of it, or a registry on this machine
(loopback).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InvalidImage
from ..redaction import redact
from .grammar import REGISTRY, is_digest, is_loopback, is_name, is_registry, is_tag
from .mirrors import Mirrors

DEFAULT_TAG = "latest"
LONGEST_IMAGE = 1024

_TEMPLATE = re.compile(r"\{\{|\{%|\$\{|\$\(")


@dataclass(frozen=True)
class Reference:
    """The parts of an image reference, all of them well formed.

    Attributes:
        image: the reference as it was written.
        repository: the registry and the repository's name as they were written, without tag and digest: `cgr.dev/acme.com/go`.
        host: the registry that is asked; another than the written one if that is a mirror.
        name: the name of the repository there.
        tag: the tag; `None` only if the image is pinned by its digest alone.
        digest: the digest that it is already pinned to, if it is.
    """

    image: str
    repository: str
    host: str
    name: str
    tag: str | None
    digest: str | None

    @property
    def upstream(self) -> str:
        """The registry that is asked, and the repository's name there."""
        return f"{self.host}/{self.name}"

    @property
    def is_mirrored(self) -> bool:
        """Whether it is written with the name of a mirror."""
        return self.repository != self.upstream

    @property
    def is_public(self) -> bool:
        """Whether the repository belongs to the public catalogue, which needs no credentials."""
        return self.name.startswith("chainguard/")

    def pinned(self, digest: str) -> str:
        """Returns the `ref`: the repository and tag, pinned to `digest`."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}@{digest}"


def parse(image: object, mirrors: Mirrors | None = None) -> Reference:
    """Parses an image reference.

    Args:
        image: text like `cgr.dev/acme.com/python:3.12`; without a tag it means `latest`.
        mirrors: the mirrors of cgr.dev; by default none.

    Raises:
        InvalidImage: it is not such a reference, or names another registry; the message says what to write instead.
    """
    text, repository, tag, digest = _parts(image)
    upstream = mirrors.upstream(repository) if mirrors else repository
    host, _slash, name = upstream.partition("/")
    _reject_other_registries(text, host, name)
    reference = _checked(Reference(text, repository, host, name, tag, digest))
    if "/" not in name:
        path = repository[: -len(repository.rpartition("/")[2])]
        raise InvalidImage(f"{redact(text)} has no organisation; did you mean {path}chainguard/{text[len(path) :]}?")
    return reference


def parse_ref(ref: object) -> Reference:
    """Parses a reference that is deployed, in any registry; it need not be one that can be resolved.

    Args:
        ref: text like `registry.example.com/cgr/python:3.12@sha256:…`.

    Raises:
        InvalidImage: it is not a reference with a registry.
    """
    text, repository, tag, digest = _parts(ref)
    host, _slash, name = repository.partition("/")
    if not is_registry(host):
        raise InvalidImage(f"{redact(text)} has no registry; write it in front, such as {REGISTRY}/{text}.")
    return _checked(Reference(text, repository, host, name, tag, digest))


def _parts(image: object) -> tuple[str, str, str | None, str | None]:
    """Returns a reference, and its repository, tag and digest, of which only the digest is checked."""
    if not isinstance(image, str) or not image:
        raise InvalidImage(f"image must be text like {REGISTRY}/chainguard/python:latest, not {redact(image)}.")
    _reject_obvious_mistakes(image)
    rest, at_sign, digest = image.partition("@")
    if at_sign and not is_digest(digest):
        raise InvalidImage(
            f"{redact(image)} has a malformed digest: write sha256: and 64 lower-case hex digits after '@'."
        )
    repository, tag = _split_tag(rest)
    if repository != repository.lower():
        raise InvalidImage(
            f"{redact(image)} has upper-case letters; registries and repositories are written in lower case."
        )
    return image, repository, DEFAULT_TAG if tag is None and not at_sign else tag, digest or None


def _checked(reference: Reference) -> Reference:
    image, name, tag = reference.image, reference.name, reference.tag
    if not is_name(name):
        raise InvalidImage(f"{redact(image)} is not an image reference: {redact(name)} is not a repository name.")
    if tag is not None and not is_tag(tag):
        raise InvalidImage(f"{redact(image)} is not an image reference: {redact(tag)} is not a tag.")
    return reference


def _split_tag(text: str) -> tuple[str, str | None]:
    head, colon, tag = text.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return text, None


def _reject_obvious_mistakes(image: str) -> None:
    if _TEMPLATE.search(image):
        raise InvalidImage(f"{redact(image)} still contains a template; render it first.")
    if "://" in image:
        raise InvalidImage(f"{redact(image)} is a URL; remove everything up to and including '://'.")
    if len(image) > LONGEST_IMAGE or any(c.isspace() or not c.isprintable() for c in image):
        raise InvalidImage(
            f"{redact(image)} is not an image reference: it is too long, or contains a space or a line end."
        )


def _reject_other_registries(image: str, host: str, name: str) -> None:
    if host == REGISTRY or is_loopback(host):
        return
    if name and ("." in host or ":" in host):
        raise InvalidImage(
            f"{redact(image)} is in the registry {host}; only {REGISTRY} keeps a tag history. If {host} mirrors it, add it to"
            " 'mirrors'."
        )
    repository = image if name else f"chainguard/{image}"
    raise InvalidImage(f"{image} is an image of Docker Hub; did you mean {REGISTRY}/{repository}?")
