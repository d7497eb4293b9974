# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Reading files for the images in them.  What a file holds is let go as soon as it was looked at."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Sequence

from .._resolver.errors import InvalidArgument
from . import edit as write
from .edit import NotWritten, Version
from .formats import format_of
from .ignored import without_ignored
from .matcher import Matcher
from .occurrence import Occurrence, Unreadable
from .report import Problem
from .template import images_in_template, is_template
from .walk import Paths, Selection, Walk, WalkedFile

_NOT_PLAIN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class ScannedFile:
    """A file with images of ours in it.

    Attributes:
        path: the path by which the user knows it.
        real: the one it really has.
        version: what was read.
        spots: the images, in their order.
    """

    path: str
    real: str
    version: Version
    occurrences: tuple[Occurrence, ...]


@dataclass
class ScanResult:
    """The images in some files.

    Attributes:
        files: the files that hold some of ours.
        problems: the files that could not be looked at, and why.
        looked_at: how many files were looked at.
        paths: the files that were looked at, by the paths by which the user knows them.
        warnings: what the user should know about the choice of files.
    """

    files: list[ScannedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    looked_at: int = 0
    paths: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def scan(
    paths: Paths,
    patterns: Sequence[str] | None = None,
    names: Matcher | None = None,
    *,
    exclude_patterns: Sequence[str] | None = None,
    gitignore: bool = True,
) -> ScanResult:
    """Finds all images of ours in files; those that are skipped, too.

    Args:
        paths: files, and folders in which files are looked for.
        patterns: which files of a folder (see `walk.Selection`).
        names: which images are ours; by default those of cgr.dev.
        exclude_patterns: which files and folders are left out (see `walk.Selection`).
        gitignore: whether files that git ignores are left out.

    Raises:
        InvalidArgument: a path does not exist or is empty.
        MissingDependency: there is a YAML file, and PyYAML is not installed.
    """
    found = ScanResult()
    names = names or Matcher()
    walk = Walk(Selection(paths, patterns, exclude_patterns, gitignore))
    for target in walk:
        found.looked_at += 1
        found.paths.append(target.path)
        try:
            read = _read(target, names)
        except (NotWritten, Unreadable) as error:
            found.problems.append(Problem(_shown(target.path), None, str(error)))
            continue
        if read.occurrences:
            found.files.append(read)
    found.warnings = list(dict.fromkeys(walk.warnings))
    return found


def scan_text(text: str, name: str, names: Matcher, path: str) -> ScannedFile:
    """Finds all images of ours in a text, such as standard input.

    Args:
        text: the content of a file.
        name: a file name that says how to read it, such as `Dockerfile` or `a.yaml`; if it is empty, the content does.
        names: which images are ours.
        path: what messages call the text.

    Raises:
        InvalidArgument: it cannot be read as what its name says.
        MissingDependency: it is YAML, and PyYAML is not installed.
    """
    try:
        found = without_ignored(text, format_of(name, text).find(text, names)) if names.may_be_in(text) else []
    except Unreadable as error:
        raise InvalidArgument(f"{path} {error}.", "paths") from error
    return ScannedFile(path, path, Version(b"", ()), tuple(found))


def text_of(content: bytes) -> str:
    """Returns the text of a file.

    Raises:
        Unreadable: it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8: byte {error.start} is not") from error


def _read(target: WalkedFile, names: Matcher) -> ScannedFile:
    if target.refusal:
        raise Unreadable(target.refusal)
    content, version = write.read(target.real)
    text = text_of(content)
    # A file that cannot hold any is not worth a parser, nor a word if it is broken.
    occurrences = _occurrences(target, text, names) if names.may_be_in(text) else []
    if occurrences and _NOT_PLAIN.search(target.path):
        raise Unreadable("has a name with control characters, or one that is not UTF-8; rename it")
    return ScannedFile(target.path, target.real, version, tuple(occurrences))


def _occurrences(target: WalkedFile, text: str, names: Matcher) -> list[Occurrence]:
    try:
        found = format_of(os.path.basename(target.path), text).find(text, names)
    except Unreadable:
        if target.is_named or not is_template(text):
            raise
        found = images_in_template(text, names)
    return without_ignored(text, found)


def _shown(path: str) -> str:
    """Returns a path as it can be printed and kept in JSON."""
    return _NOT_PLAIN.sub(lambda found: repr(found.group())[1:-1], path)
