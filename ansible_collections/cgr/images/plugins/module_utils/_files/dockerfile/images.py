# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where images stand in a Dockerfile: in FROM, in the ARG defaults that a FROM uses, and in `--from=` of COPY and RUN."""

from __future__ import annotations

import re
from typing import Iterator

from ..matcher import Matcher
from ..occurrence import Occurrence, in_order, occurrence_in
from .source import Instruction, Word, instructions

OVER_LINES = "it is written over several lines"
USED_IN_PARTS = "another image is made with it, so that a digest here would break that"

_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
_WHOLE_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MOUNT = "--mount="
_FROM = "--from="


def images_in_dockerfile(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a text, in their order."""
    found = list(instructions(text))
    stages = next((number for number, each in enumerate(found) if each.name == "FROM"), len(found))
    defaults = [word for each in found[:stages] if each.name == "ARG" for word in each.words if "=" in word.text]
    words = list(_images(found))
    whole, in_parts = _uses(found, defaults)
    occurrences = [_spot(word, names) for word in words]
    for default in defaults:
        name, _equals, value = default.text.partition("=")
        if name in whole:
            occurrence = _spot(default.part(len(default.text) - len(value)).unquoted(), names)
            if occurrence and occurrence.place and name in in_parts:
                occurrence = Occurrence(occurrence.line, occurrence.image, None, USED_IN_PARTS)
            occurrences.append(occurrence)
    return in_order(occurrence for occurrence in occurrences if occurrence)


def _images(found: list[Instruction]) -> Iterator[Word]:
    for instruction in found:
        if instruction.name == "FROM":
            image = _image_of_from(instruction)
            if image:
                yield image
        elif instruction.name in ("COPY", "RUN"):
            yield from _sources(instruction)


def _image_of_from(instruction: Instruction) -> Word | None:
    return next((word.unquoted() for word in instruction.words if not word.text.startswith("--")), None)


def _sources(instruction: Instruction) -> Iterator[Word]:
    for word in instruction.words:
        if not word.text.startswith("--"):
            return
        if instruction.name == "COPY" and word.text.startswith(_FROM):
            yield word.part(len(_FROM)).unquoted()
        if instruction.name == "RUN" and word.text.startswith(_MOUNT):
            for option in re.finditer(r"(?:[=,])from=([^,]+)", word.text):
                yield word.part(option.start(1), option.end(1))


def _uses(found: list[Instruction], defaults: list[Word]) -> tuple[set[str], set[str]]:
    """Returns the variables that are the whole image of a FROM, and those with which a part of something is made."""
    whole: set[str] = set()
    in_parts: set[str] = set()
    values = [default.part(default.text.index("=") + 1).unquoted() for default in defaults]
    froms = [each for each in found if each.name == "FROM"]
    images = [image for image in map(_image_of_from, froms) if image]
    for image in images:
        variable = _WHOLE_VARIABLE.fullmatch(image.text)
        if variable:
            whole.add(variable[1] or variable[2])
        else:
            in_parts |= _variables(image.text)
    for value in values:
        in_parts |= _variables(value.text)
    return whole, in_parts


def _variables(text: str) -> set[str]:
    return {variable[1] or variable[2] for variable in _VARIABLE.finditer(text)}


def _spot(word: Word, names: Matcher) -> Occurrence | None:
    if not word.places:
        return None
    occurrence = occurrence_in(word.text, word.places[0], word.line, names)
    if occurrence and occurrence.place and not word.is_in_one_piece:
        return Occurrence(occurrence.line, occurrence.image, None, OVER_LINES)
    return occurrence
