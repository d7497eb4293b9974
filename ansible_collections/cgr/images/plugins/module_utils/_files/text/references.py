# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Image references inside text of no particular format, such as a command line or a value in quotes.

A reference that is whole, with a tag, is an image wherever it stands.  One without a tag is skipped, unless the format says
that no tag means `latest`; so is one that a variable makes a part of, and one that names what is built or pushed.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple

from ..matcher import Matcher
from ..occurrence import NO_TAG, TEMPLATE, Occurrence, occurrence_in

ONLY_A_PART = "only a part of an image is written here; write the image in one piece, with its tag"

# The characters of a reference: OCI distribution specification, "Pulling manifests".
_REFERENCE = re.compile(r"[A-Za-z0-9._/:@-]+")
_PUNCTUATION = ".-:/@_"
_PART_OF_A_WORD = re.compile(r"[A-Za-z0-9._@/-]")
_SCHEME = re.compile(r"(?:docker|docker-image|docker-daemon)://$")
_DEFAULT = re.compile(r"\$\{\w+:?-$")  # ${IMAGE:-cgr.dev/…}
# What makes a part of the word before or behind a reference: $(X), ${X}, $X, {{ x }}, <% x %>, %{x}, `x`, %s, * and ?.
_VARIABLE_BEHIND = re.compile(r"\$|\{|<%|%[A-Za-z({]|`|[*?+\[]|\\(?![\\\"'nrt]|\r?\n\s)")
_VARIABLE_BEFORE = re.compile(r"(?:\)|\}|`|\$\w+)/?$")
_REST_OF_WORD = re.compile(r"[^\s\"',;]*")
_LONGEST_BEFORE = 64


class Found(NamedTuple):
    """A reference in a text: where it begins and ends, and whether variables make a part of it."""

    start: int
    end: int
    is_template: bool


def references_in(text: str, names: Matcher) -> Iterator[Found]:
    """Yields the places of our references in a text, in order."""
    done = 0
    for start in names.starts(text):
        match = _REFERENCE.match(text, start) if start >= done and _begins(text, start) else None
        if match is None:
            continue
        done = match.end()
        if _is_template(text, start, done):
            rest = _REST_OF_WORD.match(text, done)
            yield Found(start, rest.end() if rest else done, True)
        else:
            end = start + len(match.group().rstrip(_PUNCTUATION))
            if names.begin(text[start:end]):
                yield Found(start, end, False)


def occurrence_of(
    text: str, found: Found, offset: int, line: int, names: Matcher, reason: str = "", is_latest: bool = False
) -> Occurrence | None:
    """Returns the occurrence of a reference.

    Args:
        text: the text that holds it.
        found: where in the text.
        offset: where the text begins in its file.
        line: the line of the reference.
        names: which ones are ours.
        reason: why it is skipped, if it is known already.
        is_latest: whether no tag means `latest` there.
    """
    image = text[found.start : found.end]
    if found.is_template:
        return Occurrence(line, image, None, TEMPLATE)
    has_tag = "@" in image or ":" in image.rpartition("/")[2]
    if not has_tag and "/" not in image.partition("/")[2]:
        return Occurrence(line, image, None, ONLY_A_PART)
    occurrence = occurrence_in(image, offset + found.start, line, names)
    if occurrence is None or occurrence.place is None:
        return occurrence
    left = reason or ("" if has_tag or is_latest else NO_TAG)
    return Occurrence(line, image, None, left) if left else occurrence


def _begins(text: str, start: int) -> bool:
    """Whether a word begins at a place, rather than the middle of another name, or of a URL."""
    if start == 0 or not _PART_OF_A_WORD.match(text[start - 1]):
        return True
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    return bool(_SCHEME.search(before) or _DEFAULT.search(before) or _VARIABLE_BEFORE.search(before))


def _is_template(text: str, start: int, end: int) -> bool:
    """Whether variables make up a part of the word that contains a reference."""
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    if _VARIABLE_BEFORE.search(before) or _VARIABLE_BEHIND.match(text, end):
        return True
    behind = text[end : end + _LONGEST_BEFORE].lstrip("}")
    return bool(_DEFAULT.search(before)) and bool(_REFERENCE.match(behind) or behind.startswith("$"))
