# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Spots: where an image stands in a file, and which characters there belong to its digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

from .._resolver.errors import InvalidImage
from .._resolver.model.grammar import is_digest
from .._resolver.model.reference import DEFAULT_TAG
from .matcher import Matcher

DIGEST_ALONE = "it is pinned by its digest alone, so there is no tag to look up"
TEMPLATE = "a template makes a part of it"
NO_TAG = "no tag is written here, and what another place would add is not known; write the tag"
NOT_AS_READ = "it is written in another way than it reads, such as with escapes or over several lines"

_TEMPLATES = ("{{", "{%", "<%", "$", "%{")


class Unreadable(ValueError):
    """A file cannot be read as what its name says; the message goes on behind the name of the file."""


@dataclass(frozen=True)
class Place:
    """Where the digest belongs: `before` and the digest are to stand in place of the characters from `start` to `end`.

    `bare` is for fields that hold the hexadecimal digits alone.
    """

    start: int
    end: int
    before: str = ""
    bare: bool = False

    def written(self, digest: str) -> str:
        """Returns what is to stand there."""
        return self.before + (digest.partition(":")[2] if self.bare else digest)


@dataclass(frozen=True)
class Occurrence:
    """An image in a file.

    Attributes:
        line: the line it begins in, counted from 1.
        image: the reference in one piece, with its digest if it has one.
        place: where its digest belongs; `None` for one that is to be left as it is.
        reason: why it is left.
    """

    line: int
    image: str
    place: Place | None = None
    reason: str = ""

    @property
    def without_digest(self) -> str:
        """The image without its digest."""
        return self.image.partition("@")[0]

    @property
    def asked(self) -> str:
        """The image to look up, with its tag even where none is written."""
        has_tag = ":" in self.without_digest.rpartition("/")[2]
        return self.without_digest if has_tag else f"{self.without_digest}:{DEFAULT_TAG}"

    @property
    def digest(self) -> str | None:
        """The digest that it is pinned to."""
        digest = self.image.partition("@")[2]
        return digest if is_digest(digest) else None


def occurrence_in(text: str, start: int, line: int, names: Matcher) -> Occurrence | None:
    """Returns the spot of a reference that stands in one piece.

    Args:
        text: the reference as it is written.
        start: where it begins in its file.
        line: the line of that.
        names: which ones are ours.

    Returns:
        The spot, or `None` for what is none of ours.
    """
    if not names.begin(text):
        return Occurrence(line, text, None, TEMPLATE) if names.may_be_in(text) and is_template(text) else None
    left = why_skipped(text, names)
    if left:
        return Occurrence(line, " ".join(text.split()), None, left)
    end = start + len(text)
    without_digest, at_sign, digest = text.partition("@")
    if at_sign:
        return Occurrence(line, text, Place(end - len(digest), end))
    has_tag = names.read(text).repository != without_digest
    return Occurrence(line, text, Place(end, end, "@" if has_tag else f":{DEFAULT_TAG}@"))


def why_skipped(image: str, names: Matcher) -> str:
    """Says why an image cannot be pinned; nothing if it can."""
    if is_template(image):
        return TEMPLATE
    try:
        reference = names.read(image)
    except InvalidImage as error:
        return str(error)
    return DIGEST_ALONE if reference.tag is None else ""


def is_template(text: str) -> bool:
    """Whether something else than the text itself says what a part of it is."""
    return any(sign in text for sign in _TEMPLATES)


def with_digests(text: str, edits: Mapping[Place, str]) -> str:
    """Returns a text with digests in their places; nothing else in it is changed."""
    pieces: list[str] = []
    done = 0
    for place, digest in sorted(edits.items(), key=lambda edit: edit[0].start):
        pieces += [text[done : place.start], place.written(digest)]
        done = place.end
    return "".join([*pieces, text[done:]])


def in_order(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Returns spots as they come in their file."""
    return sorted(
        occurrences, key=lambda occurrence: (occurrence.line, occurrence.place.start if occurrence.place else 0)
    )
