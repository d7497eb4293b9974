# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The files that git ignores in a work tree.

Git itself answers: it knows the user's own excludes, and that a tracked file is never ignored.  Without git, the library
pathspec reads the `.gitignore` files (https://git-scm.com/docs/gitignore).
"""

from __future__ import annotations

import os
import subprocess  # nosec
from typing import Any, Iterator, Protocol

from .._resolver.errors import MissingDependency

_SECONDS = 60
# Ignored files and folders below the working directory; a repository's own programs are not run.
_COMMAND = (
    *("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"),
    *("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
)


class Ignored(Protocol):
    """Says whether a path in a folder is ignored."""

    def __call__(self, within: str, is_folder: bool) -> bool:
        """Whether a file or folder is ignored, by its path from the folder on."""


def ignored_in(folder: str) -> Ignored:
    """Returns what git ignores in a folder; nothing if that is in no work tree, or is ignored itself.

    Raises:
        MissingDependency: there is neither git nor pathspec.
    """
    folder = os.path.realpath(folder)
    top = _work_tree(folder)
    if top is None:
        return _nothing
    found = _by_git(folder)
    return _by_pathspec(top, folder) if found is None else found


def is_work_tree(folder: str) -> bool:
    """Whether a folder is the top of a work tree."""
    return os.path.lexists(os.path.join(folder, ".git"))


def _work_tree(folder: str) -> str | None:
    return next((above for above in _folders_above(folder) if is_work_tree(above)), None)


def _folders_above(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _nothing(within: str, is_folder: bool) -> bool:
    return False


def _by_git(folder: str) -> Ignored | None:
    """Asks git; returns `None` if git is not installed or does not answer."""
    # Inside a hook, these variables may name another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments  # pylint: disable=ansible-bad-function
            _COMMAND, cwd=folder, env=environment, capture_output=True, check=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    names = {os.fsdecode(name).rstrip("/") for name in done.stdout.split(b"\0") if name}
    return _nothing if "." in names else lambda within, is_folder: within in names


def _by_pathspec(top: str, folder: str) -> Ignored:
    rules = _Rules(top, _pathspec())
    inside = os.path.relpath(folder, top).replace(os.sep, "/")
    parts = [] if inside == "." else inside.split("/")
    if any(rules.ignores("/".join(parts[:end]), True) for end in range(1, len(parts) + 1)):
        return _nothing
    prefix = f"{inside}/" if parts else ""
    return lambda within, is_folder: rules.ignores(prefix + within, is_folder)


class _Rules:
    """The rules of a work tree: a `.gitignore` deeper in it wins."""

    def __init__(self, top: str, pathspec: Any) -> None:
        self._top = top
        self._pathspec = pathspec
        self._known: dict[str, Any] = {}

    def ignores(self, path: str, is_folder: bool) -> bool:
        asked = path + "/" * is_folder
        for folder in _prefixes(path):
            spec = self._spec(folder)
            answer = None if spec is None else spec.check_file(asked[len(folder) :].lstrip("/")).include
            if answer is not None:
                return bool(answer)
        return False

    def _spec(self, folder: str) -> Any:
        if folder not in self._known:
            files = [".gitignore"] if folder else [".git/info/exclude", ".gitignore"]
            lines = [line for file in files for line in _lines(os.path.join(self._top, folder, file))]
            self._known[folder] = self._pathspec.GitIgnoreSpec.from_lines(lines) if lines else None
        return self._known[folder]


def _prefixes(path: str) -> Iterator[str]:
    """Yields the folders that a path is in, the deepest first, the top as empty text."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _pathspec() -> Any:
    try:
        import pathspec
    except ImportError as error:
        raise MissingDependency(
            "The files that .gitignore names are not left out: neither git nor the Python library pathspec is installed here."
        ) from error
    return pathspec
