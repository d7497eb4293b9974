# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images in parts: `{registry, repository, tag, digest}` of Helm values, and the entries of Kustomize's `images`.

Where there is a field for the digest, it goes there.  Otherwise it goes behind the tag, `tag: 1.2@sha256:…`, which a chart
joins to the same reference.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple

from ..matcher import Matcher
from ..occurrence import NO_TAG, NOT_AS_READ, Occurrence, Place, why_skipped
from .source import Document, Node, Value, entries

REPOSITORY = ("repository", "imageRepository", "repo", "imageName", "name", "image")
REGISTRY = ("registry", "imageRegistry")
TAG = ("tag", "imageTag", "image_tag")
DIGEST = ("digest", "imageDigest", "image_digest", "sha", "sha256")
BARE = ("sha", "sha256")

PARTS = frozenset(REPOSITORY + REGISTRY + TAG + DIGEST) - {"name", "image"}

LONGEST_NUMBER = 6

_UNQUOTED = "its tag {} stands without quotes, and may be read as a number, a date or the like; put it in quotes"
_NO_TEXT = "null"
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_KUSTOMIZE = {"newName", "newTag", "digest"}


class Split(NamedTuple):
    """What was found among the entries of a mapping.

    Attributes:
        spot: the image, if it is one of ours.
        parts: the keys that are parts of it.
        holder: the one whose value holds the digest.
    """

    occurrence: Occurrence | None = None
    parts: frozenset[str] = frozenset()
    holder: str = ""


class _Parts(NamedTuple):
    """An image in parts."""

    registry: Value | None
    repository: Value
    tag: Value | None
    digest: Value | None
    is_bare: bool
    names: Matcher

    def occurrence(self, document: Document) -> Occurrence | None:
        repository, tag, digest = _text(self.repository), _text(self.tag), _text(self.digest)
        if _text(self.registry):
            repository = f"{_text(self.registry).rstrip('/')}/{repository}"
        if not self.names.begin(repository):
            return None
        digest = f"sha256:{digest}" if digest and self.is_bare else digest
        image = repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
        left = self._why_left(image)
        if left:
            return Occurrence(self.repository.line, image, None, left)
        place = self._place_of_digest(document) if self.is_digest_apart() else self._place_of_tag()
        return Occurrence(self.repository.line, image, place, "" if place else NOT_AS_READ)

    def is_digest_apart(self) -> bool:
        """Whether the digest has a field of its own."""
        return self.digest is not None and "@" not in _text(self.tag)

    def _why_left(self, image: str) -> str:
        if self.tag and not _reads_as_written(self.tag):
            return _UNQUOTED.format(self.tag.text)
        return why_skipped(image, self.names) if _has_tag(image) else NO_TAG

    def _place_of_tag(self) -> Place | None:
        if self.tag is None or self.tag.span is None:
            return None
        end = self.tag.span[1]
        _tag, at_sign, digest = self.tag.text.partition("@")
        return Place(end - len(digest), end) if at_sign else Place(end, end, "@")

    def _place_of_digest(self, document: Document) -> Place | None:
        if self.digest is None or self.digest.span is None:
            return None
        start, end = self.digest.span
        if start == end and self.digest.is_plain:
            colon = document.end_of_key(start)
            return None if colon is None else Place(colon, colon, " ", self.is_bare)
        return Place(start, end, "", self.is_bare)


def split_spot(node: Node, under: str, document: Document, names: Matcher) -> Split:
    """Finds an image in parts among the entries of a mapping.

    Args:
        node: the mapping.
        under: the key under which it stands.
        document: where.
        names: which ones are ours.
    """
    values = {key: document.value(value) for key, value in entries(node) if value.id == "scalar"}
    if under == "images[]" and "name" in values and _KUSTOMIZE & set(values):
        repository = "newName" if _text(values.get("newName")) else "name"
        keys = (None, repository, _first(values, ("newTag",)), _first(values, ("digest",)))
        split = _split(values, keys, document, names)
        return split._replace(parts=frozenset({"name", *_KUSTOMIZE}))
    tag, digest, registry = (_first(values, keys) for keys in (TAG, DIGEST, REGISTRY))
    found = _repository(values, under, bool(tag or digest or registry))
    return _split(values, (registry, found, tag, digest), document, names) if found else Split()


def _split(values: Mapping[str, Value], keys: tuple[str | None, ...], document: Document, names: Matcher) -> Split:
    registry, repository, tag, digest = (key or "" for key in keys)
    parts = _Parts(values.get(registry), values[repository], values.get(tag), values.get(digest), digest in BARE, names)
    occurrence = parts.occurrence(document)
    if occurrence is None:
        return Split()
    return Split(occurrence, frozenset(key for key in keys if key), digest if parts.is_digest_apart() else tag)


def _repository(values: Mapping[str, Value], under: str, has_parts: bool) -> str | None:
    """Returns the key that holds the repository; `name` and `image` do only beside other parts."""
    key = _first(values, REPOSITORY)
    if key == "name" and not under.lower().endswith("image"):
        key = _first(values, ("image",))
    if key in ("name", "image", "imageName"):
        return key if has_parts and not _has_tag(values[key].text) else None
    return None if key is None or _has_tag(values[key].text) else key


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
