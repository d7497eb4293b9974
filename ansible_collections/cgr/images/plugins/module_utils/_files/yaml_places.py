# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where images stand in YAML: in Kubernetes and Kustomize, Compose, Helm values, ko, GitHub Actions and GitLab CI.

Each format has its keys for them, and no key means an image in one and something else in another; so one walk finds them in
all.  What looks like an image of ours in any other place is told, and left.
"""

from __future__ import annotations

import re
from typing import Any, Iterator

from .names import Names
from .spots import NO_TAG, Spot, in_order, spot_in
from .yaml_split import split_spot
from .yaml_text import Document, Node, Value, entries

ELSEWHERE = "it does not stand where an image is expected"
BUILT_HERE = "it is the name of what is built here"
NOT_AS_READ = "it is written in another way than it reads, such as with escapes or over several lines"
OWN_TAG = "YAML reads it as something else than text"

# What may stand before an image: docker://, or a name as in --sidecar-image=, BASE_IMAGE= and Kustomize's web=.
_BEFORE = re.compile(r"(docker(?:-image)?://)|-{0,2}([A-Za-z][\w.-]*)=")
_IMAGE_KEY = re.compile(r"(?:.*[a-z0-9_-])?(?:Image|image)(?:Name)?|(?:.*_)?IMAGE|container")
# Keys beside which an image without a tag is not that of `latest`.
_VERSION_KEY = re.compile(r"(?:.*[a-z_-])?(?:[Tt]ag|[Vv]ersion|[Dd]igest|sha)")


def spots_in_yaml(text: str, names: Names) -> list[Spot]:
    """Finds the images in a text, in their order.

    Raises:
        Unreadable: it is not YAML.
        MissingDependency: PyYAML is not installed.
    """
    document = Document(text)
    found: dict[Any, Spot] = {}
    for root in document.roots():
        for spot in _Walk(document, names, root).all():
            found.setdefault(spot.place or (spot.line, spot.image), spot)
    return in_order(found.values())


class _Walk:
    """A walk through one document; what several aliases name is visited once."""

    def __init__(self, document: Document, names: Names, root: Node) -> None:
        self._document = document
        self._names = names
        self._root = root
        self._seen: set[int] = set()
        keys = {key for key, _value in entries(root)} if root.id == "mapping" else set()
        self._is_kubernetes = {"apiVersion", "kind"} <= keys

    def all(self) -> Iterator[Spot]:
        waiting: list[tuple[Node, str, str]] = [(self._root, "", "")]
        while waiting:
            node, key, above = waiting.pop()
            if id(node) in self._seen:
                continue
            self._seen.add(id(node))
            if node.id == "mapping":
                spots, rest = self._of_mapping(node, key, above)
                yield from spots
                waiting += rest
            elif node.id == "sequence":
                for item in node.value:
                    if item.id == "scalar":
                        yield from self._of_value(item, f"{key}[]", above, None)
                    else:
                        waiting.append((item, f"{key}[]", key))
            else:
                yield from self._of_value(node, "", "", None)

    def _of_mapping(self, node: Node, under: str, above: str) -> tuple[list[Spot], list[tuple[Node, str, str]]]:
        found, rest = [], []
        split, parts = split_spot(node, under, self._document, self._names)
        if split is not None:
            found.append(split)
        for key, value in entries(node):
            if value.id != "scalar":
                rest.append((value, key, under))
            elif key not in parts:
                found += self._of_value(value, key, under, node)
        return found, rest

    def _of_value(self, node: Node, key: str, under: str, siblings: Node | None) -> list[Spot]:
        if not self._names.may_be_in(node.value):
            return []
        value = self._document.value(node)
        before = _BEFORE.match(value.text)
        image = value.text[before.end() :] if before else value.text
        start = value.span[0] + (before.end() if before else 0) if value.span else 0
        spot = spot_in(image, start, value.line, self._names)
        if spot is None:
            return []
        beside = dict(entries(siblings)) if siblings is not None else {}
        if not _is_image(key, under, beside) and not (before and _is_named_image(before)):
            # Only what can be nothing else than an image is worth a word.
            return [Spot(spot.line, image, None, ELSEWHERE)] if spot.place and _has_tag(image) else []
        if not spot.place:
            return [spot]
        left = self._why_left(value, image, key, under, beside)
        return [Spot(spot.line, image, None, left)] if left else [spot]

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


def _is_named_image(before: re.Match[str]) -> bool:
    return before[2] is None or _IMAGE_KEY.fullmatch(before[2]) is not None


def _has_tag(image: str) -> bool:
    return "@" in image or ":" in image.rpartition("/")[2]
