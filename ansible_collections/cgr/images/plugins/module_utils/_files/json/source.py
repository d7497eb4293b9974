# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""JSON as it is written, by its own rules (RFC 8259): Python's `json` says what is JSON, and a scanner where a value stands."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from typing import Any, Iterator

from ..matcher import Matcher
from ..occurrence import Parsed, Place, Unreadable
from ..tree.node import Value

_TOKEN = re.compile(r'[\s,:]*("(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s,:{}\[\]"]+)')
_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|(/[/*])')
_KINDS = {"n": "null", "t": "bool", "f": "bool"}
_IDS = {"{": "mapping", "[": "sequence"}


class Node:
    """A value: `value` is a list of pairs of nodes, a list of nodes, or text."""

    __slots__ = ("end", "id", "kind", "path", "start", "value")

    def __init__(self, name: str, value: Any, start: int, end: int, path: int = -1, kind: str = "") -> None:
        self.id, self.value, self.start, self.end, self.path, self.kind = name, value, start, end, path, kind


class Document:
    """A text in JSON.

    Args:
        text: the text.
        names: which images are ours; only what can concern them is looked at.
    """

    numbers_become_text = False
    """Whether a number without quotes becomes text when a digest is put behind it."""

    def __init__(self, text: str, names: Matcher) -> None:
        self._bom = 1 if text.startswith("\ufeff") else 0
        self.text = text
        self._newlines = [found.start() for found in re.finditer("\n", text)]
        self._concerned = names.positions(text)

    def roots(self) -> Iterator[Node]:
        """Yields the one root, if something in it may be an image of ours.

        Raises:
            Unreadable: it is not JSON.
        """
        _loaded(self.text, parse_int=str, parse_float=str)  # of any number of digits
        if self._concerned:
            yield _scanned(_TOKEN.finditer(self.text, self._bom))

    def concerns(self, node: Node) -> bool:
        """Whether a node contains something that may be an image of ours."""
        first = bisect_left(self._concerned, node.start)
        return first < len(self._concerned) and self._concerned[first] < node.end

    def value(self, node: Node) -> Value:
        """Returns what a scalar holds, and where."""
        is_text = node.kind == "str"
        start, end = (node.start + 1, node.end - 1) if is_text else (node.start, node.end)
        span = (start, end) if self.text[start:end] == node.value or node.kind == "null" else None
        return Value(node.value, bisect_left(self._newlines, start) + 1, span, node.kind, not is_text, node.path)

    def line_of(self, node: Node, _text: str, _after: int) -> tuple[int, int]:
        """Returns the line of a scalar, which has no other, and its end."""
        return bisect_left(self._newlines, node.start) + 1, node.end

    def lines_of(self, node: Node) -> list[tuple[int, int, int]] | None:
        """Returns where the text of a scalar stands that has only one line: in the text, in the file, and its number there."""
        value = self.value(node)
        return None if value.span is None else [(0, value.span[0], value.line)]

    def place_for_digest(self, value: Value, bare: bool) -> Place | None:
        """Returns where a digest is written in a field of its own, or `None` if the field cannot take one."""
        if value.span is None or value.kind not in ("str", "null"):
            return None
        start, end = value.span
        return Place(start, end, '"', bare, '"') if value.kind == "null" else Place(start, end, "", bare)


def parsed_json(text: str) -> Iterator[Parsed]:
    """Yields what a text in JSON says, for the check of what is written; the path of a value is its number.

    Raises:
        Unreadable: it is not JSON.
    """
    waiting, number = [_loaded(text, object_pairs_hook=_Object, **_AS_WRITTEN)], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Object):
            yield Parsed(None, "", ("object", tuple(key for key, _value in value.pairs)))
            waiting += [each for _key, each in reversed(value.pairs)]
        elif isinstance(value, list):
            yield Parsed(None, "", ("array", len(value)))
            waiting += reversed(value)
        else:
            text_of = value if isinstance(value, str) else ""
            is_text = isinstance(value, str) or value is None  # a digest takes the place of null
            yield Parsed(number, text_of, "text" if is_text else value)
            number += 1


class _Object:
    """A JSON object with all its keys, also those that are there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _number(written: str) -> tuple[str, str]:
    return ("number", written)


_AS_WRITTEN = {"parse_int": _number, "parse_float": _number, "parse_constant": _number}


def _loaded(text: str, **hooks: Any) -> Any:
    """Reads a text in JSON by the rules of Python's `json`, whose options `hooks` are."""
    try:
        return json.loads(text[1:] if text.startswith("\ufeff") else text, **hooks)
    except RecursionError as error:
        raise Unreadable("is not JSON: it is nested too deep") from error
    except json.JSONDecodeError as error:
        if any(found[1] for found in _COMMENT.finditer(text)):
            raise Unreadable("is JSON with comments, which is not read") from error
        raise Unreadable(f"is not JSON: {error.msg} in line {error.lineno}") from error


def _scanned(tokens: Iterator[re.Match[str]]) -> Node:
    """Returns the root of a text that is known to be JSON."""
    open_nodes: list[Node] = [Node("sequence", [], 0, 0)]
    keys: list[Node | None] = [None]
    number = 0
    for token in tokens:
        text, start, end = token[1], token.start(1), token.end(1)
        if text in ("}", "]"):
            keys.pop()
            open_nodes.pop().end = end
            continue
        within = open_nodes[-1]
        if within.id == "mapping" and keys[-1] is None:
            keys[-1] = _scalar(text, start, end, number)
            continue
        if text in _IDS:
            node = Node(_IDS[text], [], start, end)
        else:
            node = _scalar(text, start, end, number)
            number += 1
        within.value.append(node if within.id == "sequence" else (keys[-1], node))
        keys[-1] = None
        if node.id != "scalar":
            open_nodes.append(node)
            keys.append(None)
    return open_nodes[0].value[0]  # type: ignore[no-any-return]


def _scalar(text: str, start: int, end: int, number: int) -> Node:
    if text[0] == '"':
        value = text[1:-1] if "\\" not in text else json.loads(text)
        return Node("scalar", value, start, end, number, "str")
    return Node("scalar", text, start, end, number, _KINDS.get(text[0], "number"))
