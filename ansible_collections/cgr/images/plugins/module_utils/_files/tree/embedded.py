# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Text within a document that has a format of its own: a file in a ConfigMap, a Kustomize patch, an inline Dockerfile, …"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import Callable, Iterator, Sequence

from ..matcher import Matcher
from ..occurrence import (
    NO_TAG,
    NOT_AS_READ,
    Occurrence,
    Parser,
    Target,
    Unreadable,
    has_tag,
    in_order,
    occurrence_in,
    shifted,
    skipped,
)
from .expected import Position, is_image_key
from .kinds import AZURE, BITBUCKET, CIRCLECI, GITHUB, GITLAB, STEPS
from .node import Document, Node

_FILE = re.compile(
    r"(?:.*[./])?(?:(?:Docker|Container)file(?:\..*)?|[^/]+\.(?:ya?ml|json|[Dd]ockerfile|sh|bash|env|tf|hcl))"
)
_YAML_KEYS = (
    "values",
    "valuesContent",
    "manifest",
    "manifest[]",
    "manifests",
    "manifests[]",
    "patchesStrategicMerge[]",
)
_PATCH_KEYS = ("patch", "patches[]")
_SCRIPT_KEYS = ("run", "script", "script[]", "before_script[]", "after_script[]", "commands[]")
_ASSIGNMENT_KEYS = ("build-contexts", "build-args")
_ASSIGNMENT = re.compile(
    r"""^[ \t]*(?:-[ \t]+)?["']?([\w.-]+)=(docker-image://)?([^\s"']+)["']?[ \t]*$""", re.MULTILINE
)

_PIPELINES = (GITHUB, GITLAB, AZURE, BITBUCKET, CIRCLECI, STEPS)

_Line = tuple[int, int, int]

FindInFile = Callable[[str, str, Matcher], "list[Occurrence]"]
"""Finds the images in a text, by the name that a file with the text has; raises `Unreadable` where it is something else."""


class Texts:
    """Finds the images in the texts of scalars.

    Args:
        document: in which document.
        names: which ones are ours.
        parser: reads the document, for the check of what is written.
        find: finds the images in a text of any format: a document can contain documents.
    """

    def __init__(self, document: Document, names: Matcher, parser: Parser, find: FindInFile) -> None:
        self._document = document
        self._names = names
        self._parser = parser
        self._find = find

    def images(self, node: Node, at: Position) -> list[Occurrence] | None:
        """Finds the images in the text of a scalar.

        Args:
            node: the scalar.
            at: where it stands.

        Returns:
            Those images, with their places in the file; `None` if the format of the text is not known, or the text is not in it.
        """
        found = self._found(node.value, at)
        if found is None:
            return None
        lines = self._document.lines_of(node)
        if not lines:
            return list(self._not_as_read(found, node))
        path = self._document.value(node).path
        return [_moved(each, lines, self._parser, path) for each in found]

    def _not_as_read(self, found: Sequence[Occurrence], node: Node) -> Iterator[Occurrence]:
        """Yields the images in a text whose lines are not written as they read: they have no places in the file."""
        after = 0
        for each in found:
            line, after = self._document.line_of(node, each.image, after)
            yield skipped(line, each.image, each.reason or NOT_AS_READ, each.code)

    def _found(self, text: str, at: Position) -> list[Occurrence] | None:
        """Finds the images in a text by its format; places and lines are counted in the text."""
        if at.key in _ASSIGNMENT_KEYS:
            return in_order(_assigned(text, self._names))
        name = _file_name(text, at)
        if not name:
            return None
        try:
            return self._find(name, text, self._names)
        except Unreadable:
            return None


def _file_name(text: str, at: Position) -> str:
    """Returns the name that a file with the text would have; empty where nothing says what it is."""
    is_inline = "\n" in text.rstrip("\n") or text.lstrip()[:1] in ("{", "[")
    if _FILE.fullmatch(at.key):
        return at.key.rpartition("/")[2]
    if at.key == "dockerfile_inline" or (at.key == "dockerfile" and "\n" in text):
        return "Dockerfile"
    if at.key in _SCRIPT_KEYS and (at.kind.name in _PIPELINES or at.kind.group == "tekton.dev"):
        return "_.sh"
    return "_.yaml" if is_inline and at.key in (*_YAML_KEYS, *_PATCH_KEYS) else ""


def _assigned(text: str, names: Matcher) -> Iterator[Occurrence]:
    """Yields the images in lines of NAME=IMAGE, as GitHub's docker/build-push-action takes them."""
    for found in _ASSIGNMENT.finditer(text):
        name, scheme, image = found.groups()
        if not scheme and not is_image_key(name):
            continue
        line = text.count("\n", 0, found.start(3)) + 1
        occurrence = occurrence_in(image, found.start(3), line, names)
        if occurrence and not scheme and not has_tag(image):
            occurrence = skipped(line, image, NO_TAG)
        if occurrence:
            yield occurrence


def _moved(each: Occurrence, lines: Sequence[_Line], parser: Parser, path: object) -> Occurrence:
    """Returns an occurrence of the text as one of the file."""
    line, first_line = (number and lines[min(number, len(lines)) - 1][2] for number in (each.line, each.first_line))
    each = replace(each, line=line, first_line=first_line)
    if each.place is None:
        return each
    inner, outer, _number = lines[bisect_right(lines, (each.place.start, len(each.image) + 2**62, 0)) - 1]
    place = shifted(each.place, outer - inner)
    return replace(each, place=place, target=Target(parser, path, each.place, each.target))
