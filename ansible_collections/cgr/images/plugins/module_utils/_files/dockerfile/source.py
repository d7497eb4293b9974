# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The instructions of a Dockerfile, each with the place of every character of it.

The rules are those of BuildKit's parser (moby/buildkit, frontend/dockerfile/parser): parser directives, comments, lines that
are continued, here-documents.  Libraries give lines only, and what is to be changed is less than a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator

from ..._resolver.redaction import redact
from ..occurrence import Parsed, Unreadable
from .heredoc import Heredoc, heredocs_in

_DIRECTIVE = re.compile(r"\s*#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.*?)[ \t]*")
_KNOWN = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR"
)
_WITH_HEREDOC = ("RUN", "COPY", "ADD")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Word:
    """A word of an instruction, and the position of each of its characters in the file."""

    text: str
    line: int
    places: tuple[int, ...]

    def part(self, start: int, end: int | None = None) -> Word:
        """Returns a part of the word."""
        return Word(self.text[start:end], self.line, self.places[start:end])

    def unquoted(self) -> Word:
        """Returns the word without the quotes around it."""
        is_quoted = len(self.text) > 1 and self.text[0] == self.text[-1] and self.text[0] in "\"'"
        return self.part(1, -1) if is_quoted else self

    @property
    def is_in_one_piece(self) -> bool:
        """Whether it is not continued in another line."""
        return not self.places or self.places[-1] - self.places[0] == len(self.places) - 1


@dataclass(frozen=True)
class Instruction:
    """An instruction: its name in upper case, the words behind it, and the lines of its here-documents.

    A parser directive is one, too; its name is that of the directive, in lower case.
    """

    name: str
    words: tuple[Word, ...]
    lines: tuple[Word, ...] = ()


def instructions(text: str) -> Iterator[Instruction]:
    """Yields the instructions of a Dockerfile.

    Raises:
        Unreadable: it is not a Dockerfile.
    """
    lines = _Lines(text)
    escape = "\\"
    for directive in _directives(lines):
        if directive.name == "escape" and directive.words and directive.words[0].text in ("\\", "`"):
            escape = directive.words[0].text
        yield directive
    while lines.more():
        characters = _logical_line(lines, escape)
        written = "".join(character for character, _place, _line in characters)
        words = [_word(characters, match) for match in _WORD.finditer(written)]
        if words and words[0].text.upper() == "ONBUILD":
            del words[0]
        if not words:
            continue
        name = words[0].text.upper()
        if not _KNOWN.fullmatch(name):
            raise Unreadable(
                f"is not a Dockerfile: line {words[0].line} begins with {redact(words[0].text)}, which is not an instruction"
            )
        heredocs = heredocs_in(written) if name in _WITH_HEREDOC and "<<" in written else []
        held = [line for heredoc in heredocs for line in lines.take_heredoc(heredoc)]
        yield Instruction(name, tuple(words[1:]), tuple(held))


def is_dockerfile(text: str) -> bool:
    """Whether a text of unknown kind is a Dockerfile: it begins with `FROM`, or with `ARG` and then `FROM`."""
    try:
        names = [each.name for each in instructions(text) if each.name.isupper()]
    except Unreadable:
        return False
    return next((name for name in names if name != "ARG"), "") == "FROM"


def parsed_dockerfile(text: str) -> Iterator[Parsed]:
    """Yields the words of a Dockerfile, for the check of what is written; the path of a word is where it begins.

    Raises:
        Unreadable: it is not a Dockerfile.
    """
    for instruction in instructions(text):
        yield Parsed(None, "", instruction.name)
        for word in (*instruction.words, *instruction.lines):
            yield Parsed(word.places[0] if word.places else None, word.text, "word")


class _Lines:
    """The lines of a text, without their ends, one after another."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 1 if text.startswith("\ufeff") else 0
        self.number = 1

    def more(self) -> bool:
        return self.at < len(self._text)

    def peek(self) -> str:
        end = self._text.find("\n", self.at)
        return self._text[self.at : len(self._text) if end < 0 else end].rstrip("\r")

    def take(self) -> tuple[str, int, int]:
        """Returns the next line, where it begins, and its number."""
        line, start, number = self.peek(), self.at, self.number
        end = self._text.find("\n", self.at)
        self.at = len(self._text) if end < 0 else end + 1
        self.number += 1
        return line, start, number

    def take_heredoc(self, heredoc: Heredoc) -> Iterator[Word]:
        """Yields the lines of a here-document, and goes behind its end."""
        first = self.number - 1
        while self.more():
            line, start, number = self.take()
            if (line.lstrip("\t") if heredoc.without_tabs else line) == heredoc.end:
                return
            yield Word(line, number, tuple(range(start, start + len(line))))
        raise Unreadable(f"is not a Dockerfile: the here-document {redact(heredoc.end)} of line {first} does not end")


def _directives(lines: _Lines) -> Iterator[Instruction]:
    """Yields the parser directives at the top."""
    while lines.more():
        directive = _DIRECTIVE.fullmatch(lines.peek())
        if directive is None:
            return
        _line, start, number = lines.take()
        begin, end = directive.span(2)
        value = Word(directive[2], number, tuple(range(start + begin, start + end)))
        yield Instruction(directive[1].lower(), (value,) if directive[2] else ())


def _logical_line(lines: _Lines, escape: str) -> list[tuple[str, int, int]]:
    """Reads a line and those that continue it, without comments: characters, their places and lines."""
    characters: list[tuple[str, int, int]] = []
    is_continued = True
    while is_continued and lines.more():
        line, start, number = lines.take()
        stripped = line.strip()
        if stripped.startswith("#") or (characters and not stripped):
            is_continued = bool(characters)
            continue
        kept = line.rstrip(" \t")
        is_continued = kept.endswith(escape) and not kept.endswith(2 * escape)
        kept = kept[:-1] if is_continued else line
        characters += [(character, start + offset, number) for offset, character in enumerate(kept)]
    return characters


def _word(characters: list[tuple[str, int, int]], match: re.Match[str]) -> Word:
    taken = characters[match.start() : match.end()]
    return Word(match.group(), taken[0][2], tuple(place for _character, place, _line in taken))
