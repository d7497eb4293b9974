# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The variables that `ARG` gives to the `FROM` of a Dockerfile, and what these make of an image.

The rules are those of BuildKit's shell lexer (moby/buildkit, frontend/dockerfile/shell): `$X`, `${X}`, `${X:-default}` and
`${X-default}`.  The other modifiers are not followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable

from .source import Instruction, Word

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?-)([^{}]*))?\})")
_NOT_FOLLOWED = re.compile(r"[$\\\"']")
# Longer than any image.  Arguments that are made of each other grow exponentially.
_LONGEST = 10_000
_USED = re.compile(r"\$\{?(\w+)")


@dataclass(frozen=True)
class Expanded:
    """A word with its variables replaced: each character with its place, the variables, and whether all of them are known."""

    word: Word
    used: frozenset[str]
    is_complete: bool


class Arguments:
    """The variables declared before the first `FROM`, by their names, with their defaults."""

    def __init__(self, instructions: Iterable[Instruction]) -> None:
        self._values: dict[str, Expanded] = {}
        for instruction in instructions:
            if instruction.name == "FROM":
                break
            for word in instruction.words if instruction.name == "ARG" else ():
                name, equals, value = word.text.partition("=")
                if equals:
                    self._values[name] = self.expand(word.part(len(word.text) - len(value)).unquoted())

    def expand(self, word: Word) -> Expanded:
        """Replaces the variables in a word."""
        pieces: list[Expanded] = []
        done = 0
        for found in _VARIABLE.finditer(word.text):
            pieces += [_literal(word.part(done, found.start())), self._value(word, found)]
            done = found.end()
        pieces.append(_literal(word.part(done)))
        if sum(len(piece.word.text) for piece in pieces) > _LONGEST:
            return Expanded(word, frozenset(variables_in(word.text)), False)
        text = "".join(piece.word.text for piece in pieces)
        places = tuple(place for piece in pieces for place in piece.word.places)
        used = frozenset(name for piece in pieces for name in piece.used)
        return Expanded(Word(text, word.line, places), used, all(piece.is_complete for piece in pieces))

    def _value(self, word: Word, found: re.Match[str]) -> Expanded:
        name = found[1] or found[2]
        value = self._values.get(name)
        if found[3] and (value is None or (found[3] == ":-" and not value.word.text)):
            value = self.expand(word.part(*found.span(4)))
        if value is None:
            return Expanded(word.part(*found.span()), frozenset([name]), False)
        return Expanded(value.word, value.used | {name}, value.is_complete)


def variables_in(text: str) -> set[str]:
    """Returns the names of the variables in a text."""
    return set(_USED.findall(text))


def _literal(word: Word) -> Expanded:
    return Expanded(word, frozenset(), not _NOT_FOLLOWED.search(word.text))
