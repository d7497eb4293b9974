# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where images stand in YAML: in Kubernetes and Kustomize, Compose, Helm values, ko, GitHub Actions and GitLab CI.

Each format has its keys for them, and no key means an image in one and something else in another; so one walk finds them in
all.  What looks like an image of ours in any other place is told, and left.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any, Iterator, NamedTuple

from ..matcher import Matcher
from ..occurrence import NO_TAG, NOT_AS_READ, Occurrence, in_order, occurrence_in
from .source import Document, Node, Value, entries
from .split import PARTS, split_spot

ELSEWHERE = "it does not stand where an image is expected"
BUILT_HERE = "it is the name of what is built here"
SHARED = "an alias or a merge shares a part of it with something else, of which a digest here would become a part, too"
OWN_TAG = "YAML reads it as something else than text"

# What may stand before an image: docker://, or a name as in --sidecar-image=, BASE_IMAGE= and Kustomize's web=.
_BEFORE = re.compile(r"(docker(?:-image)?://)|-{0,2}([A-Za-z][\w.-]*)=")
_IMAGE_KEY = re.compile(r"(?:.*[a-z0-9_-])?(?:Image|image)(?:Name)?|(?:.*_)?IMAGE|container")
# Keys beside which an image without a tag is not that of `latest`.
_VERSION_KEY = re.compile(r"(?:.*[a-z_-])?(?:[Tt]ag|[Vv]ersion|[Dd]igest|sha)")


def images_in_yaml(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a text, in their order.

    Raises:
        Unreadable: it is not YAML.
        MissingDependency: PyYAML is not installed.
    """
    document = Document(text)
    return in_order(
        occurrence for root in document.roots() for occurrence in _Walk(document, names, root).occurrences()
    )


class _Found(NamedTuple):
    """An image that was come by.

    Attributes:
        spot: where it stands.
        left: why it is to be left there, although there is a place for its digest.
        holder: of one in parts, the value that holds the digest.
        within: the mapping it is in, if that is what makes it an image.
    """

    occurrence: Occurrence
    left: str = ""
    holder: Node = None
    within: Node = None


class _Walk:
    """A walk through one document; what several aliases name is visited once."""

    def __init__(self, document: Document, names: Matcher, root: Node) -> None:
        self._document = document
        self._names = names
        self._root = root
        self._seen: set[int] = set()
        self._uses: Counter[int] = Counter()
        self._overridden: set[int] = set()
        self._built: set[int] = set()
        keys = {key for key, _value in entries(root)} if root.id == "mapping" else set()
        self._is_kubernetes = {"apiVersion", "kind"} <= keys

    def occurrences(self) -> Iterator[Occurrence]:
        """Yields the images, each once."""
        found: dict[Any, list[_Found]] = {}
        for each in self._all():
            found.setdefault(each.occurrence.place or each.occurrence, []).append(each)
        for there in found.values():
            left = self._why_all_left(there)
            for occurrence in dict.fromkeys(each.occurrence for each in there):
                yield replace(occurrence, place=None, reason=left) if left else occurrence

    def _why_all_left(self, there: list[_Found]) -> str:
        """Says why all that was come by in one place is left; nothing if it is not."""
        reasons = [each.left for each in there if each.left]
        if any(reason != ELSEWHERE for reason in reasons):
            return next(reason for reason in reasons if reason != ELSEWHERE)
        holder = there[0].holder
        is_used_by_others = holder is not None and self._uses[id(holder)] > len(there)
        within = {id(each.within) for each in there}
        if within & self._built:
            return BUILT_HERE
        is_overridden = bool(within & self._overridden)
        if is_used_by_others or is_overridden or len({each.occurrence.asked for each in there}) > 1:
            return SHARED if there[0].occurrence.place else ""
        return ELSEWHERE if len(reasons) == len(there) else ""

    def _all(self) -> Iterator[_Found]:
        waiting: list[tuple[Node, str, str]] = [(self._root, "", "")]
        while waiting:
            node, key, above = waiting.pop()
            if id(node) in self._seen:
                continue
            self._seen.add(id(node))
            if node.id == "mapping":
                yield from self._of_mapping(node, key)
                waiting += [(value, name, key) for name, value in entries(node) if value.id != "scalar"]
            elif node.id == "sequence":
                waiting += [(item, f"{key}[]", key) for item in node.value if item.id != "scalar"]
                for item in node.value:
                    yield from self._of_value(item, f"{key}[]", above, None)
            else:
                yield from self._of_value(node, "", "", None)

    def _of_mapping(self, node: Node, under: str) -> Iterator[_Found]:
        values = dict(entries(node))
        split = split_spot(node, under, self._document, self._names)
        if split.occurrence is not None:
            yield _Found(split.occurrence, "", values.get(split.holder), node)
        if PARTS & set(values):
            self._overridden |= _merged(node)
        if under and "build" in values:
            self._built |= _merged(node)
        for key, value in entries(node):
            if key in split.parts:
                self._uses[id(value)] += 1
            else:
                yield from self._of_value(value, key, under, node)

    def _of_value(self, node: Node, key: str, under: str, siblings: Node | None) -> Iterator[_Found]:
        if node.id != "scalar":
            return
        self._uses[id(node)] += 1
        if not self._names.may_be_in(node.value):
            return
        value = self._document.value(node)
        before = _BEFORE.match(value.text)
        image = value.text[before.end() :] if before else value.text
        start = value.span[0] + (before.end() if before else 0) if value.span else 0
        occurrence = occurrence_in(image, start, value.line, self._names)
        if occurrence is None:
            return
        beside = dict(entries(siblings)) if siblings is not None else {}
        if _is_image(key, under, beside) or (before and _is_named_image(before)):
            left = self._why_left(value, image, key, under, beside) if occurrence.place else ""
            place = occurrence if value.span else Occurrence(occurrence.line, image, None, left or occurrence.reason)
            yield _Found(place, left, within=siblings if key == "image" else None)
        elif occurrence.place and _has_tag(image):
            # Only what can be nothing else than an image is worth a word.
            yield _Found(occurrence if value.span else Occurrence(occurrence.line, image, None, ELSEWHERE), ELSEWHERE)

    def _why_left(self, value: Value, image: str, key: str, under: str, beside: dict[str, Node]) -> str:
        if value.span is None:
            return NOT_AS_READ
        if value.kind != "str":
            return OWN_TAG
        if key == "image" and "build" in beside and under:
            return BUILT_HERE
        if _has_tag(image):
            return ""
        in_kubernetes = self._is_kubernetes and not under.endswith("ontainers[]")
        return NO_TAG if in_kubernetes or any(_VERSION_KEY.fullmatch(name) for name in beside) else ""


def _is_image(key: str, under: str, beside: dict[str, Node]) -> bool:
    """Whether an image is expected under a key.

    Args:
        key: the key; of an item of a list, the list's with `[]` behind it.
        under: the key of what is around it.
        beside: the entries of the same mapping.
    """
    if key == "name":
        kind = beside.get("kind")
        return under in ("image", "services[]") or (kind is not None and kind.value == "DockerImage")
    if key in ("value", "default"):
        name = beside.get("name")
        return name is not None and "image" in str(name.value).lower()
    return (
        _IMAGE_KEY.fullmatch(key.replace("[]", "")) is not None
        or key in ("services[]", "images[]")
        or (key == "reference" and under == "image")
        or under == "baseImageOverrides"
    )


def _merged(node: Node) -> set[int]:
    """Returns the ids of the mappings that one takes in by `<<`, and of those that they do."""
    found: set[int] = set()
    waiting = [node]
    while waiting:
        for key, value in entries(waiting.pop()):
            taken = (value.value if value.id == "sequence" else [value]) if key == "<<" else []
            new = [each for each in taken if each.id == "mapping" and id(each) not in found]
            found |= {id(each) for each in new}
            waiting += new
    return found


def _is_named_image(before: re.Match[str]) -> bool:
    return before[2] is None or _IMAGE_KEY.fullmatch(before[2]) is not None


def _has_tag(image: str) -> bool:
    return "@" in image or ":" in image.rpartition("/")[2]
