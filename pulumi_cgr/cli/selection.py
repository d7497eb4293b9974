# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The options that say which files are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import typer

from .._bridge import PARTS
from ..resolver import InvalidArgument

_DIGEST = re.compile(r"sha(?:256|512):")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{64,}")

Patterns = Annotated[
    list[str] | None,
    typer.Option(
        "--pattern",
        metavar="PATTERN",
        help="Which files of the folders are read, as shell patterns for a name, such as `*.yaml`, or for a path from the folder"
        " on, such as `deploy/*.yaml`. May be given several times. By default the files of all formats that are read.",
    ),
]
ExcludePatterns = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Which files and folders are left out, as shell patterns like those of `--pattern`. May be given several times.",
    ),
]
NoIgnore = Annotated[
    bool, typer.Option("--no-ignore", help="Read files that git ignores, too. Files that are named are always read.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN|DIGEST",
        help="Which files and folders are left out, as shell patterns like those of `--pattern`; or, of what begins with"
        f" `sha256:`: {next(part.text for part in PARTS if part.name == 'exclude')} May be given several times.",
    ),
]


def patterns_and_digests(exclude: Iterable[str] | None) -> tuple[list[str], list[str]]:
    """Sorts what `--exclude` is given: patterns for files, and digests.

    Raises:
        InvalidArgument: it is the digits of a digest alone.
    """
    given = list(exclude or ())
    for each in given:
        if _HEXADECIMAL.fullmatch(each):
            raise InvalidArgument(
                f"--exclude {each} is neither a pattern nor a digest; a digest begins with 'sha256:'."
            )
    digests = [each for each in given if _DIGEST.match(each)]
    return [each for each in given if each not in digests], digests
