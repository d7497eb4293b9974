# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where images stand in Bazel's files: the parts of `oci.pull`, `oci_pull` and `container_pull`, and whole references.

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
    Place,
    Unreadable,
    in_order,
    occurrence_in,
    why_skipped,
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


def parse(text: str) -> list[str]:
    """Returns what a text in Starlark says, without the places.

    Raises:
        Unreadable: it is not Starlark.
    """
    return [ast.dump(each) for each in _tree(text).body]


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
        reason = _reason(whole, self._names) or ("" if span else NOT_AS_READ)
        line = values["digest"].lineno
        return Occurrence(line, whole, None, reason) if reason or not span else Occurrence(line, whole, Place(*span))

    def _whole(self, node: ast.Constant) -> Iterator[Occurrence]:
        value = str(node.value)
        span = self._span(node)
        occurrence = occurrence_in(value, span[0] if span else 0, node.lineno, self._names)
        if occurrence is None:
            return
        if id(node) in self._made:
            occurrence = Occurrence(node.lineno, value, None, TEMPLATE)
        elif id(node) in self._built:
            occurrence = Occurrence(node.lineno, value, None, BUILT_OR_PUSHED)
        elif occurrence.place and (span is None or ":" in occurrence.place.before):
            occurrence = Occurrence(node.lineno, value, None, NO_TAG if span else NOT_AS_READ)
        yield occurrence

    def _span(self, node: ast.expr) -> tuple[int, int] | None:
        """Returns where the text of a string stands; `None` if it is written in another way than it reads."""
        value = _text_of(node) or ""
        end = self._index(node.end_lineno or node.lineno, node.end_col_offset or 0)
        start = self._index(node.lineno, node.col_offset)
        written = self._text[start:end]
        return (start + 1, end - 1) if written in (f'"{value}"', f"'{value}'") else None

    def _index(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1][:column].decode("utf-8", "surrogatepass"))


def _text_of(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _reason(image: str, names: Matcher) -> str:
    found = why_skipped(image, names)
    return found if isinstance(found, str) else found[0]
