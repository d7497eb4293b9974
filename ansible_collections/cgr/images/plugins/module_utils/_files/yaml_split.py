# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images in parts: `{registry, repository, tag, digest}` of Helm values, and the entries of Kustomize's `images`.

Where there is a field for the digest, it goes there.  Otherwise it goes behind the tag, `tag: 1.2@sha256:…`, which a chart
joins to the same reference.
"""

from __future__ import annotations

import re
from typing import Mapping

from .names import Names
from .spots import NO_TAG, Place, Spot, why_left
from .yaml_text import Document, Node, Value, entries

REPOSITORY = ("repository", "imageRepository", "repo", "imageName", "name", "image")
REGISTRY = ("registry", "imageRegistry")
TAG = ("tag", "imageTag", "image_tag")
DIGEST = ("digest", "imageDigest", "image_digest", "sha", "sha256")
BARE = ("sha", "sha256")

LONGEST_NUMBER = 6

_NO_TEXT = "null"
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_KUSTOMIZE = {"newName", "newTag", "digest"}


class Parts:
    """An image in parts, of a mapping; each part is a value or `None`."""

    def __init__(self, document: Document, registry: Value | None, repository: Value, tag: Value | None) -> None:
        self._document = document
        self._tag = tag
        self._line = repository.line
        host = _text(registry)
        self._repository = f"{host.rstrip('/')}/{_text(repository)}" if host else _text(repository)

    def spot(self, digest: Value | None, bare: bool, names: Names) -> Spot | None:
        """Returns the spot of the image, or `None` if it is none of ours."""
        if not names.begin(self._repository):
            return None
        tag, held = _text(self._tag), _text(digest)
        held = f"sha256:{held}" if held and bare else held
        image = self._repository + (f":{tag}" if tag else "") + (f"@{held}" if held else "")
        left = self._why_left(image, tag, held, names)
        if left:
            return Spot(self._line, image, None, left)
        place = self._place_of_tag(tag) if digest is None or "@" in tag else self._place_of_digest(digest, bare)
        if place is None:
            return Spot(self._line, image, None, "its parts are written in another way than they read")
        return Spot(self._line, image, place)

    def _why_left(self, image: str, tag: str, held: str, names: Names) -> str:
        if self._tag and not _reads_as_written(self._tag):
            return f"its tag {tag} stands without quotes, and may be read as a number, a date or the like; put it in quotes"
        if not tag and not held and "@" not in image and not _has_tag(self._repository):
            return NO_TAG
        return why_left(image, names)

    def _place_of_tag(self, tag: str) -> Place | None:
        if self._tag is None or self._tag.span is None:
            return None
        _start, end = self._tag.span
        _tag, at_sign, digest = tag.partition("@")
        return Place(end - len(digest), end) if at_sign else Place(end, end, "@")

    def _place_of_digest(self, digest: Value, bare: bool) -> Place | None:
        if digest.span is None:
            return None
        start, end = digest.span
        if start == end and digest.is_plain:
            colon = self._document.end_of_key(start)
            return None if colon is None else Place(colon, colon, " ", bare)
        return Place(start, end, "", bare)


def split_spot(node: Node, under: str, document: Document, names: Names) -> tuple[Spot | None, set[str]]:
    """Finds an image in parts among the entries of a mapping.

    Args:
        node: the mapping.
        under: the key under which it stands.
        document: where.
        names: which ones are ours.

    Returns:
        The spot, if it is one of ours, and the keys that are parts of it.
    """
    values = {key: document.value(value) for key, value in entries(node) if value.id == "scalar"}
    if under == "images[]" and "name" in values and _KUSTOMIZE & set(values):
        return _kustomize(values, document, names)
    tag, digest, registry = (_first(values, keys) for keys in (TAG, DIGEST, REGISTRY))
    repository = _repository(values, under, bool(tag or digest or registry))
    if repository is None:
        return None, set()
    parts = Parts(document, values.get(registry or ""), values[repository], values.get(tag or ""))
    spot = parts.spot(values.get(digest or ""), digest in BARE, names)
    return spot, {key for key in (repository, registry, tag, digest) if key} if spot else set()


def _repository(values: Mapping[str, Value], under: str, has_parts: bool) -> str | None:
    """Returns the key that holds the repository; `name` and `image` do only beside other parts."""
    key = _first(values, REPOSITORY)
    if key == "name" and not under.lower().endswith("image"):
        key = _first(values, ("image",))
    if key in ("name", "image", "imageName"):
        return key if has_parts and not _has_tag(values[key].text) else None
    return None if key is None or _has_tag(values[key].text) else key


def _kustomize(values: Mapping[str, Value], document: Document, names: Names) -> tuple[Spot | None, set[str]]:
    repository = values["newName"] if _text(values.get("newName")) else values["name"]
    spot = Parts(document, None, repository, values.get("newTag")).spot(values.get("digest"), False, names)
    return spot, {"name", *_KUSTOMIZE}


def _first(values: Mapping[str, Value], keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if key in values), None)


def _text(value: Value | None) -> str:
    return "" if value is None or value.kind == _NO_TEXT else value.text


def _has_tag(text: str) -> bool:
    return "@" in text or ":" in text.rpartition("/")[2]


def _reads_as_written(value: Value) -> bool:
    """Whether a tag is the same text for every reader of YAML.

    Without quotes, 1.20 is the number 1.2, 12e3 is 12000 in Go, and Helm writes whole numbers of seven digits with an exponent.
    """
    text = value.text
    if not value.is_plain:
        return True
    if not _NUMBER.fullmatch(text):
        return value.kind in ("str", _NO_TEXT)
    return len(text) <= LONGEST_NUMBER and text in (str(float(text)), str(int(float(text))))
