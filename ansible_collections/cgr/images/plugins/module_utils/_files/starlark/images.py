# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in Bazel's files: the parts of `oci.pull`, `oci_pull` and `container_pull`, and whole references.

Starlark is written like Python (bazelbuild/starlark, spec.md), so Python's own parser reads it and knows each place.
"""

from __future__ import annotations

import ast
import re
from itertools import accumulate
from typing import Iterator

from ..matcher import Matcher
from ..occurrence import (
    NO_TAG,
    NOT_AS_READ,
    TEMPLATE,
    Occurrence,
    Parsed,
    Place,
    Unreadable,
    in_order,
    occurrence_in,
    skipped,
    why_skipped,
    with_target,
)
from ..text.usage import BUILT_OR_PUSHED

NO_DIGEST = 'it has no digest argument to hold one; write digest = "" beside the tag'

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BUILT = frozenset(["repo_tags", "remote_tags", "repository", "tags"])


def images_in_starlark(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a text, in their order.

    Raises:
        Unreadable: it is not Starlark.
    """
    return in_order(_Images(text, names).occurrences())


def parsed_starlark(text: str) -> Iterator[Parsed]:
    """Yields what a text in Starlark says, for the check of what is written; the path of a string is its line and column.

    Raises:
        Unreadable: it is not Starlark.
    """
    for node in ast.walk(_tree(text)):
        value = _text_of(node)
        yield Parsed(None, "", _kind(node)) if value is None else Parsed(_path(node), value, "string")


def _kind(node: ast.AST) -> tuple[str, ...]:
    """Returns what a node says beside the nodes in it."""
    fields = (value for _name, value in ast.iter_fields(node) if not isinstance(value, ast.AST))
    return (
        type(node).__name__,
        *(repr([type(each) for each in value] if _holds_nodes(value) else value) for value in fields),
    )


def _holds_nodes(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, ast.AST) for each in value)


def _path(node: ast.AST | None) -> tuple[int, int]:
    return (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(f"is not Starlark: {error.msg} in line {error.lineno}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"is not Starlark: {error}") from error


class _Images:
    """The images in one text."""

    def __init__(self, text: str, names: Matcher) -> None:
        self._text = text
        self._names = names
        self._tree = _tree(text)
        self._built: set[int] = set()
        self._made: set[int] = set()
        # Python counts columns in bytes.
        lines = [found.group() for found in _LINE.finditer(text)]
        self._lines = [line.encode("utf-8", "surrogatepass") for line in lines]
        self._starts = list(accumulate(map(len, lines), initial=0))

    def occurrences(self) -> Iterator[Occurrence]:
        """Yields the images."""
        parts: set[int] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, (ast.BinOp, ast.Attribute)):  # "…" + x, "…" % x, "…".format(x)
                self._made |= {id(each) for each in ast.walk(node)}
            if isinstance(node, ast.Call):
                values = {each.arg or "": each.value for each in node.keywords if _text_of(each.value) is not None}
                pulled = self._pulled(values)
                if pulled:
                    parts |= {id(value) for value in values.values()}
                    yield pulled
                self._built |= {id(each) for key in node.keywords if key.arg in _BUILT for each in ast.walk(key.value)}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                yield from self._whole(node)

    def _pulled(self, values: dict[str, ast.expr]) -> Occurrence | None:
        """Returns the image that the arguments of a call name in parts, if it is one of ours."""
        registry, tag, digest = (_text_of(values.get(name)) for name in ("registry", "tag", "digest"))
        repository = _text_of(values.get("image")) or _text_of(values.get("repository")) or ""
        image = f"{registry}/{repository}" if registry else repository
        if not ({"tag", "digest"} & set(values)) or not self._names.begin(image):
            return None
        line = (values.get("image") or values["repository"]).lineno
        whole = image + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
        if digest is None or not tag:
            return Occurrence(line, whole, None, NO_TAG if not tag else NO_DIGEST)
        span = self._span(values["digest"])
        reason, code = why_skipped(whole, self._names)
        line = values["digest"].lineno
        if reason or not span:
            return skipped(line, whole, reason or NOT_AS_READ, code)
        return with_target(Occurrence(line, whole, Place(*span)), parsed_starlark, _path(values["digest"]), span[0])

    def _whole(self, node: ast.Constant) -> Iterator[Occurrence]:
        value = str(node.value)
        span = self._span(node)
        occurrence = occurrence_in(value, span[0] if span else 0, node.lineno, self._names)
        if occurrence is None:
            return
        if id(node) in self._made:
            occurrence = skipped(node.lineno, value, TEMPLATE)
        elif id(node) in self._built:
            occurrence = skipped(node.lineno, value, BUILT_OR_PUSHED)
        elif occurrence.place and (span is None or ":" in occurrence.place.before):
            occurrence = skipped(node.lineno, value, NO_TAG if span else NOT_AS_READ)
        yield with_target(occurrence, parsed_starlark, _path(node), span[0]) if span else occurrence

    def _span(self, node: ast.expr) -> tuple[int, int] | None:
        """Returns where the text of a string stands; `None` if it is written in another way than it reads."""
        value = _text_of(node) or ""
        end = self._index(node.end_lineno or node.lineno, node.end_col_offset or 0)
        start = self._index(node.lineno, node.col_offset)
        written = self._text[start:end]
        return (start + 1, end - 1) if written in (f'"{value}"', f"'{value}'") else None

    def _index(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode("utf-8", "surrogatepass"))


def _text_of(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
