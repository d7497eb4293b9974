# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of YAML and JSON: documents of mappings, sequences and scalars, each with its place in the text."""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple, Protocol

from ..occurrence import Place

Node = Any
"""A node of a document: its `id` is mapping, sequence or scalar; its `value` a list of pairs of nodes, a list of nodes, or text.

It is one of PyYAML, which is imported only where there is YAML to read, or one of `json.source`.
"""


class Value(NamedTuple):
    """A scalar and its position in the text.

    Attributes:
        text: what it holds.
        line: its line, counted from 1.
        span: where its text begins and ends; `None` where it is written in another way than it reads.
        kind: what the format takes it for: `str`, `int`, `null`, …
        is_plain: whether it is neither in quotes nor in a block.
        path: names it for the check of what is written.
    """

    text: str
    line: int
    span: tuple[int, int] | None
    kind: str
    is_plain: bool
    path: Any


class Document(Protocol):
    """A text of a format with mappings, sequences and scalars."""

    text: str
    numbers_become_text: bool

    def roots(self) -> Iterator[Node]:
        """Yields the root of each document."""

    def concerns(self, node: Node) -> bool:
        """Whether a node contains something that may be an image of ours, or that another node shares."""

    def value(self, node: Node) -> Value:
        """Returns what a scalar holds, and where."""

    def line_of(self, node: Node, text: str, after: int) -> tuple[int, int]:
        """Returns the line in which a part of a scalar's text stands, and where the next one may."""

    def lines_of(self, node: Node) -> list[tuple[int, int, int]] | None:
        """Returns where the lines of a scalar's text stand: in the text, in the file, and their numbers there."""

    def place_for_digest(self, value: Value, bare: bool) -> Place | None:
        """Returns where a digest is written in a field of its own, or `None` if the field cannot take one."""


def entries(node: Node) -> Iterator[tuple[str, Node]]:
    """Yields the keys of a mapping, and what they hold; a key that is not text is an empty one."""
    for key, value in node.value:
        yield key.value if key.id == "scalar" else "", value
