# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Images in parts: `{registry, repository, tag, digest}` of Helm values, and the entries of Kustomize's `images`.

Where there is a field for the digest, it goes there.  Otherwise it goes behind the tag, `tag: 1.2@sha256:…`, which a chart
joins to the same reference; but some charts use the tag as a label or version, too, and the report says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Mapping, NamedTuple

from ..matcher import Matcher
from ..occurrence import NO_TAG, NOT_AS_READ, Occurrence, Parser, Place, Target, has_tag, skipped, why_skipped
from .node import Document, Node, Value

REPOSITORY = ("repository", "imageRepository", "repo", "imageName", "name", "image")
REGISTRY = ("registry", "imageRegistry")
TAG = ("tag", "imageTag", "image_tag")
DIGEST = ("digest", "imageDigest", "image_digest", "sha", "sha256")
BARE = ("sha", "sha256")

PARTS = frozenset(REPOSITORY + REGISTRY + TAG + DIGEST) - {"name", "image"}

LONGEST_NUMBER = 6

BEHIND_THE_TAG = (
    "the digest is behind the tag, which some charts use as a label or version, too; where the chart knows a digest field,"
    ' add an empty digest: "" beside the tag instead'
)

_UNQUOTED = "its tag {} stands without quotes, and may be read as a number, a date or the like; put it in quotes"
_JSON_NUMBER = "its tag {} is not text; put it in quotes"
_OTHER_DIGEST = "the chart takes the digest from {}, which this does not know how to fill"
_UNUSED_DIGEST = "useDigest is {}, so that the chart does not use the digest; set it to true"
_DIGEST_ELSEWHERE = "its {} holds a digest although there is the field {} for it; move it there"
_NO_FIELD = 'its {0} is written in a way that a digest cannot be put in; write {0}: "" instead'
_TAG_IN_NAME = "its {} holds a tag, which Kustomize takes from newTag alone; write it there"
_CONCOURSE = "the tag of a Concourse resource cannot hold a digest"
_NO_TEXT = "null"
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NAMED_DIGEST = re.compile(r"[a-z]\w*Digest")
_KNOWN_DIGESTS = (*DIGEST, "useDigest")
_KUSTOMIZE = {"newName", "newTag", "digest"}


class Split(NamedTuple):
    """The parts of an image that the entries of a mapping hold.

    Attributes:
        spot: the image, if it is one of ours.
        parts: the keys that are parts of it.
        holder: the one whose value holds the digest.
    """

    occurrence: Occurrence | None = None
    parts: frozenset[str] = frozenset()
    holder: str = ""


class Keys(NamedTuple):
    """The keys of the parts of an image; `None` for those it has not."""

    registry: str | None
    repository: str
    tag: str | None
    digest: str | None


class _Parts(NamedTuple):
    """An image in parts, and what it is read with."""

    keys: Keys
    values: Mapping[str, Value]
    document: Document
    names: Matcher
    parser: Parser

    def occurrence(self, reason: str, is_chart: bool) -> Occurrence | None:
        """Returns the image; `None` if it is not one of ours."""
        image = self._image()
        if not self.names.begin(image):
            return None
        line = self.values[self.keys.repository].line
        reason, code = (reason, "") if reason else self._why_skipped(image)
        if reason:
            return skipped(line, image, reason, code)
        held_by = self.values[self.holder]
        place = self._place_of_digest(held_by) if self.holder == self.keys.digest else _place_behind_tag(held_by)
        if place is None:
            reason = NOT_AS_READ if self.values[self.holder].text else _NO_FIELD.format(self.holder)
            return skipped(line, image, reason)
        note = BEHIND_THE_TAG if is_chart and self.holder == self.keys.tag else ""
        return Occurrence(held_by.line, image, place, "", "", self._target(held_by, place), note, line)

    @property
    def holder(self) -> str:
        """The key whose value holds the digest."""
        return self.keys.digest or self.keys.tag or self.keys.repository

    def _image(self) -> str:
        registry, repository, tag, digest = (_text(self.values.get(key or "")) for key in self.keys)
        repository = f"{registry.rstrip('/')}/{repository}" if registry else repository
        digest = f"sha256:{digest}" if digest and self.keys.digest in BARE and ":" not in digest else digest
        return repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")

    def _why_skipped(self, image: str) -> tuple[str, str]:
        tag = self.values.get(self.keys.tag or "")
        if tag and not self.document.numbers_become_text and tag.kind not in ("str", _NO_TEXT):
            return _JSON_NUMBER.format(tag.text), ""
        if tag and not _reads_as_written(tag):
            return _UNQUOTED.format(tag.text), ""
        holding = [key for key in (self.keys.tag, self.keys.repository) if key and "@" in _text(self.values[key])]
        if holding and self.keys.digest:
            return _DIGEST_ELSEWHERE.format(holding[0], self.keys.digest), ""
        return why_skipped(image, self.names) if has_tag(image) else (NO_TAG, "")

    def _place_of_digest(self, digest: Value) -> Place | None:
        is_bare = self.keys.digest in BARE and not digest.text.startswith("sha256:")
        return self.document.place_for_digest(digest, is_bare)

    def _target(self, value: Value, place: Place) -> Target:
        if self.holder == self.keys.digest:
            held = value.text if value.kind != _NO_TEXT or self.document.numbers_become_text else ""
            inner = Place(0, len(held), "", place.bare)
        else:
            begin = value.span[0] if value.span else 0
            inner = replace(place, start=place.start - begin, end=place.end - begin)
        return Target(self.parser, value.path, inner)


def parts_in(
    node: Node, under: str, nodes: Mapping[str, Node], document: Document, names: Matcher, parser: Parser
) -> Split:
    """Finds an image in parts among the entries of a mapping.

    Args:
        node: the mapping.
        under: the key under which it stands.
        nodes: its entries.
        document: where.
        names: which ones are ours.
        parser: reads the document for the check of what is written.
    """
    if not PARTS & nodes.keys() and under != "images[]":
        return Split()
    scalars = {key: value for key, value in nodes.items() if value.id == "scalar"}
    if not any(names.may_be_in(value.value) for value in scalars.values()):
        return Split()
    values = {key: document.value(value) for key, value in scalars.items()}
    if under == "images[]" and "name" in values and _KUSTOMIZE & set(values):
        return _kustomize(values, document, names, parser)
    keys = _keys(values, under)
    if keys is None:
        return Split()
    field = next((key for key in DIGEST if key in nodes and key not in values), None)
    reason = _NO_FIELD.format(field) if field else _why_left(keys, values, under)
    occurrence = _Parts(keys, values, document, names, parser).occurrence(reason, True)
    held = frozenset(key for key in keys if key)
    if occurrence is None:
        return Split(None, held if _text(values.get(keys.registry or "")) else frozenset())
    return Split(occurrence, held, keys.digest or keys.tag or "")


def _kustomize(values: Mapping[str, Value], document: Document, names: Matcher, parser: Parser) -> Split:
    repository = "newName" if _text(values.get("newName")) else "name"
    keys = Keys(None, repository, _first(values, ("newTag",)), _first(values, ("digest",)))
    tagged = has_tag(values[repository].text)
    parts = _Parts(keys, values, document, names, parser)
    occurrence = parts.occurrence(_TAG_IN_NAME.format(repository) if tagged else "", False)
    return Split(occurrence, frozenset({"name", *_KUSTOMIZE}), parts.holder)


def _why_left(keys: Keys, values: Mapping[str, Value], under: str) -> str:
    """Says why a chart or pipeline would not use a digest; nothing if it would."""
    others = [
        key for key in values if _NAMED_DIGEST.fullmatch(key) and key not in _KNOWN_DIGESTS and _text(values[key])
    ]
    uses = values.get("useDigest")
    if under == "source" and keys.repository == "repository":
        return _CONCOURSE
    if others and keys.digest is None:
        return _OTHER_DIGEST.format(" or ".join(others))
    if uses is not None and uses.text.lower() != "true":
        return _UNUSED_DIGEST.format(uses.text or "empty")
    return ""


def _keys(values: Mapping[str, Value], under: str) -> Keys | None:
    """Returns the keys of an image in parts; `name` and `image` are its repository only beside other parts."""
    registry, tag, digest = (_first(values, keys) for keys in (REGISTRY, TAG, DIGEST))
    key = _first(values, REPOSITORY)
    if key == "name" and not under.lower().endswith("image"):
        key = _first(values, ("image",))
    if key is None:
        return None
    if tag is None and key == "repository" and under.lower().endswith("image") and "version" in values:
        tag = "version"
    if has_tag(values[key].text) and (tag or not digest):
        return None
    if key in ("name", "image", "imageName") and not (tag or digest or registry):
        return None
    return Keys(registry, key, tag, digest)


def _place_behind_tag(tag: Value) -> Place | None:
    if tag.span is None:
        return None
    end = tag.span[1]
    _tag, at_sign, digest = tag.text.partition("@")
    return Place(end - len(digest), end) if at_sign else Place(end, end, "@")


def _first(values: Mapping[str, Value], keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if key in values), None)


def _text(value: Value | None) -> str:
    return "" if value is None or value.kind == _NO_TEXT else value.text


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
