# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Signs for encodings that lack those we draw with: ASCII, and the code pages of Windows.

Each sign is replaced by one other character, so that everything else stays in its column.  Only our own signs are replaced; what
comes from a user, such as the name of a file, is escaped.
"""

from __future__ import annotations

import codecs
import sys
from typing import TextIO

SIGNS = {
    "●": "•*",
    "↺": "@",
    "─": "-",
    "┊": ":",
    "▼": "v",
    "▲": "^",
    "╵": "'",
    "…": "~",
    "→": ">",
    "–": "-",
}
"""For each character the signs that may replace it, the best first; the last one is ASCII."""

_HANDLER = "cgr-signs"


def fit(text: str, stream: TextIO | None = None) -> str:
    """Returns text of ours with signs that a stream can encode; by default standard output."""
    encoding = (stream or sys.stdout).encoding or "utf-8"  # a stream in memory does not have one
    return "".join(_sign(character, encoding) if character in SIGNS else character for character in text)


def fit_help(*streams: TextIO | None) -> None:
    """Lets streams write signs for those that they cannot encode; for the help, which typer prints."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def _sign(character: str, encoding: str) -> str:
    for sign in character + SIGNS.get(character, ""):
        try:
            sign.encode(encoding)
        except UnicodeEncodeError:
            continue
        return sign
    return character.encode("ascii", "backslashreplace").decode()


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_sign(each, error.encoding) for each in error.object[error.start : error.end]), error.end


codecs.register_error(_HANDLER, _replace)
