# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""HCL as it is written: the texts in quotes and in here-documents, each with the block and the attribute that hold it.

The rules are those of the HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md), "Lexical Elements" and
"Template Expressions".  A library would give values; what is to be changed is a place in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterator

from ..occurrence import Unreadable

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
    |<<(?P<indented>-?)(?P<heredoc>[^\W\d][\w-]*)[ \t]*\r?\n
    |(?P<quote>")
    |(?P<name>[^\W\d][\w-]*)
    |(?P<comparison>==|!=|<=|>=|=>)
    |(?P<open>[{\[(])|(?P<close>[}\])])|(?P<assigns>[=:])|(?P<ends>[\n,])""",
    re.VERBOSE | re.DOTALL,
)
# Inside quotes: text up to the closing quote or an interpolation.  $${ and %%{ are escapes of ${ and %{.
_PLAIN = re.compile(r'(?:[^"\\$%\n]|\\.|\$\$\{|%%\{|[$%](?!\{))+')
_CLOSES = {"{": "}", "[": "]", "(": ")"}
_DEEPEST = 200


@dataclass
class Block:
    """A block: its type, its labels, and the types of the blocks in it."""

    type: str
    labels: tuple[str, ...] = ()
    children: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Literal:
    """A text in quotes or in a here-document; what is interpolated is a part of it.

    Attributes:
        start: where it begins, behind the quote.
        end: where it ends, before the quote.
        attribute: the name of the attribute that holds it, or of an object's key; empty text if none does.
        blocks: the blocks it is in, the outermost first.
        is_heredoc: whether it is a here-document.
    """

    start: int
    end: int
    attribute: str
    blocks: tuple[Block, ...]
    is_heredoc: bool = False


def literals(text: str) -> list[Literal]:
    """Returns the texts in HCL, in order, without the labels of blocks.

    Raises:
        Unreadable: it is not HCL.
    """
    return list(_Reader(text).body(None, (), "", 0))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def body(self, opened: str | None, blocks: tuple[Block, ...], attribute: str, depth: int) -> Iterator[Literal]:
        """Reads up to the bracket that closes what was opened: a file, a block, an object, a list or an argument list."""
        self._check(depth)
        held_by, names, labels = attribute, list[str](), list[str]()
        while self._at < len(self._text):
            token = _TOKEN.match(self._text, self._at)
            self._at = token.end() if token else self._at + 1
            if token is None or token["comment"] or token["comparison"]:
                continue
            if token["close"]:
                self._close(opened, token["close"])
                return
            if token["ends"]:
                attribute, names, labels = held_by, [], []
            elif token["name"]:
                names.append(token["name"])
            elif token["assigns"] and (names or labels):
                attribute, names, labels = (names or labels)[-1], [], []
            elif token["quote"] or token["heredoc"]:
                literal = self._literal(token, attribute, blocks, depth)
                labels.append(self._text[literal.start : literal.end])
                if attribute or opened in ("[", "("):
                    yield literal
            elif token["open"]:
                yield from self._opened(token["open"], blocks, attribute, (names, labels), depth)
        if opened:
            raise Unreadable(f"is not HCL: {opened!r} is not closed")

    def _opened(
        self, bracket: str, blocks: tuple[Block, ...], attribute: str, head: tuple[list[str], list[str]], depth: int
    ) -> Iterator[Literal]:
        names, labels = head
        if bracket == "{" and names and not attribute:
            if blocks:
                blocks[-1].children.add(names[0])
            blocks = (*blocks, Block(names[0], (*names[1:], *labels)))
        yield from self.body(bracket, blocks, attribute, depth + 1)

    def _close(self, opened: str | None, bracket: str) -> None:
        if bracket != _CLOSES.get(opened or ""):
            line = self._text.count("\n", 0, self._at) + 1
            raise Unreadable(f"is not HCL: {bracket!r} closes nothing in line {line}")

    def _literal(self, token: re.Match[str], attribute: str, blocks: tuple[Block, ...], depth: int) -> Literal:
        start = self._at
        name = token["heredoc"]
        end = self._end_of_heredoc(name) if name else self._end_of_quotes(depth)
        return Literal(start, end, attribute, blocks, bool(name))

    def _end_of_heredoc(self, name: str) -> int:
        found = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*\r?$", re.MULTILINE).search(self._text, self._at)
        if found is None:
            raise Unreadable(f"is not HCL: the here-document {name} does not end")
        self._at = found.end()
        return found.start()

    def _end_of_quotes(self, depth: int) -> int:
        """Goes behind the closing quote, and returns where it is."""
        self._check(depth)
        while True:
            plain = _PLAIN.match(self._text, self._at)
            self._at = plain.end() if plain else self._at
            following = self._text[self._at : self._at + 2]
            if following[:1] == '"':
                self._at += 1
                return self._at - 1
            if following not in ("${", "%{"):
                line = self._text.count("\n", 0, self._at) + 1
                raise Unreadable(f"is not HCL: a quote is not closed in line {line}")
            self._at += 2
            for _literal in self.body("{", (), "", depth + 1):
                pass  # what is interpolated is a part of the text around it

    def _check(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unreadable("is not HCL: it is nested too deep")
