# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Comments that say which images are not pinned: `cgr-images: ignore`.

Such a comment is in the line of an image or alone in the one above, or alone above the first line of a block that the image is
in, such as `image:` in YAML and `resource … {` in HCL.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator

from .occurrence import Occurrence, skipped
from .text.lines import LineNumbers

IGNORED = "a comment says to ignore it"

_SIGN = r"(?:\#|//|/\*|;|<!--|\{\#|\{\{-?\s*/\*)"
_COMMENT = re.compile(rf"(?:^|\s){_SIGN}\s*cgr-images:\s*ignore\b")
_COMMENT_ALONE = re.compile(rf"^\s*{_SIGN}\s*cgr-images:\s*ignore\b")


def without_ignored(text: str, occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Returns the images of a text; those that a comment says to ignore are skipped."""
    occurrences = list(occurrences)
    if "cgr-images:" not in text:
        return occurrences
    lines, numbers = text.split("\n"), LineNumbers(text)
    return [_ignored(each) if _is_ignored(each, lines, numbers) else each for each in occurrences]


def _ignored(occurrence: Occurrence) -> Occurrence:
    return skipped(occurrence.first_line or occurrence.line, occurrence.image, IGNORED)


def _is_ignored(occurrence: Occurrence, lines: list[str], numbers: LineNumbers) -> bool:
    at = {occurrence.line, occurrence.first_line or occurrence.line}
    if occurrence.place:
        at.add(numbers.of(occurrence.place.start))
    if any(_COMMENT.search(lines[line - 1]) for line in at):
        return True
    return any(
        _COMMENT_ALONE.match(lines[above - 2]) for line in at for above in (line, *_blocks(lines, line)) if above > 1
    )


def _blocks(lines: list[str], line: int) -> Iterator[int]:
    """Yields the first lines of the blocks that a line is in, by their indentation; the innermost comes first."""
    width = _indentation(lines[line - 1])
    for number in range(line - 1, 0, -1):
        text = lines[number - 1].rstrip()
        if text.strip() and _indentation(text) < width and not _COMMENT_ALONE.match(text):
            width = _indentation(text)
            if text.endswith((":", "{")):
                yield number
        if width == 0:
            return


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
