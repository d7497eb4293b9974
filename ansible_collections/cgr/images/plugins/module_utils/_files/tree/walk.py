# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The walk through the documents of a file.  It finds each image of ours; those that cannot be pinned get a reason.

Each format has its keys for images, and no key means an image in one and something else in another, so one walk finds them all.
"""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ..matcher import Matcher
from ..occurrence import Occurrence, Parser, in_order, skipped
from .embedded import FindInFile
from .expected import Position
from .kinds import Kind, is_lock, kind_of
from .node import Document, Node, entries
from .parts import PARTS, parts_in
from .scalars import Scalars
from .shared import Found, Shares

LOOKED_UP = "it is looked up by {} when that runs, so that no digest belongs here"
# Tasks and lookups of the Ansible collection, and resources and functions of the Pulumi provider.
_ASKER = re.compile(r"(?:(?:with_)?cgr\.images\.|fn::cgr:|cgr:(?:\w+:)?\w*(?:Image|image))\S*|digest_info|pinned_files")
_LOOKUP = re.compile(r"\bcgr\.images\.\w+")


class _Trail(NamedTuple):
    """How the walk came to a node: the keys from the root on, and by what the images below are looked up, if they are."""

    key: str = ""
    above: _Trail | None = None
    asked_by: str = ""

    def path(self) -> tuple[str, ...]:
        keys, trail = [], self
        while trail.above is not None:
            keys.append(trail.key)
            trail = trail.above
        return tuple(reversed(keys))

    def to(self, key: str) -> _Trail:
        return _Trail(key, self, self.asked_by or (key if _ASKER.fullmatch(key) else ""))

    def asking(self, asked_by: str) -> _Trail:
        return self._replace(asked_by=self.asked_by or asked_by)

    def to_item(self) -> _Trail:
        return _Trail(f"{self.key}[]", self.above or _Trail(), self.asked_by)


def images_in(document: Document, names: Matcher, parser: Parser, find: FindInFile) -> list[Occurrence]:
    """Finds the images in a file, in their order.

    Args:
        document: the file.
        names: which ones are ours.
        parser: reads the file for the check of what is written.
        find: finds the images in a text within the file, by the name that it has there.

    Raises:
        Unreadable: it is not of its format.
    """
    found: list[Occurrence] = []
    signed = ""
    for root in document.roots():
        if root is None or is_lock(root):
            continue
        kind = kind_of(root)
        signed = signed or kind.signed
        scalars = Scalars(document, names, parser, find)
        found += _Walk(document, names, parser, scalars, root, kind).occurrences()
    if signed:
        found = [skipped(each.line, each.image, signed) if each.place else each for each in found]
    return in_order(found)


class _Walk:
    """A walk through one document; what several aliases name is visited once."""

    def __init__(
        self, document: Document, names: Matcher, parser: Parser, scalars: Scalars, root: Node, kind: Kind
    ) -> None:
        self._document = document
        self._names = names
        self._parser = parser
        self._root = root
        self._kind = kind
        self._scalars = scalars
        self._shares = Shares()
        self._seen: set[int] = set()

    def occurrences(self) -> Iterator[Occurrence]:
        """Yields the images, each once."""
        found: dict[Any, list[Found]] = {}
        for each in self._all():
            found.setdefault(each.occurrence.place or each.occurrence, []).append(each)
        for there in found.values():
            left = self._shares.why_all_left(there)
            images = [one.occurrence for one in there]
            for image in {(image, image.first_line if left else 0): image for image in images}.values():
                yield skipped(image.first_line or image.line, image.image, left) if left else image

    def _all(self) -> Iterator[Found]:
        waiting: list[tuple[Node, _Trail]] = [(self._root, _Trail())]
        while waiting:
            node, trail = waiting.pop()
            if id(node) in self._seen or not self._document.concerns(node):
                continue
            self._seen.add(id(node))
            if node.id == "mapping":
                nodes = dict(entries(node))
                trail = trail.asking(_asker_beside(nodes))
                yield from self._of_mapping(node, nodes, trail)
                waiting += [(value, trail.to(key)) for key, value in entries(node) if value.id != "scalar"]
                # A key can be a mapping itself: that is how YAML reads the {{ … }} of a template.
                waiting += [(key, trail) for key, _value in node.value if key.id != "scalar"]
            elif node.id == "sequence":
                item = trail.to_item()
                waiting += [(each, item) for each in node.value if each.id != "scalar"]
                yield from self._of_items(node.value, item)
            else:
                yield from self._of_items([node], trail)

    def _of_items(self, nodes: Sequence[Node], trail: _Trail) -> Iterator[Found]:
        for node in nodes:
            if node.id == "scalar":
                self._shares.use(node)
                if self._names.may_be_in(node.value):
                    yield from self._of_scalar(node, trail, {})

    def _of_mapping(self, node: Node, nodes: Mapping[str, Node], trail: _Trail) -> Iterator[Found]:
        parts = parts_in(node, trail.key, nodes, self._document, self._names, self._parser)
        if trail.asked_by:
            parts = parts._replace(occurrence=None, parts=frozenset())
        if parts.occurrence is not None:
            yield Found(parts.occurrence, "", nodes.get(parts.holder), node)
        is_built = trail.above is not None and self._scalars.is_built(nodes)
        self._shares.look_at(node, nodes, is_built, bool(PARTS & set(nodes)))
        for key, value in node.value:
            if key.id == "scalar" and self._names.may_be_in(key.value):
                yield from self._scalars.key(key)
            if value.id == "scalar":
                name = key.value if key.id == "scalar" else ""
                self._shares.use(value)
                if self._names.may_be_in(value.value) and name not in parts.parts:
                    yield from self._of_scalar(value, trail.to(name), nodes, node)

    def _of_scalar(self, node: Node, trail: _Trail, beside: Mapping[str, Node], within: Node = None) -> Iterator[Found]:
        lookup = _LOOKUP.search(node.value)
        asked_by = trail.asked_by or (lookup[0] if lookup else "")
        reason = LOOKED_UP.format(asked_by) if asked_by else ""
        yield from self._scalars.images(node, Position(self._kind, trail.path(), beside), reason, within)


def _asker_beside(nodes: Mapping[str, Node]) -> str:
    """Returns what looks images up, where the entries of a mapping are its arguments."""
    for key in ("type", "function", "action", "local_action"):
        node = nodes.get(key)
        if node is not None and node.id == "scalar" and _ASKER.fullmatch(node.value.partition(" ")[0]):
            return str(node.value.partition(" ")[0])
    return ""
