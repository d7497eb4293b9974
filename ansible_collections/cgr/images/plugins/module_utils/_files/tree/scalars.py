# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in one scalar: the scalar is an image, perhaps after a known prefix, or a text with images in it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Iterator, Mapping

from ..matcher import Matcher
from ..occurrence import (
    MALFORMED,
    NO_TAG,
    NOT_AS_READ,
    QUESTION,
    TEMPLATE,
    Occurrence,
    Parser,
    Place,
    Target,
    has_tag,
    occurrence_in,
    skipped,
)
from ..text.images import registry_alone
from ..text.references import references_in
from .embedded import FindInFile, Texts
from .expected import Position, is_half_of_image, is_image, is_image_key, latest_is_default
from .node import Document, Node, Value
from .shared import BUILT_HERE, ELSEWHERE, Found

IN_TEXT = "it is in a text of an unknown format"
SPACES = "there is a space or a line end before or after it, so that it is not an image reference"
OWN_TAG = "YAML reads it as something else than text"

# The prefixes that an image may have: a name as in --sidecar-image=, BASE_IMAGE= and Kustomize's web=, docker://, and the
# default of a variable, which is alone between its braces.
_BEFORE = re.compile(r"(?:-{0,2}([A-Za-z][\w.-]*)=)?(docker(?:-image)?://)?")
_DEFAULT = re.compile(r"\$\{\w+:?-([^\s${}]+)\}")
_SPACED = re.compile(r"\s+\S+\s*|\s*\S+\s+")
_NOT_IN_REFERENCE = re.compile(r"[^\w./:@-]")
_TEXT_KINDS = ("str", "!override")


# The last name in a variable or template before a slash: $R/, ${R}/, ${{ env.R }}/ and {{ r }}/.
_REGISTRY_IN_USE = re.compile(r"(?:\$\{?|\{\{(?:[^{}\n]*[^\w{}\n])?)(\w+)\s*\}{0,2}/")


class Scalars:
    """Finds the images in scalars.

    Args:
        document: in which document.
        names: which images are ours.
        parser: reads the document for the check of what is written.
        find: finds the images in a text of any format.
    """

    def __init__(self, document: Document, names: Matcher, parser: Parser, find: FindInFile) -> None:
        self._document = document
        self._names = names
        self._parser = parser
        self._texts = Texts(document, names, parser, find)

    @cached_property
    def _registries(self) -> frozenset[str]:
        """The names of the variables with which the document makes images."""
        return frozenset(_REGISTRY_IN_USE.findall(self._document.text))

    def images(self, node: Node, at: Position, asked_by: str, within: Node) -> Iterator[Found]:
        """Yields the images in a scalar that may hold some.

        Args:
            node: the scalar.
            at: where it stands.
            asked_by: why none of them is pinned, if none is: what looks them up.
            within: the mapping it is in.
        """
        if asked_by:
            yield from self._told(node, asked_by)
            return
        inner = self._texts.images(node, at)
        if inner is not None:
            yield from map(Found, inner)
            return
        value = self._document.value(node)
        alone = registry_alone(value.text, self._names, value.line)
        if alone:
            if at.key in self._registries:
                yield Found(alone)
            return
        start, image, scheme = _reference(value.text)
        occurrence = self._occurrence(value, start, image)
        if is_image(at) and _SPACED.fullmatch(value.text) and self._names.begin(value.text.strip()):
            yield Found(skipped(value.line, value.text, SPACES, MALFORMED))
        elif occurrence is None or (value.text[:start] and (not self._names.begin(image) or _is_list(occurrence))):
            yield from self._told(node)
        elif is_image(at) or _is_named_image(value.text[:start], scheme):
            yield self._expected(value, occurrence, at, scheme, within)
        elif not self._names.begin(image) or " " in image or not self._names.is_image(image):
            yield from self._told(node)
        elif not has_tag(image) and is_half_of_image(at):
            yield Found(skipped(value.line, image, NO_TAG))
        else:
            yield Found(occurrence, ELSEWHERE) if occurrence.place else Found(skipped(value.line, image, ELSEWHERE))

    def key(self, node: Node) -> Iterator[Found]:
        """Yields the images in a key."""
        yield from self._told(node)

    def _occurrence(self, value: Value, start: int, image: str) -> Occurrence | None:
        """Returns the occurrence of an image that begins somewhere in a value."""
        begin = value.span[0] if value.span else 0
        found = occurrence_in(image, begin + start, value.line, self._names)
        if found is None or found.place is None:
            return found
        if value.span is None:
            return skipped(found.line, image, NOT_AS_READ)
        place = found.place
        inner = Place(place.start - begin, place.end - begin, place.before)
        return Occurrence(found.line, found.image, place, target=Target(self._parser, value.path, inner))

    def _expected(self, value: Value, found: Occurrence, at: Position, scheme: str, within: Node) -> Found:
        """Returns an image that stands where one is expected."""
        left = self._why_left(value, found.image, at, scheme) if found.place else ""
        return Found(found, left, within=within if at.key == "image" else None)

    def _why_left(self, value: Value, image: str, at: Position, scheme: str) -> str:
        if value.kind not in _TEXT_KINDS:
            return OWN_TAG
        if at.key == "image" and len(at.path) > 1 and self.is_built(at.beside):
            return BUILT_HERE
        return "" if has_tag(image) or latest_is_default(at, bool(scheme)) else NO_TAG

    def is_built(self, beside: Mapping[str, Node]) -> bool:
        """Whether Compose builds the image among some entries; null and `!reset` take a `build` of another file back."""
        node = beside.get("build")
        if node is None or getattr(node, "tag", "") == "!reset":
            return False
        return node.id != "scalar" or self._document.value(node).kind != "null"

    def _told(self, node: Node, asked_by: str = "") -> Iterator[Found]:
        """Yields each image in a text, to be skipped."""
        after = 0
        for found in references_in(node.value, self._names):
            image = node.value[found.start : found.end]
            if not found.is_template and not self._names.is_image(image):
                continue
            line, after = self._document.line_of(node, image, after)
            reason = ELSEWHERE if image == node.value.strip() else IN_TEXT
            reason = asked_by or (TEMPLATE if found.is_template else reason)
            yield Found(skipped(line, image, reason, QUESTION if asked_by else ""))


def _reference(text: str) -> tuple[int, str, str]:
    """Returns where the reference in a text begins, that reference, and the scheme in front of it."""
    default = _DEFAULT.fullmatch(text)
    if default:
        return default.start(1), default[1], ""
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    return start, text[start:], (before[2] or "") if before else ""


def _is_list(occurrence: Occurrence) -> bool:
    """Whether more than a reference is behind a name, as in `image=cgr.dev/…,replicas=2`, which `helm --set` takes."""
    return occurrence.code == MALFORMED and _NOT_IN_REFERENCE.search(occurrence.image) is not None


def _is_named_image(before: str, scheme: str) -> bool:
    name = before.lstrip("-").partition("=")[0]
    return bool(scheme) or ("=" in before and is_image_key(name))
