# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which files are meant by the paths and patterns that were given."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterable, Iterator, Sequence, Union

from .._resolver.errors import InvalidArgument, MissingDependency
from .._resolver.redaction import redact
from .formats import is_looked_at
from .gitignore import Ignored, ignored_in, is_work_tree

Paths = Union[str, "os.PathLike[str]", Iterable[Union[str, "os.PathLike[str]"]]]

SKIPPED_FOLDERS = frozenset([".git", ".hg", ".svn", ".tox", ".venv", ".terraform", "node_modules", "__pycache__"])
"""Folders that hold what others wrote; they are not looked into."""


@dataclass(frozen=True)
class WalkedFile:
    """A file to read, or why it is not read.

    Attributes:
        path: the path by which it is known to the user.
        real: the one it really has; empty text if it is not read.
        is_named: whether it was named itself, rather than found in a folder.
        refusal: why it is not read; empty text if it is.
    """

    path: str
    real: str = ""
    is_named: bool = False
    refusal: str = ""


@dataclass(frozen=True)
class Selection:
    """Which files are read.

    Attributes:
        paths: files, which are taken as they are, and folders, in which files are looked for.
        patterns: which files of a folder are taken, such as `*.yaml` for a name or `deploy/*.yaml` for a path from the
            folder on; by default those of all formats.
        exclude: which files and folders are not, in the same form; named ones, too.
        gitignore: whether files that git ignores are left out; named ones never are.
    """

    paths: Paths
    patterns: Sequence[str] | None = None
    exclude: Sequence[str] | None = None
    gitignore: bool = True


@dataclass
class Walk:
    """The files of a selection: iterate over them once, and see `warnings` afterwards.

    A symbolic link leads on only as far as it stays in one of the paths.
    """

    selection: Selection
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._given = _checked(self.selection)
        self._roots = [os.path.realpath(path) for path in self._given]
        self._seen: set[str] = set()

    def __iter__(self) -> Iterator[WalkedFile]:
        """Yields each file once, in a fixed order."""
        for path in self._given:
            yield from self._named(path)

    def _named(self, path: str) -> Iterator[WalkedFile]:
        if os.path.isdir(path):
            yield from self._folder(path)
        elif self._is_excluded(os.path.basename(path), path):
            return
        elif stat.S_ISREG(os.stat(path).st_mode):
            yield from self._once(path, is_named=True)
        else:
            yield WalkedFile(path, refusal="is neither a file nor a folder")

    def _folder(self, path: str, within: str = "", ignored: _Scope | None = None) -> Iterator[WalkedFile]:
        real = os.path.realpath(path)
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            entries = sorted(os.listdir(path))
        except OSError as error:
            yield WalkedFile(path, refusal=f"cannot be read: {error.strerror}")
            return
        if ignored is None or is_work_tree(path):
            ignored = self._ignored(path, within)
        for name in entries:
            full = name if path == os.curdir else os.path.join(path, name)
            yield from self._entry(full, f"{within}/{name}" if within else name, ignored)

    def _entry(self, path: str, within: str, ignored: _Scope) -> Iterator[WalkedFile]:
        try:
            mode = os.stat(path).st_mode
        except OSError:  # a link that leads nowhere
            return
        name = os.path.basename(path)
        is_folder = stat.S_ISDIR(mode) and name not in SKIPPED_FOLDERS
        is_file = stat.S_ISREG(mode) and self._is_taken(name, within)
        if not (is_folder or is_file) or self._is_excluded(name, within) or ignored(within, is_folder):
            return
        if os.path.islink(path) and not self._is_inside(os.path.realpath(path)):
            refusal = "is a symbolic link that leads out of the paths given, and was not followed"
            yield WalkedFile(path, refusal=refusal)
        elif is_folder:
            yield from self._folder(path, within, ignored)
        else:
            yield from self._once(path)

    def _once(self, path: str, is_named: bool = False) -> Iterator[WalkedFile]:
        real = os.path.realpath(path)
        if real not in self._seen:
            self._seen.add(real)
            yield WalkedFile(path, real, is_named)

    def _is_taken(self, name: str, within: str) -> bool:
        if self.selection.patterns:
            return _fits(name, within, self.selection.patterns)
        return is_looked_at(name)

    def _is_excluded(self, name: str, within: str) -> bool:
        return _fits(name, within, self.selection.exclude or ())

    def _is_inside(self, real: str) -> bool:
        return any(Path(real).is_relative_to(root) for root in self._roots)

    def _ignored(self, folder: str, within: str) -> _Scope:
        """Returns what git ignores below a folder; nothing, with a warning, if that cannot be known."""
        if not self.selection.gitignore:
            return _Scope()
        try:
            return _Scope(within and f"{within}/", ignored_in(folder))
        except MissingDependency as error:
            self.warnings.append(str(error))
            return _Scope()


@dataclass(frozen=True)
class _Scope:
    """The ignored paths below a folder: how they begin, and the rules, which know paths from the folder on."""

    prefix: str = ""
    ignored: Ignored | None = None

    def __call__(self, within: str, is_folder: bool) -> bool:
        if self.ignored is None:
            return False
        return self.ignored(within.removeprefix(self.prefix), is_folder)


def _checked(selection: Selection) -> list[str]:
    """Returns the paths of a selection.

    Raises:
        InvalidArgument: no path is given, a path is empty or does not exist, or a pattern is empty.
    """
    paths = selection.paths
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not given:
        raise InvalidArgument("paths is empty: name at least one file or folder.")
    if not all(path is not None and os.fspath(path).strip() for path in given):
        raise InvalidArgument("paths holds an empty path: name a file or a folder, such as '.' for this one.")
    for name, patterns in (("patterns", selection.patterns), ("exclude_patterns", selection.exclude)):
        if not all(pattern and pattern.strip() for pattern in patterns or ()):
            raise InvalidArgument(f"{name} holds an empty pattern: write one such as '*.yaml', or leave it out.")
    found = [os.fspath(path) for path in given]
    for path in found:
        if not os.path.exists(path):
            raise InvalidArgument(f"paths: {redact(path)} does not exist. Check its spelling.")
    return found


def _fits(name: str, within: str, patterns: Iterable[str]) -> bool:
    """Whether a name, or a path from its folder on, fits one of some patterns."""
    # A shell completes a folder to ./deploy/.
    within, fitting = within.removeprefix("./"), [each.rstrip("/").removeprefix("./") for each in patterns]
    return any(fnmatchcase(name, each) or fnmatchcase(within, each) for each in fitting)
