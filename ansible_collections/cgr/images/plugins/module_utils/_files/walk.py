# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which files are meant by the paths and patterns that were given."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Iterable, Iterator, Sequence, Union

from .._resolver.errors import InvalidArgument, redact
from .formats import PATTERNS

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]

IGNORED_FOLDERS = frozenset([".git", ".hg", ".svn", ".tox", ".venv", ".terraform", "node_modules", "__pycache__"])
"""Folders that hold what others wrote; they are not looked into."""


@dataclass(frozen=True)
class WalkedFile:
    """A file: the path by which it is known to the user, and the one it really has; or why it is not looked at."""

    path: str
    real: str
    refusal: str = ""


def files_in(paths: Paths, patterns: Sequence[str] | None = None) -> Iterator[WalkedFile]:
    """Yields each file once, in a fixed order.

    Args:
        paths: one or several; files, which are taken as they are, and folders, in which files are looked for.
        patterns: which files of a folder are taken, such as `*.yaml` for a name or `deploy/*.yaml` for a path from the
            folder on; by default `PATTERNS`.

    A symbolic link leads on only as far as it stays in one of the paths.

    Raises:
        InvalidArgument: there is no such path.
    """
    given = [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    if not given:
        raise InvalidArgument("paths is empty: name at least one file or folder.")
    for path in given:
        if not os.path.exists(path):
            raise InvalidArgument(f"paths: there is no {redact(path)}. Check its spelling.")
    walk = _Walk([os.path.realpath(path) for path in given], tuple(patterns or PATTERNS))
    for path in given:
        yield from walk.below(path)


class _Walk:
    def __init__(self, roots: list[str], patterns: tuple[str, ...]) -> None:
        self._roots = roots
        self._patterns = patterns
        self._seen: set[str] = set()

    def below(self, path: str) -> Iterator[WalkedFile]:
        if os.path.isdir(path):
            yield from self._folder(path, "")
        elif stat.S_ISREG(os.stat(path).st_mode):
            yield from self._once(path)
        else:
            yield WalkedFile(path, path, "is neither a file nor a folder")

    def _folder(self, path: str, within: str) -> Iterator[WalkedFile]:
        real = os.path.realpath(path)
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            entries = sorted(os.listdir(path))
        except OSError as error:
            yield WalkedFile(path, path, f"cannot be read: {error.strerror}")
            return
        for name in entries:
            yield from self._entry(
                name if path == os.curdir else os.path.join(path, name), f"{within}/{name}" if within else name
            )

    def _entry(self, path: str, within: str) -> Iterator[WalkedFile]:
        try:
            mode = os.stat(path).st_mode
        except OSError:  # a link that leads nowhere
            return
        name = os.path.basename(path)
        is_folder = stat.S_ISDIR(mode) and name not in IGNORED_FOLDERS
        is_file = stat.S_ISREG(mode) and any(fnmatchcase(name, p) or fnmatchcase(within, p) for p in self._patterns)
        if not is_folder and not is_file:
            return
        if os.path.islink(path) and not self._is_inside(os.path.realpath(path)):
            yield WalkedFile(path, path, "is a symbolic link that leads out of the paths given, and was not followed")
        elif is_folder:
            yield from self._folder(path, within)
        else:
            yield from self._once(path)

    def _once(self, path: str) -> Iterator[WalkedFile]:
        real = os.path.realpath(path)
        if real not in self._seen:
            self._seen.add(real)
            yield WalkedFile(path, real)

    def _is_inside(self, real: str) -> bool:
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in self._roots)
