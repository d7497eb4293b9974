# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The order of the versions of apk packages, in which `apk version -t` compares them.  Pure.

Source: apk-package(5), "version": `number{.number}...{letter}{_suffix{number}}...{~hash}{-r#}`, with the suffixes in the order
alpha, beta, pre, rc, none, cvs, svn, git, hg, p; and the comparison of apk-tools 3 (`apk_version_compare`) where the page does
not say it: a number with a leading zero, except the first one, is compared as text, and of two versions that are equal up to
the end of one, the longer one is later, unless it goes on with a suffix before a release, or is not a version.
"""

from __future__ import annotations

import re
from typing import Iterator, Tuple

Key = Tuple[Tuple[int, int, str], ...]

_BEFORE_RELEASE = ("alpha", "beta", "pre", "rc")
_SUFFIXES = (*_BEFORE_RELEASE, "", "cvs", "svn", "git", "hg", "p")

# The parts in the order in which they may follow each other.
_NUMBER = re.compile(r"\.?([0-9]+)")
_LETTER = re.compile(r"[a-z]")
_SUFFIX = re.compile(r"_([a-z]+)")
_SUFFIX_NUMBER = re.compile(r"[0-9]+")
_HASH = re.compile(r"~([0-9a-f]+)")
_REVISION = re.compile(r"-r([0-9]+)")

# How a version goes on where another one that is equal up to here goes on differently, or ends: the earlier one first.
_PRE, _MALFORMED, _END, _REV, _COMMIT, _COUNT, _POST, _ALPHABETIC, _DOTTED, _FIRST = range(10)


def version_key(version: str) -> Key:
    """Returns a key by which versions sort as apk sorts them; equal for versions that apk takes for equal.

    Args:
        version: the version, such as `8.21.0-r2`; of one that is malformed, only what is before the error counts.
    """
    return tuple(_parts(version))


def is_downgrade(old: str, new: str) -> bool:
    """Whether a version is earlier than another one that it replaces."""
    return version_key(new) < version_key(old)


def _parts(version: str) -> Iterator[tuple[int, int, str]]:
    first = re.match(r"[0-9]+", version)
    if first is None:
        yield _MALFORMED, 0, ""
        return
    yield _FIRST, int(first[0]), ""
    place = first.end()
    while found := _NUMBER.match(version, place):
        has_zero = found[1].startswith("0")
        yield _DOTTED, 0 if has_zero else int(found[1]), found[1] if has_zero else ""
        place = found.end()
    if found := _LETTER.match(version, place):
        yield _ALPHABETIC, 0, found[0]
        place = found.end()
    while (found := _SUFFIX.match(version, place)) and found[1] in _SUFFIXES:
        yield _PRE if found[1] in _BEFORE_RELEASE else _POST, _SUFFIXES.index(found[1]), ""
        place = found.end()
        if found := _SUFFIX_NUMBER.match(version, place):
            yield _COUNT, int(found[0]), ""
            place = found.end()
    for kind, pattern in ((_COMMIT, _HASH), (_REV, _REVISION)):
        if found := pattern.match(version, place):
            yield kind, int(found[1]) if kind == _REV else 0, found[1] if kind == _COMMIT else ""
            place = found.end()
    yield _END if place == len(version) else _MALFORMED, 0, ""
