# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images merge`, and whether git uses it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import Annotated

import typer

from ..lockfile.store import merge_files
from .output import say

DRIVER = "cgr-images merge %O %A %B"
_NO_DRIVER = ("", "unspecified", "unset", "set", "text", "binary", "union")

Base = Annotated[str, typer.Argument(metavar="BASE", help="The lock from which both sides were made: git's `%O`.")]
Ours = Annotated[
    str, typer.Argument(metavar="OURS", help="The lock of our side, which becomes the result: git's `%A`.")
]
Theirs = Annotated[str, typer.Argument(metavar="THEIRS", help="The lock of the other side: git's `%B`.")]


def merge(base: Base, ours: Ours, theirs: Theirs) -> None:
    """Merges two changes of a lock, as git's merge driver: `git config merge.cgr-lock.driver "cgr-images merge %O %A %B"`.

    Then `cgr.lock.json merge=cgr-lock` in `.gitattributes`. Conflicts stay between git's conflict markers, and the exit
    status is 1; `cgr-images lock` then resolves it.
    """
    conflicts = merge_files(base, ours, theirs)
    for conflict in conflicts:
        say(str(conflict))
    if conflicts:
        say("the lock file has conflict markers now. Resolve them: cgr-images lock")
        raise typer.Exit(1)


def missing_driver(path: str) -> str:
    """Says that git is asked to merge a lock file by a driver which this clone does not have; an empty text if all is well.

    Args:
        path: the lock file.
    """
    folder, name = os.path.split(os.path.realpath(path))
    attribute = _git(folder, "check-attr", "merge", "--", name).rpartition(": ")[2]
    if attribute in _NO_DRIVER or _git(folder, "config", "--get", f"merge.{attribute}.driver"):
        return ""
    command = shlex.join(["git", "config", f"merge.{attribute}.driver", DRIVER])
    return (
        f"{path}: .gitattributes names the merge driver {attribute}, which this clone does not have, so git merges the lock"
        f" as text. Add it: {command}"
    )


def _git(folder: str, *arguments: str) -> str:
    """Returns what git prints; nothing if it fails, or is not installed."""
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        done = subprocess.run([git, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
