# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in a Dockerfile: in FROM, in the ARG that it uses, in `--from=` of COPY and RUN, and in `# syntax=`.

An image of ours in any other place is skipped, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterable, Iterator

from ..matcher import Matcher
from ..occurrence import NO_TAG, TEMPLATE, Occurrence, Place, Target, in_order, occurrence_in
from ..text.lines import LineNumbers
from ..text.references import references_in
from ..text.usage import TAKEN_APART, Variables
from .arguments import Arguments, Expanded, variables_in
from .source import Instruction, Word, instructions, parsed_dockerfile

ELSEWHERE = "it does not stand where an image is expected"
OVER_LINES = "it is written over several lines"
USED_IN_PARTS = "another image is made with it, so that a digest here would break that"
USED_ELSEWHERE = (
    "the variable that holds its tag is used for something else in this file as well, which a digest would break"
)

_FROM = "--from="
_MOUNT = "--mount="


def images_in_dockerfile(text: str, names: Matcher) -> list[Occurrence]:
    """Finds the images in a text, in their order; the text may be that of `dockerfile_inline` and the like.

    Raises:
        Unreadable: it is not a Dockerfile.
    """
    found = _Images(text, names)
    return in_order(map(found.with_target, _each_once([*found.pinned(), *found.elsewhere()])))


class _Images:
    """The images of one Dockerfile."""

    def __init__(self, text: str, names: Matcher) -> None:
        self._names = names
        self._numbers = LineNumbers(text)
        self._variables = Variables(text)
        self._instructions = list(instructions(text))
        self._arguments = Arguments(self._instructions)
        froms = [word for each in self._instructions if each.name == "FROM" for word in _image_of_from(each)]
        self._defaults = [
            (word.text.partition("=")[0], word.places[0], word.places[-1] + 1)
            for each in self._instructions
            if each.name == "ARG"
            for word in each.words
        ]
        self._froms = [(word, self._arguments.expand(word)) for word in froms]

    def pinned(self) -> Iterator[Occurrence]:
        """Yields the images that stand where one is expected."""
        images = [(expanded, self._of_from(word, expanded)) for word, expanded in self._froms]
        for expanded, occurrence in images:
            if occurrence:
                yield self._checked(expanded, occurrence, images)
        for instruction in self._instructions:
            for word in _sources(instruction):
                yield from self._of_word(word)
            if instruction.name == "syntax":
                yield from map(_with_tag, self._of_word(instruction.words[0]) if instruction.words else ())
        yield from self._of_args()

    def with_target(self, occurrence: Occurrence) -> Occurrence:
        """Returns an occurrence with the word that its digest changes."""
        place = occurrence.place
        if place is None:
            return occurrence
        word = next(word for each in self._instructions for word in each.words if place.end - 1 in word.places)
        end = word.places.index(place.end - 1) + 1
        there = replace(place, start=end - (place.end - place.start), end=end)
        return replace(occurrence, target=Target(parsed_dockerfile, word.places[0], there))

    def elsewhere(self) -> Iterator[Occurrence]:
        """Yields what looks like an image of ours in any other place."""
        for instruction in self._instructions:
            if instruction.name not in ("FROM", "ARG", "syntax"):
                for word in (*_without_comment(instruction), *instruction.lines):
                    yield from self._elsewhere_in(word)

    def _elsewhere_in(self, word: Word) -> Iterator[Occurrence]:
        for found in references_in(word.text, self._names):
            image = word.text[found.start : found.end]
            if ":" in image.rpartition("/")[2] and not found.is_template:
                yield Occurrence(word.line, image, None, ELSEWHERE)

    def _of_word(self, word: Word) -> Iterator[Occurrence]:
        """Yields the image that a word is, if it is one of ours; variables in it are not replaced."""
        occurrence = occurrence_in(word.text, word.places[0], word.line, self._names) if word.places else None
        if occurrence:
            is_broken = occurrence.place is not None and not word.is_in_one_piece
            yield replace(occurrence, place=None, reason=OVER_LINES) if is_broken else occurrence

    def _of_from(self, word: Word, expanded: Expanded) -> Occurrence | None:
        """Returns the image that a FROM makes, if it is one of ours, with the place where its digest belongs."""
        image = expanded.word
        if not image.places or not self._names.may_be_in(image.text):
            return None
        if not expanded.is_complete:
            is_ours = self._names.begin(image.text) or self._names.may_be_in(word.text)
            return Occurrence(word.line, word.text, None, TEMPLATE) if is_ours else None
        occurrence = occurrence_in(image.text, 0, word.line, self._names)
        if occurrence is None or occurrence.place is None:
            return occurrence
        place = _place_in_file(word, expanded, occurrence.place)
        if place is None:
            return replace(occurrence, place=None, reason=TEMPLATE if expanded.used else OVER_LINES)
        return replace(occurrence, place=place, line=self._numbers.of(place.start), first_line=word.line)

    def _checked(
        self, expanded: Expanded, occurrence: Occurrence, images: list[tuple[Expanded, Occurrence | None]]
    ) -> Occurrence:
        """Skips an image if the variable that would hold its digest makes something else as well."""
        holder = self._holder(occurrence)
        if holder is None:
            return occurrence
        others = [other for used, other in images if holder in used.used]
        if any(other is None or (other.place, other.image) != (occurrence.place, occurrence.image) for other in others):
            return replace(occurrence, place=None, reason=USED_IN_PARTS)
        is_whole = len(expanded.used) == 1 and expanded.word.is_in_one_piece
        if not is_whole and self._is_used_elsewhere(holder):
            return replace(occurrence, place=None, reason=USED_ELSEWHERE)
        return occurrence

    def _of_args(self) -> Iterator[Occurrence]:
        """Yields the images that are defaults of ARG, except those that a FROM is made of."""
        used = {name for _word, expanded in self._froms for name in expanded.used}
        is_in_stage = False
        for instruction in self._instructions:
            is_in_stage = is_in_stage or instruction.name == "FROM"
            for word in instruction.words if instruction.name == "ARG" else ():
                name, equals, value = word.text.partition("=")
                if equals and (is_in_stage or name not in used):
                    reason = TAKEN_APART if self._variables.is_taken_apart(name) else ""
                    default = word.part(len(word.text) - len(value)).unquoted()
                    yield from (_with_tag(each, reason) for each in self._of_word(default))

    def _holder(self, occurrence: Occurrence) -> str | None:
        """Returns the name of the ARG that would hold a digest; `None` if FROM itself would."""
        if occurrence.place is None:
            return None
        at = occurrence.place.end
        return next((name for name, start, end in self._defaults if start < at <= end), None)

    def _is_used_elsewhere(self, name: str) -> bool:
        return any(
            name in variables_in(word.text)
            for each in self._instructions
            if each.name not in ("FROM", "ARG")
            for word in (*each.words, *each.lines)
        )


def _image_of_from(instruction: Instruction) -> list[Word]:
    return [word.unquoted() for word in instruction.words if not word.text.startswith("--")][:1]


def _without_comment(instruction: Instruction) -> Iterator[Word]:
    """Yields the words of an instruction that are neither `--from=` and the like, nor a comment of the shell."""
    for word in instruction.words:
        if instruction.name == "RUN" and word.text.startswith("#"):
            return
        if not (instruction.name in ("COPY", "RUN") and word.text.startswith((_FROM, _MOUNT))):
            yield word


def _is_variable(word: Word) -> bool:
    """Whether a word is one variable and nothing else."""
    return re.fullmatch(r"\$(?:\w+|\{\w+(?::?-[^{}]*)?\})", word.text) is not None


def _sources(instruction: Instruction) -> Iterator[Word]:
    for word in instruction.words:
        if not word.text.startswith("--"):
            return
        if instruction.name == "COPY" and word.text.startswith(_FROM):
            yield word.part(len(_FROM)).unquoted()
        if instruction.name == "RUN" and word.text.startswith(_MOUNT):
            for option in re.finditer(r"[=,\"']from=[\"']?([^,\"']+)", word.text):
                yield word.part(option.start(1), option.end(1))


def _place_in_file(word: Word, expanded: Expanded, place: Place) -> Place | None:
    """Returns where in the file a place of an image is; `None` if no digest can stand there.

    The tag and the digest must be in one piece, so that a variable set for the build replaces both, or neither.
    """
    image = expanded.word
    without_digest = image.text.partition("@")[0]
    tag = without_digest.rfind(":") + 1 if ":" in without_digest.rpartition("/")[2] else None
    if not (image.is_in_one_piece and (_is_variable(word) or not expanded.used)):
        if not expanded.used:
            return None
        piece = image.places[tag:] if tag else image.places[-1:]
        if piece[-1] - piece[0] != len(piece) - 1 or (tag is None and piece[0] not in word.places):
            return None
    if place.start == place.end:
        end = image.places[-1] + 1
        return Place(end, end, place.before)
    return Place(image.places[place.start], image.places[place.end - 1] + 1)


def _with_tag(occurrence: Occurrence, reason: str = "") -> Occurrence:
    """Skips an image for a reason, or because it would get the tag `latest`, where that is not known to be meant."""
    if occurrence.place and ":" in occurrence.place.before:
        return replace(occurrence, place=None, reason=NO_TAG)
    return replace(occurrence, place=None, reason=reason) if occurrence.place and reason else occurrence


def _each_once(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    found: dict[object, Occurrence] = {}
    for each in occurrences:
        found.setdefault(each.place or (each.line, each.image, each.reason), each)
    return list(found.values())
