# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as it is written: its documents, and where in the text a value stands.

PyYAML says where; a value counts as found only if just that text stands there, so nothing is guessed.
"""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

from ..._resolver.errors import MissingDependency
from ..occurrence import Unreadable

Node = Any
"""A node of PyYAML, which is imported only where there is a file to read; its `id` is scalar, sequence or mapping."""

_QUOTES = ("'", '"')


class Value(NamedTuple):
    """A value, and where it stands in the text.

    Attributes:
        text: the value.
        line: the line of it, counted from 1.
        span: where it begins and ends; `None` where it is written in another way than it reads.
        kind: what YAML takes it for: `str`, `int`, `null`, …
        is_plain: whether it is neither in quotes nor in a block.
    """

    text: str
    line: int
    span: tuple[int, int] | None
    kind: str
    is_plain: bool


class Document:
    """A text in YAML."""

    def __init__(self, text: str) -> None:
        self._skipped = 1 if text.startswith("\ufeff") else 0
        self._text = text[self._skipped :]

    def roots(self) -> list[Node]:
        """Returns the root of each document.

        Raises:
            Unreadable: it is not YAML.
            MissingDependency: PyYAML is not installed.
        """
        yaml = _yaml()
        try:
            return _compose(self._text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" in line {mark.line + 1}" if mark else ""
            raise Unreadable(f"is not YAML: {error.problem or error.context}{where}") from error
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            what = "it is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
            raise Unreadable(f"is not YAML: {what}") from error

    def value(self, node: Node) -> Value:
        """Returns what a scalar holds, and where."""
        span = self._duration(node)
        line = node.start_mark.line if span is None else self._text.count("\n", 0, span[0])
        shifted = None if span is None else (span[0] + self._skipped, span[1] + self._skipped)
        return Value(node.value, line + 1, shifted, node.tag.rpartition(":")[2], not node.style)

    def _duration(self, node: Node) -> tuple[int, int] | None:
        value, begin, end = node.value, node.start_mark.index, node.end_mark.index
        if not value:
            return (end - 1, end - 1) if node.style in _QUOTES else (end, end)
        if node.style in ("|", ">"):
            written = self._text[begin:end]
            start = begin + written.rfind(value)
            return (start, start + len(value)) if written.count(value) == 1 and "\n" not in value else None
        end -= 1 if node.style in _QUOTES else 0
        return (end - len(value), end) if self._text[end - len(value) : end] == value else None

    def end_of_key(self, index: int) -> int | None:
        """Returns the end of the colon before a value that is empty, or `None` if there is something else before it."""
        before = self._text[: index - self._skipped].rstrip(" ")
        return len(before) + self._skipped if before.endswith(":") else None


def entries(node: Node) -> Iterator[tuple[str, Node]]:
    """Yields the keys of a mapping, and what they hold; a key that is no text is an empty one."""
    for key, value in node.value:
        yield key.value if key.id == "scalar" else "", value


def _compose(text: str) -> list[Any]:
    """Composes the documents of a text: fast where libyaml is there, and as much of YAML as either can read."""
    yaml: Any = _yaml()
    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None:
        try:
            return list(yaml.compose_all(text, fast))
        except yaml.YAMLError:
            pass  # the other one says better what is wrong, and lets an anchor be set twice

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

    return list(yaml.compose_all(text, Loader))


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingDependency(
            "The Python library PyYAML is missing here, with which YAML files are read: python -m pip install PyYAML"
        ) from error
    return yaml
