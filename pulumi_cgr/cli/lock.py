# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images lock`, `rollback` and `merge`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from .._bridge import Entry, Lock, RuleArguments, read_lock, read_lock_if_there
from ..lockfile.update import Change, Use, lock_images, update_all
from ..lockfile.update import merge as merge_locks
from ..lockfile.update import prune as prune_lock
from ..lockfile.update import rollback as roll_back
from ..resolver import InvalidArgument
from . import options, uses
from .output import bar, print_json, say, show, warn
from .selection import Exclude, NoIgnore, Patterns, patterns_and_digests

Images = Annotated[
    list[str] | None,
    typer.Argument(metavar="[IMAGE]…", help="The images to add or to update; by default all that are in the lock."),
]
Image = Annotated[str, typer.Argument(metavar="IMAGE", help="The image, which must be in the lock.")]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--files",
        metavar="PATH",
        help="Files and folders, as of `pin`: the images in them are added or updated, and the lock says where they are used."
        " May be given several times.",
    ),
]
Prune = Annotated[bool, typer.Option("--prune", help="Take out what none of the `files` uses.")]
Builds = Annotated[int, typer.Option("--builds", metavar="NUMBER", min=1, help="How many builds to go back.")]
Base = Annotated[str, typer.Argument(metavar="BASE", help="The lock that both sides were made of: git's `%O`.")]
Ours = Annotated[
    str, typer.Argument(metavar="OURS", help="The lock of our side, which becomes the result: git's `%A`.")
]
Theirs = Annotated[str, typer.Argument(metavar="THEIRS", help="The lock of the other side: git's `%B`.")]


@options.takes_rule("current", "stale_after", "exclude")
def lock(
    images: Images = None,
    files: Files = None,
    patterns: Patterns = None,
    exclude: Exclude = None,
    no_ignore: NoIgnore = False,
    prune: Prune = False,
    lock_file: options.LockFile = None,
    *,
    rule: RuleArguments,
    registry_url: options.RegistryUrl = None,
    mirror: options.Mirror = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Adds images to the lock, or updates them: all that are in it, or those that are named.

    There is an entry for each image and rule. Named images have the rule that is given; those in files have it, too, or if none
    is given, their own of the lock. All the answers come first, then the lock is written once.
    """
    if prune and not files:
        raise InvalidArgument("--prune needs --files: name all the files that use the lock.")
    resolver = options.resolver_of(registry_url, mirror, verbose)
    path = options.lock_of(lock_file)
    before = read_lock_if_there(path) or Lock()
    exclude_patterns, digests = patterns_and_digests(exclude)
    rule = {**rule, "exclude": digests} if digests else rule
    found = uses.scan_files(files, resolver, patterns, exclude_patterns, no_ignore) if files else None
    warn(found.warnings if found else ())
    for problem in found.problems if found else ():
        say(str(problem))
    if prune and found and found.problems:
        raise InvalidArgument("--prune takes nothing out while there are files that cannot be read.")
    used = uses.uses_of(found, resolver, before, rule, os.path.dirname(path)) if found else None
    with bar("Looking up", "images") as progress:
        if images or files:
            queries = [resolver.parse_query(image, **rule) for image in images or []]
            tagged = _of_files(used)
            queries += [use.query for use in tagged or ()]
            changes = lock_images(path, resolver, queries, tagged, progress)
        else:
            changes = update_all(path, resolver, progress=progress)
    if prune and used is not None:
        changes = (*changes, *prune_lock(path, used))
    _report(path, changes, as_json)
    if found and found.problems:
        raise typer.Exit(1)


@options.takes_rule("current", "stale_after")
def rollback(
    locked: Image,
    builds: Builds = 1,
    lock_file: options.LockFile = None,
    *,
    rule: RuleArguments,
    registry_url: options.RegistryUrl = None,
    mirror: options.Mirror = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Goes back to an earlier build in the lock, and keeps the bad one out for good: no later update takes it again.

    The rule's options say which entry is meant, where the lock has several for the image.
    """
    resolver = options.resolver_of(registry_url, mirror, verbose)
    path = options.lock_of(lock_file)
    query = uses.own_rule(read_lock(path), locked, rule, resolver)
    _report(path, [roll_back(path, resolver, query, builds)], as_json)


def merge(base: Base, ours: Ours, theirs: Theirs) -> None:
    """Joins two changes of a lock, as git's merge driver: `git config merge.cgr-lock.driver "cgr-images merge %O %A %B"`.

    Then `cgr.lock.json merge=cgr-lock` in `.gitattributes`.
    """
    merge_locks(base, ours, theirs)


def _of_files(used: Sequence[Use] | None) -> Sequence[Use] | None:
    return None if used is None else [use for use in used if use.query.reference.tag]


def _report(path: str, changes: Sequence[Change], as_json: bool) -> None:
    if as_json:
        print_json({"lock": path, "changes": [_as_dict(change) for change in changes]})
        return
    told = [change for change in changes if change.is_change]
    lines = [line for change in told for line in _lines(change)]
    show(*lines, Text(f"{path}: {len(told)} changed, {len(changes) - len(told)} unchanged", "bold"))


def _lines(change: Change) -> list[Text]:
    status = _status(change)
    rule = f"  {change.entry.key.rule}" if change.entry.rule else ""
    head = Text.assemble(f"{change.entry.image}{rule}  ", (status, "yellow" if status == "removed" else "green"))
    before, after = change.before, change.after
    lines = [Text(f"    {before.digest}  {before.updated_at}", "dim")] if before and status != "updated uses" else []
    return [
        head,
        *lines,
        *([Text(f"  → {after.digest}  {after.updated_at}")] if after and status != "updated uses" else []),
    ]


def _status(change: Change) -> str:
    before, after = change.before, change.after
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before == after:
        return "unchanged"
    return "updated" if before.digest != after.digest else "updated uses"


def _as_dict(change: Change) -> dict[str, Any]:
    entry = change.entry
    sides = {"before": _side(change.before), "after": _side(change.after)}
    return {"image": entry.image, "rule": dict(entry.rule), "status": _status(change), **sides}


def _side(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    digests = {"digest": entry.digest, "ref": entry.ref, "exclude": sorted(entry.exclude)}
    return {**digests, "updated_at": str(entry.updated_at), "resolved": str(entry.resolved), "used": list(entry.used)}
