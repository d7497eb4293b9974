# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images lock`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from .._bridge import Query, RuleArguments, lock_key
from ..changes import Difference, Pair, compare_pairs
from ..lockfile.store import read
from ..lockfile.update import Change, FileUses, lock_images, remove, update_all
from ..lockfile.uses import STDIN
from ..resolver import InvalidArgument, Resolver
from . import options, uses
from .decorators import takes_resolver, takes_rule
from .differences import warnings_of
from .lock_path import lock_of
from .lock_report import report_changes
from .output import bar, say, warn
from .selection import Exclude, NoIgnore, Patterns, patterns_and_digests

if TYPE_CHECKING:
    from ..files import ScanResult

Images = Annotated[
    list[str] | None,
    typer.Argument(metavar="[IMAGE]…", help="The images to add. With `--upgrade`, those to update; by default all."),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--files",
        metavar="PATH",
        help="Files and folders, as for `pin`, or `-` for standard input: the images in them are added, and the lock records"
        " which files use them. May be given several times.",
    ),
]
Upgrade = Annotated[
    bool,
    typer.Option(
        "--upgrade", help="Update images that are in the lock: those that are named or in the files, or else all."
    ),
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune",
        help="Take out what files used and none of `--files` uses any more. Images that were locked by name stay.",
    ),
]
PruneAll = Annotated[
    bool,
    typer.Option("--prune-all", help="Take out everything that `--files` do not use, even what was locked by name."),
]


@takes_rule("current", "stale_after", "exclude", "details")
@takes_resolver()
def lock(
    images: Images = None,
    files: Files = None,
    patterns: Patterns = None,
    upgrade: Upgrade = False,
    exclude: Exclude = None,
    no_ignore: NoIgnore = False,
    prune: Prune = False,
    prune_all: PruneAll = False,
    packages: options.Packages = False,
    lock_file: options.LockFile = None,
    *,
    rule: RuleArguments,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Adds images to the lock file: those that are named, and those in files. With `--upgrade`, updates them.

    There is an entry for each image and rule. Named images have the rule that is given; so do those in files, or if none is
    given, their own in the lock. All images are resolved first, then the file is written once. Entries in which git left a
    conflict are resolved anew, without what either side rolled back from.
    """
    _reject_contradictions(images, files, upgrade, prune, prune_all)
    path = lock_of(lock_file)
    before = read(path)
    if not (images or files or upgrade or prune_all or before.had_markers):
        raise InvalidArgument(
            "name the images to lock, or files with --files. To update what is locked, use --upgrade.", "images"
        )
    exclude_patterns, digests = patterns_and_digests(exclude)
    if digests:
        rule["exclude"] = digests
    found = uses.scan_files(files, resolver, patterns, exclude_patterns, no_ignore) if files else None
    if found:
        _report_scan(found, prune or prune_all)
    used = uses.uses_of(found, resolver, before.with_ours(), rule, os.path.dirname(path)) if found else None
    if prune_all:
        changes = remove(path, used or FileUses())
    else:
        named = [resolver.parse_query(image, **rule) for image in images or []]
        changes = _lock(path, resolver, named, used, upgrade, prune)
        warn(_other_builds(named, changes))
    differences = _differences(changes, resolver, rule.get("signed")) if packages else ()
    warn(warnings_of(differences))
    report_changes(path, changes, as_json, differences)
    if found and found.problems:
        raise typer.Exit(1)


def _reject_contradictions(
    images: list[str] | None, files: list[str] | None, upgrade: bool, prune: bool, prune_all: bool
) -> None:
    if prune and not files:
        raise InvalidArgument("--prune needs --files: name all the files that use the lock.", "prune")
    if prune_all and (images or upgrade or prune):
        raise InvalidArgument("--prune-all cannot be combined with images, --upgrade or --prune.", "prune_all")


def _lock(
    path: str, resolver: Resolver, named: list[Query], used: FileUses | None, upgrade: bool, prune: bool
) -> tuple[Change, ...]:
    with bar("Looking up", "images") as progress:
        if upgrade and not named and used is None:
            return update_all(path, resolver, progress)
        # Nobody can look into standard input again, so what it uses is as good as named.
        named += [use.query for use in used.uses if use.file == STDIN and use.query.reference.tag] if used else []
        return lock_images(path, resolver, named, used, progress, upgrade=upgrade, pruned=prune)


def _other_builds(named: list[Query], changes: tuple[Change, ...]) -> Iterator[str]:
    """Yields a warning for each image that was named with a digest, if its rule chose another build."""
    locked = {change.after.key: change.after for change in changes if change.after}
    for query in named:
        entry, given = locked.get(lock_key(query)), query.reference.digest
        if entry and given and given not in (entry.digest, entry.index):
            yield (
                f"{entry.image} is locked to {entry.digest}, which its rule chooses, and not to {given}, which was given."
                " To go back to an earlier build, use cgr-images rollback with --to."
            )


def _differences(changes: tuple[Change, ...], resolver: Resolver, signed: bool | None) -> tuple[Difference, ...]:
    """Returns what the new pins bring, compared with those before them."""
    both = [(change.before, change.after) for change in changes]
    pairs = [
        Pair(new.image, old.index_digest, new.index_digest, signed or new.rule.get("signed"))
        for old, new in both
        if old and new
    ]
    with bar("Reading the builds"):
        return compare_pairs(resolver, pairs)


def _report_scan(found: ScanResult, is_prune: bool) -> None:
    for problem in found.problems:
        say(str(problem))
    if is_prune and found.problems:
        raise InvalidArgument("nothing is taken out while there are files that cannot be read.", "prune")
    warn(found.warnings if found.looked_at else [*found.warnings, uses.NO_FILE])
