# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The check of every write: read again by the parser of its format, a file must say what it said, except for the digests."""

from __future__ import annotations

from itertools import zip_longest
from typing import Hashable, Mapping

from .edit import NotWritten
from .occurrence import Parser, Place, Target, Unreadable, with_digests

NOT_AS_INTENDED = "would not read as intended with its digests, and was not changed"

_Changes = dict[Hashable, dict[Target, str]]


def verify(before: str, after: str, digests: Mapping[Target, str]) -> None:
    """Checks that exactly the intended values of a text change, and each of them as intended.

    Args:
        before: the text as it is.
        after: the text as it is to be written.
        digests: the digest for each of the values that change.

    Raises:
        NotWritten: something else changes as well, or a value gets another text.
    """
    parsers: dict[Parser, _Changes] = {}
    for target, digest in digests.items():
        parsers.setdefault(target.parser, {}).setdefault(target.path, {})[target] = digest
    for parser, changes in parsers.items():
        try:
            changed = _changed(parser, before, after, changes)
        except Unreadable as error:
            raise NotWritten(f"{NOT_AS_INTENDED}: it {error}") from error
        if changed != len(changes):
            raise NotWritten(NOT_AS_INTENDED)


def _changed(parser: Parser, before: str, after: str, changes: _Changes) -> int:
    """Returns how many of the values that are to change do."""
    changed = 0
    for old, new in zip_longest(parser(before), parser(after)):
        if old is None or new is None or old.kind != new.kind:
            raise NotWritten(NOT_AS_INTENDED)
        intended = changes.get(old.path)
        if intended is not None:
            changed += 1
            _verify_value(old.text, new.text, intended)
        elif old.text != new.text:
            raise NotWritten(NOT_AS_INTENDED)
    return changed


def _verify_value(old: str, new: str, digests: Mapping[Target, str]) -> None:
    places: dict[Place, str] = {target.place: digest for target, digest in digests.items()}
    if new != with_digests(old, places):
        raise NotWritten(NOT_AS_INTENDED)
    verify(old, new, {target.inner: digest for target, digest in digests.items() if target.inner})
