# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The here-documents that an instruction of a Dockerfile begins, as BuildKit's parser finds them (`heredocsFromLine`)."""

from __future__ import annotations

import re
from typing import NamedTuple

_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")
# A word as a shell reads it: quotes hold spaces, and a backslash takes its meaning from the next character.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\])""", re.DOTALL)


class Heredoc(NamedTuple):
    """A here-document: the line that ends it, and whether tabs before that are skipped."""

    end: str
    without_tabs: bool


def heredocs_in(line: str) -> list[Heredoc]:
    """Returns the here-documents that begin in a line, in order; none where a quote in it is not closed."""
    words = [found.group() for found in _WORD.finditer(line)]
    if "".join(words) != "".join(line.split()) and _has_open_quote(line):
        return []
    found = [_HEREDOC.fullmatch(word) for word in words]
    return [Heredoc(_unquoted(each[2]), bool(each[1])) for each in found if each]


def _has_open_quote(line: str) -> bool:
    return bool(_WORD.sub("", line).strip())


def _unquoted(word: str) -> str:
    return _PIECE.sub(lambda piece: next(part for part in piece.groups() if part is not None), word)
