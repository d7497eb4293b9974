# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Occurrences: where an image is in a file, and which characters there belong to its digest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Callable, Hashable, Iterable, Iterator, Mapping, NamedTuple

from .._resolver.errors import InvalidImage
from .._resolver.model.grammar import is_digest
from .._resolver.model.reference import DEFAULT_TAG
from .matcher import Matcher

DIGEST_ALONE = "it is pinned by its digest alone, without a tag to look up"
TEMPLATE = "a template makes a part of it"
NO_TAG = "no tag is written here, and what another place would add is not known; write the tag"
NOT_AS_READ = "it is written in another way than it reads, such as with escapes or over several lines"

MALFORMED, QUESTION = "malformed", "question"
"""Values of `Occurrence.code`: the reference is malformed; or it is not deployed from here, but looked up from here."""

_TEMPLATES = ("{{", "{%", "<%", "$", "%{")


class Unreadable(ValueError):
    """A file cannot be read as what its name says; the message goes on behind the name of the file."""


@dataclass(frozen=True)
class Place:
    """The place of the digest: `before`, the digest and `after` replace the characters from `start` to `end`.

    `bare` is for fields that hold the hexadecimal digits alone.
    """

    start: int
    end: int
    before: str = ""
    bare: bool = False
    after: str = ""

    def written(self, digest: str) -> str:
        """Returns what is to stand there."""
        return self.before + (digest.partition(":")[2] if self.bare else digest) + self.after


class Parsed(NamedTuple):
    """A value of a file as the parser of its format reads it.

    Attributes:
        path: what names the value in its file, such as the keys that lead to it, or its position.
        text: the text it holds; empty where it holds something else, or nothing.
        kind: whatever else there is to compare, such as its key and its type.
    """

    path: Hashable
    text: str
    kind: Hashable = None


Parser = Callable[[str], Iterator[Parsed]]
"""Reads a text and yields all that it says, always in the same order; raises `Unreadable`."""


@dataclass(frozen=True)
class Target:
    """The value that a digest changes, for the check of what is written (see `verify`).

    Attributes:
        parser: reads the file.
        path: names the value among those that the parser yields.
        place: which characters of the value's text are replaced.
        inner: the value of the text that this value holds, where that has a format of its own.
    """

    parser: Parser
    path: Hashable
    place: Place
    inner: Target | None = None


@dataclass(frozen=True)
class Occurrence:
    """An image in a file.

    Attributes:
        line: the line that changes with its digest, or in which it begins, counted from 1.
        image: the reference in one piece, with its digest if it has one.
        place: where its digest belongs; `None` for one that is skipped.
        reason: why it is skipped.
        code: `MALFORMED` or `QUESTION`, where one of these is why.
        target: the value that changes with its digest; `None` for one that is skipped.
        note: what the user should know about a digest in this place.
        first_line: the line in which it begins, where it is in several; 0 where it is in one.
    """

    line: int
    image: str
    place: Place | None = None
    reason: str = ""
    code: str = ""
    target: Target | None = None
    note: str = ""
    first_line: int = field(default=0, compare=False)

    @property
    def without_digest(self) -> str:
        """The image without its digest."""
        return self.image.partition("@")[0]

    @property
    def asked(self) -> str:
        """The image to look up, always with a tag."""
        return self.without_digest if has_tag(self.without_digest) else f"{self.without_digest}:{DEFAULT_TAG}"

    @property
    def digest(self) -> str | None:
        """The digest that it is pinned to."""
        digest = self.image.partition("@")[2]
        return digest if is_digest(digest) else None


def occurrence_in(text: str, start: int, line: int, names: Matcher) -> Occurrence | None:
    """Returns the occurrence of a reference that is written in one piece.

    Args:
        text: the reference as it is written.
        start: where it begins in its file.
        line: the line of that.
        names: which ones are ours.

    Returns:
        The occurrence; `None` if it is not an image of ours.
    """
    if not names.begin(text):
        return skipped(line, text, TEMPLATE) if names.may_be_in(text) and is_template(text) else None
    reason, code = why_skipped(text, names)
    if reason:
        return skipped(line, text, reason, code)
    end = start + len(text)
    _without_digest, at_sign, digest = text.partition("@")
    if at_sign:
        return Occurrence(line, text, Place(end - len(digest), end))
    return Occurrence(line, text, Place(end, end, "@" if has_tag(text) else f":{DEFAULT_TAG}@"))


def skipped(line: int, image: str, reason: str, code: str = "") -> Occurrence:
    """Returns the occurrence of an image that is skipped, its texts on one line each."""
    return Occurrence(line, " ".join(image.split()), None, " ".join(reason.split()), code)


def why_skipped(image: str, names: Matcher) -> tuple[str, str]:
    """Says why an image cannot be pinned: the reason and its code; nothing if it can."""
    if is_template(image):
        return TEMPLATE, ""
    try:
        reference = names.read(image)
    except InvalidImage as error:
        return str(error), MALFORMED
    return (DIGEST_ALONE if reference.tag is None else ""), ""


def is_template(text: str) -> bool:
    """Whether something else than the text itself says what a part of it is."""
    return any(sign in text for sign in _TEMPLATES)


def has_tag(image: str) -> bool:
    """Whether a tag or a digest is written in an image."""
    return "@" in image or ":" in image.rpartition("/")[2]


def with_target(occurrence: Occurrence, parser: Parser, path: Hashable, start: int) -> Occurrence:
    """Returns an occurrence with its target, which it has for the check of what is written.

    Args:
        occurrence: an image in a value of a file.
        parser: reads the file.
        path: names the value among those that the parser yields.
        start: where the text of the value begins in the file.
    """
    if occurrence.place is None:
        return occurrence
    return replace(occurrence, target=Target(parser, path, shifted(occurrence.place, -start), occurrence.target))


def shifted(place: Place, by: int) -> Place:
    """Returns a place as many characters further on."""
    return replace(place, start=place.start + by, end=place.end + by)


def with_digests(text: str, edits: Mapping[Place, str]) -> str:
    """Returns a text with digests in their places; nothing else in it is changed."""
    pieces: list[str] = []
    done = 0
    for place, digest in sorted(edits.items(), key=lambda edit: edit[0].start):
        pieces += [text[done : place.start], place.written(digest)]
        done = place.end
    return "".join([*pieces, text[done:]])


def in_order(occurrences: Iterable[Occurrence]) -> list[Occurrence]:
    """Returns occurrences as they come in their file."""
    return sorted(
        occurrences, key=lambda occurrence: (occurrence.line, occurrence.place.start if occurrence.place else 0)
    )
