# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as it is written: its documents, and where in the text a value stands.

PyYAML says where; a value counts as found only if just that text stands there, so nothing is guessed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any, Iterator

from ..._resolver.errors import MissingDependency
from ..matcher import Matcher
from ..occurrence import Parsed, Place, Unreadable
from ..tree.node import Node, Value

_NOT_RESOLVED = "not resolved"
_QUOTES = ("'", '"')
_BLOCKS = ("|", ">")
_EMPTY_TEXT = re.compile(r"""(?:(?:&[^\s,]+|!!str)\s+)*(?:""|'')""")  # but not behind another tag, such as !!null
_HEXADECIMAL = 64
# A digest without sha256: in front that would read as a number, without quotes.
_NUMBER = re.compile(r"[0-9]+(?:[eE][0-9]+)?")


class Document:
    """A text in YAML.

    Args:
        text: the text.
        names: which images are ours; only what can concern them is looked at.
    """

    numbers_become_text = True
    """Whether a number without quotes becomes text when a digest is put behind it."""

    def __init__(self, text: str, names: Matcher) -> None:
        self._bom = 1 if text.startswith("\ufeff") else 0
        self.text = text[self._bom :]
        self._newlines = [found.start() for found in re.finditer("\n", self.text)]
        has_aliases = "*" in self.text
        # A node that an alias repeats may be one of ours, too.
        shared = [found.start() for found in re.finditer(r"[&*]", self.text)] if has_aliases else []
        self._concerned = sorted([*names.positions(self.text), *shared])

    def roots(self) -> Iterator[Node]:
        """Yields the root of each document.

        Raises:
            Unreadable: it is not YAML.
            MissingDependency: PyYAML is not installed.
        """
        yaml = _yaml()
        try:
            yield from _compose(self.text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" in line {mark.line + 1}" if mark else ""
            raise Unreadable(f"is not YAML: {error.problem or error.context}{where}") from error
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            what = "it is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
            raise Unreadable(f"is not YAML: {what}") from error

    def concerns(self, node: Node) -> bool:
        """Whether a node contains something that may be an image of ours, or that another node shares."""
        first = bisect_left(self._concerned, node.start_mark.index)
        return first < len(self._concerned) and self._concerned[first] < node.end_mark.index

    def value(self, node: Node) -> Value:
        """Returns what a scalar holds, and where."""
        begin = node.start_mark.index
        span = self._span(node)
        return Value(
            text=node.value.rstrip("\n") if node.style in _BLOCKS else node.value,
            line=self._line(begin if span is None else span[0]),
            span=None if span is None else (span[0] + self._bom, span[1] + self._bom),
            kind=_kind_of(node),
            is_plain=not node.style,
            path=begin,
        )

    def line_of(self, node: Node, text: str, after: int) -> tuple[int, int]:
        """Returns the line in which a part of a scalar's text stands, and where the next one may; 0 begins at the scalar."""
        begin, end = max(after, node.start_mark.index), node.end_mark.index
        there = self.text.find(text, begin, end)
        return (self._line(begin), begin) if there < 0 else (self._line(there), there + len(text))

    def lines_of(self, node: Node) -> list[tuple[int, int, int]] | None:
        """Returns where the lines of a scalar's text stand, for one that is written line by line as it reads.

        Returns:
            For each line where it begins in the scalar's text, where in the file, and its number there; `None` for other scalars.
        """
        span = self._span(node)
        if span is not None:
            return [(0, span[0] + self._bom, self._line(span[0]))]
        if node.style != "|":
            return None
        found, inner = [], 0
        end_of_header = self.text.find("\n", node.start_mark.index)
        first = bisect_left(self._newlines, end_of_header)
        for number, line in enumerate(node.value.rstrip("\n").split("\n"), first):
            if number >= len(self._newlines):
                return None
            begin = self._newlines[number] + 1
            end = self._newlines[number + 1] if number + 1 < len(self._newlines) else len(self.text)
            written = self.text[begin:end].rstrip("\r")
            if not written.endswith(line) or written[: len(written) - len(line)].strip(" "):
                return None
            found.append((inner, begin + len(written) - len(line) + self._bom, number + 2))
            inner += len(line) + 1
        return found

    def place_for_digest(self, value: Value, bare: bool) -> Place | None:
        """Returns where a digest is written in a field of its own, or `None` if the field cannot take one."""
        if value.span is None:
            return None
        start, end = value.span
        if start < end or not value.is_plain:
            return Place(start, end, "", bare)
        colon = self._end_of_key(start)
        return None if colon is None else Place(colon, colon, " ", bare)

    def _span(self, node: Node) -> tuple[int, int] | None:
        value, begin, end = node.value, node.start_mark.index, node.end_mark.index
        if not value:
            return self._span_of_nothing(node)
        if node.style in _BLOCKS:
            written, text = self.text[begin:end], value.rstrip("\n")
            start = begin + written.rfind(text)
            return (start, start + len(text)) if text and written.count(text) == 1 and "\n" not in text else None
        end -= 1 if node.style in _QUOTES else 0
        return (end - len(value), end) if self.text[end - len(value) : end] == value else None

    def _span_of_nothing(self, node: Node) -> tuple[int, int] | None:
        begin, end = node.start_mark.index, node.end_mark.index
        if node.style in _QUOTES:
            return (end - 1, end - 1) if _EMPTY_TEXT.fullmatch(self.text, begin, end) else None
        return None if node.style in _BLOCKS or begin != end else (end, end)

    def _end_of_key(self, index: int) -> int | None:
        """Returns the end of the colon before a value that is empty, or `None` if there is something else before it."""
        end = index - self._bom
        while end and self.text[end - 1] == " ":
            end -= 1
        return end + self._bom if self.text[end - 1 : end] == ":" else None

    def _line(self, index: int) -> int:
        return bisect_left(self._newlines, index) + 1


def parsed_yaml(text: str) -> Iterator[Parsed]:
    """Yields what a text in YAML says, for the check of what is written; the path of a value is where it begins.

    Raises:
        Unreadable: it is not YAML.
    """
    yaml: Any = _yaml()
    plain = {name: Parsed(None, "", name) for name in vars(yaml) if name.endswith("Event")}
    try:
        for event in _events(yaml, text[1:] if text.startswith("\ufeff") else text):
            name = type(event).__name__
            if name == "ScalarEvent":
                yield Parsed(event.start_mark.index, event.value, _kind(event))
            elif getattr(event, "anchor", None) is None and getattr(event, "tag", None) is None:
                yield plain[name]
            else:
                yield Parsed(None, "", (name, event.anchor, getattr(event, "tag", None)))
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"is not YAML: {' '.join(str(error).split())}") from error


def _kind_of(node: Node) -> str:
    """Returns what YAML takes a scalar for, such as `str`, `int` or `null`; or its own tag, such as `!override`."""
    tag = node.tag
    if tag is _NOT_RESOLVED:
        yaml = _yaml()
        tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, node.value, (not node.style, True))
    return str(tag.rpartition(":")[2])


def _kind(scalar: Any) -> tuple[Any, ...]:
    """Returns what makes text of a scalar, or something else: its tag, its quotes, and being a digest that reads as a number."""
    is_plain = not scalar.style
    is_hexadecimal = is_plain and len(scalar.value) == _HEXADECIMAL
    is_number = is_hexadecimal and _NUMBER.fullmatch(scalar.value) is not None
    return (scalar.anchor, scalar.tag, is_plain, is_number)


def _events(yaml: Any, text: str) -> Iterator[Any]:
    """Yields the events of a text, fast where libyaml is there; the other parser goes on where that one stops."""
    done = 0
    if hasattr(yaml, "CSafeLoader"):
        loader = yaml.CSafeLoader(text)
        try:
            while loader.check_event():
                yield loader.get_event()
                done += 1
            return
        except yaml.YAMLError:
            pass
        finally:
            loader.dispose()
    for number, event in enumerate(yaml.parse(text, yaml.SafeLoader)):
        if number >= done:
            yield event


def _compose(text: str) -> Iterator[Any]:
    """Composes the documents of a text: fast where libyaml is there, and as much of YAML as either can read."""
    yaml: Any = _yaml()
    done = 0
    if hasattr(yaml, "CSafeLoader"):

        class FastLoader(yaml.CSafeLoader):
            """Leaves it to `_kind_of` what a scalar is, for it is asked of few of them."""

            def descend_resolver(self, _node: Any, _index: Any) -> None: ...

            def ascend_resolver(self) -> None: ...

            def resolve(self, _kind: Any, _value: Any, _implicit: Any) -> str:
                return _NOT_RESOLVED

        try:
            for root in yaml.compose_all(text, FastLoader):
                yield root
                done += 1
            return
        except yaml.YAMLError:
            pass  # the other one says better what is wrong, and lets an anchor be set twice

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if not isinstance(event, yaml.AliasEvent):
                self.anchors.pop(event.anchor, None)
            return super().compose_node(parent, index)

    for number, root in enumerate(yaml.compose_all(text, Loader)):
        if number >= done:
            yield root


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingDependency(
            "The Python library PyYAML is missing here, with which YAML files are read: python -m pip install PyYAML"
        ) from error
    return yaml
