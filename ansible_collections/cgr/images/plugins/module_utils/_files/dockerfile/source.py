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

from ..._resolver.errors import redact
from ..occurrence import Unreadable

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.*?)[ \t]*")
_HEREDOC = re.compile(r"""(?<!\S)[0-9]*<<(-?)["']?([^\s<"']+)["']?(?!\S)""")
_QUOTED = re.compile(r"""(?<!<)(?<!<-)(["'])(?:(?!\1).)*\1""")
_KNOWN = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR"
)
_WITH_HEREDOC = ("RUN", "COPY", "ADD")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Word:
    """A word of an instruction, and where each of its characters stands in the file."""

    text: str
    line: int
    places: tuple[int, ...]

    def part(self, start: int, end: int | None = None) -> Word:
        """Returns a part of the word."""
        return Word(self.text[start:end], self.line, self.places[start:end])

    def unquoted(self) -> Word:
        """Returns the word without the quotes around it."""
        redact = len(self.text) > 1 and self.text[0] == self.text[-1] and self.text[0] in "\"'"
        return self.part(1, -1) if redact else self

    @property
    def is_in_one_piece(self) -> bool:
        """Whether it is not continued in another line."""
        return not self.places or self.places[-1] - self.places[0] == len(self.places) - 1


@dataclass(frozen=True)
class Instruction:
    """An instruction: its name in upper case, and the words behind it."""

    name: str
    words: tuple[Word, ...]


def instructions(text: str) -> Iterator[Instruction]:
    """Yields the instructions of a Dockerfile.

    Raises:
        Unreadable: it is none.
    """
    lines = _Lines(text)
    escape = _escape(lines)
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
                f"is no Dockerfile: there is no instruction {redact(words[0].text)}, in line {words[0].line}"
            )
        yield Instruction(name, tuple(words[1:]))
        if name in _WITH_HEREDOC:
            for tabs, end in _HEREDOC.findall(_QUOTED.sub("", written)):
                lines.skip_heredoc(end, bool(tabs))


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

    def skip_heredoc(self, end: str, without_tabs: bool) -> None:
        first = self.number - 1
        while self.more():
            line, _start, _number = self.take()
            if (line.lstrip("\t") if without_tabs else line) == end:
                return
        raise Unreadable(f"is no Dockerfile: the here-document {redact(end)} of line {first} has no end")


def _escape(lines: _Lines) -> str:
    """Reads the directives at the top, and returns the character that continues a line."""
    escape = "\\"
    while lines.more():
        directive = _DIRECTIVE.fullmatch(lines.peek().strip())
        if directive is None:
            break
        if directive[1].lower() == "escape" and directive[2] in ("\\", "`"):
            escape = directive[2]
        lines.take()
    return escape


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
