# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in text that is read line by line: Makefiles, shell scripts, `.env` files, Earthfiles, quadlets, …"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Iterator

from ..matcher import Matcher
from ..occurrence import Occurrence, Parsed, in_order, with_target
from .references import ONLY_A_PART, occurrence_of, references_in
from .usage import Variables, why_target_skipped

# A comment begins where a word does: the "#" in $# and in a URL does not.
_COMMENT = re.compile(r"(?:^|\s)#")
NO_COMMENT = re.compile(r"(?!)")


@dataclass(frozen=True)
class Dialect:
    """The peculiarities of a kind of text.

    Attributes:
        comment: where a comment begins in a line.
        latest: what stands before an image whose missing tag means `latest`; by default nothing does.
        skipped: says why nothing in a text is pinned; the empty text if nothing prevents it.
    """

    comment: re.Pattern[str] = _COMMENT
    latest: re.Pattern[str] = NO_COMMENT
    skipped: Callable[[str], str] = lambda _text: ""


@dataclass(frozen=True)
class Line:
    """A line without its end and its comment, where it begins in the text, and its number, counted from 1."""

    text: str
    start: int
    number: int


def images_in_text(text: str, names: Matcher, dialect: Dialect) -> list[Occurrence]:
    """Finds the images in a text, in their order; comments are not read."""
    lines = [line for line in lines_of(text, dialect.comment) if names.may_be_in(line.text)]
    variables = Variables(text)
    found = [occurrence for line in lines for occurrence in _in_line(line, names, dialect, variables)]
    reason = dialect.skipped(text)
    return in_order(Occurrence(each.line, each.image, None, reason) if reason else each for each in found)


def parsed_lines(text: str) -> Iterator[Parsed]:
    """Yields the lines of a text, for the check of what is written; the path of a line is its number."""
    return (Parsed(number, line) for number, line in enumerate(text.split("\n"), 1))


def registry_alone(value: str, names: Matcher, line: int = 0) -> Occurrence | None:
    """Returns the occurrence of a registry of ours without an image, which is skipped; `None` if a value is something else."""
    is_registry = not names.begin(value) and names.begin(f"{value.rstrip('/')}/")
    return Occurrence(line, value, None, ONLY_A_PART) if is_registry else None


def lines_of(text: str, comment: re.Pattern[str]) -> Iterator[Line]:
    """Yields the lines of a text without their comments."""
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        yield Line(_without_comment(line.rstrip("\r"), comment), start, number)
        start += len(line) + 1


def _without_comment(line: str, comment: re.Pattern[str]) -> str:
    """Cuts a line where its comment begins; inside of quotes none does."""
    for found in comment.finditer(line):
        before = line[: found.end() - 1]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
    return line


def _in_line(line: Line, names: Matcher, dialect: Dialect, variables: Variables) -> Iterator[Occurrence]:
    alone = registry_alone(variables.registry_in(line.text), names, line.number)
    if alone:
        yield alone
    for found in references_in(line.text, names):
        before = line.text[: found.start]
        reason = why_target_skipped(before, line.text[found.end :], variables)
        is_latest = bool(dialect.latest.search(before))
        occurrence = occurrence_of(line.text, found, line.start, line.number, names, reason, is_latest)
        if occurrence:
            yield with_target(occurrence, parsed_lines, line.number, line.start)
