# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images pin`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff
from io import StringIO
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from .._bridge import RuleArguments
from . import options
from .output import bar, console, print_json, print_text, say, show, warn
from .uses import ByItsRules

if TYPE_CHECKING:
    from ..files import Report, Row

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…",
        help="Files, which are read whatever their names are, and folders, in which files are looked for. Symbolic links in a"
        " folder are followed only as far as they lead to something below one of the paths.",
    ),
]
Patterns = Annotated[
    list[str] | None,
    typer.Option(
        "--pattern",
        metavar="PATTERN",
        help="Which files of the folders are read, as shell patterns for a name, such as `*.yaml`, or for a path from the folder"
        " on, such as `deploy/*.yaml`. May be given several times. By default `*.yaml`, `*.yml`, and `Dockerfile` and"
        " `Containerfile` with anything before or behind a dot.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; the exit status is 1 if a file would change.")]
Diff = Annotated[bool, typer.Option("--diff", help="Print what changes as a diff.")]

_COLOURS = {"pinned": "green", "updated": "green", "skipped": "yellow"}


@options.takes_rule("current")
def pin(
    paths: Paths,
    patterns: Patterns = None,
    check: Check = False,
    diff: Diff = False,
    *,
    rule: RuleArguments,
    lock: options.Lock = None,
    registry_url: options.RegistryUrl = None,
    mirror: options.Mirror = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Pins the images in files to digests, or updates their digests: manifests, Compose files, Helm values, Dockerfiles.

    Only the bytes of digests change. All of the images are looked up before the first file is written; if one has no answer, no
    file changes. With `min_age`, a digest that a file has already is never replaced by an older build. With a lock, each image
    gets the digest that is in it, by its own rule there.
    """
    from ..files import pin_files  # takes PyYAML

    diffs: list[str] = []

    def keep_diff(path: str, before: str, after: str) -> None:
        if diff:
            diffs.append(_diff(path, before, after))

    with bar("Looking up", "images") as progress:
        report = pin_files(
            options.resolver_of(registry_url, mirror, verbose, lock, ByItsRules),
            paths,
            patterns=patterns,
            rule=rule,
            check=check,
            progress=progress,
            on_change=keep_diff,
        )
    warn(report.warnings)
    for problem in report.problems:
        say(str(problem))
    if as_json:
        print_json({**report.to_dict(), **({"diff": "".join(diffs)} if diff else {})})
    else:
        _show_diffs(diffs)
        show(*_rows(report), _summary(report, check))
    if report.problems or (check and report.changed):
        raise typer.Exit(1)


def _rows(report: Report) -> Iterator[Text]:
    """Yields what changed and what was left, for a person in lines, for a file in columns."""
    told = [row for row in report.rows if row.status != "unchanged"]
    if not console().is_terminal:
        table = replace(report, rows=tuple(told), problems=(), warnings=()).table()
        yield from [Text(table)] if table else []
        return
    for row in told:
        yield Text.assemble(f"{row.file}:{row.line}  {row.image}  ", (row.status, _COLOURS[row.status]))
        yield from _moves(row)


def _moves(row: Row) -> Iterator[Text]:
    if row.new_digest is None:
        yield Text(f"    {row.reason}", "dim")
        return
    if row.old_digest:
        yield Text(f"    {row.old_digest}  {row.old_updated_at or ''}".rstrip(), "dim")
    yield Text(f"  → {row.new_digest}  {row.new_updated_at}")


def _summary(report: Report, check: bool) -> Text:
    counts = Counter(row.status for row in report.rows)
    said = ", ".join(f"{counts[status]} {status}" for status in ("pinned", "updated", "unchanged", "skipped"))
    files = f"{len(report.files)} file{'s' * (len(report.files) != 1)} {'would change' if check else 'changed'}"
    return Text(f"{said}; {files}", "bold")


def _diff(path: str, before: str, after: str) -> str:
    """Returns what changes in a file, as `git apply` and `patch -p1` take it."""
    old, new = (list(StringIO(text, newline="\n")) for text in (before, after))
    lines = unified_diff(old, new, f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _show_diffs(diffs: list[str]) -> None:
    if console().is_terminal:
        colours = {"+": "green", "-": "red", "@": "cyan"}
        show(*(Text(line, colours.get(line[:1], "")) for diff in diffs for line in diff.splitlines()))
    else:
        print_text("".join(diffs))
