# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images pin`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import unified_diff
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from .._bridge import NOT_DONE, RuleArguments, exit_status, read_lock, skipped_rows
from ..changes import Difference, Pair, compare_pairs
from ..lockfile.uses import STDIN
from ..resolver import CgrError, InvalidArgument, Resolver
from . import options
from .decorators import takes_resolver, takes_rule
from .differences import difference_lines, warnings_of
from .errors import refuse
from .output import bar, is_terminal, print_json, print_text, say, show, warn
from .selection import Exclude, NoIgnore, Patterns, patterns_and_digests
from .signs import fit
from .uses import queries_from_lock, read_stdin

if TYPE_CHECKING:
    from ..files import Report, Row

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH…",
        help="Files, which are read whatever their names are, and folders, in which files are looked for; or `-` alone for"
        " standard input, which is printed to standard output with its digests. Symbolic links in a folder are followed only as"
        " far as they lead to something below one of the paths.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; the exit status is 1 if a file would change.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Fail if an image of ours is skipped, unless a comment says to ignore it.")
]
Diff = Annotated[bool, typer.Option("--diff", help="Print what changes as a diff.")]

_COLOURS = {"pinned": "green", "updated": "green", "skipped": "yellow"}


@takes_rule("current", "exclude", "details")
@takes_resolver(with_lock=True)
def pin(
    paths: Paths,
    patterns: Patterns = None,
    exclude: Exclude = None,
    no_ignore: NoIgnore = False,
    check: Check = False,
    strict: Strict = False,
    diff: Diff = False,
    packages: options.Packages = False,
    *,
    rule: RuleArguments,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Pins the images in files to digests, or updates their digests: manifests, Compose files, Helm values, Dockerfiles,
    Terraform, scripts and others.

    Only the bytes of digests change. All of the images are looked up before the first file is written; if one cannot be
    resolved, no file changes. With `min_age`, a digest that a file already has is never replaced by an older build. With a lock,
    each image gets the digest that is in it, by its own rule there.

    A comment `cgr-images: ignore`, in the line of an image or above it, skips the image. In a git work tree, files that git
    ignores are left out. Exit status: 0 all is as it should be; 1 `--check` would change something; 2 something could not be
    resolved, read or written; 3 with `--strict`, an image was skipped.
    """
    diffs: list[str] | None = [] if diff else None
    try:
        exclude_patterns, digests = patterns_and_digests(exclude)
        if digests:
            rule["exclude"] = digests
        if STDIN in paths:
            _reject_reports({"--json": as_json, "--diff": diff, "--packages": packages})
            raise typer.Exit(exit_status(_pin_stdin(paths, rule, resolver), check, strict))
        found = {"patterns": patterns, "exclude_patterns": exclude_patterns, "gitignore": not no_ignore}
        report = _pin_files(paths, found, rule, resolver, check, diffs)
    except CgrError as error:
        refuse(error, as_json)
        raise typer.Exit(NOT_DONE) from None
    differences = _differences(report, resolver, rule.get("signed")) if packages else None
    _tell(report, differences, diffs, check, as_json)
    if strict and skipped_rows(report):
        say(f"{len(skipped_rows(report))} skipped, which --strict does not allow.")
    raise typer.Exit(exit_status(report, check, strict))


def _pin_files(
    paths: list[str],
    found: dict[str, Any],
    rule: RuleArguments,
    resolver: Resolver,
    check: bool,
    diffs: list[str] | None,
) -> Report:
    """Pins the images in files; `found` says which files of a folder, and `diffs` gets what changes in each, if it is a list."""
    from ..files import pin_files  # takes PyYAML

    def keep_diff(path: str, before: str, after: str) -> None:
        if diffs is not None:
            diffs.append(_diff(path, before, after))

    query_for = queries_from_lock(resolver, rule)
    with bar("Looking up", "images") as progress:
        return pin_files(
            resolver,
            paths,
            rule=rule,
            query_for=query_for,
            check=check,
            progress=progress,
            on_change=keep_diff,
            **found,
        )


def _tell(
    report: Report,
    differences: tuple[Difference, ...] | None,
    diffs: list[str] | None,
    check: bool,
    as_json: bool,
) -> None:
    """Prints what was done, and what went wrong."""
    warn([*report.warnings, *warnings_of(differences or ())])
    for problem in report.problems:
        say(str(problem))
    if as_json:
        more = {} if diffs is None else {"diff": "".join(diffs)}
        print_json({**report.to_dict(), **more, **_changes(differences)})
    else:
        _show_diffs(diffs or [])
        show(*(line for difference in differences or () for line in difference_lines(difference)))
        show(*_rows(report), _summary(report, check))


def _reject_reports(options: Mapping[str, bool]) -> None:
    """Rejects options that print something else than the pinned file to standard output."""
    for option in (name for name, is_given in options.items() if is_given):
        message = f"{option} cannot be combined with -, because standard output is the pinned file."
        raise InvalidArgument(message, option.strip("-"))


def _pin_stdin(paths: list[str], rule: RuleArguments, resolver: Resolver) -> Report:
    """Pins the images on standard input, prints the result to standard output, and returns what was done."""
    from ..files import pin_text  # takes PyYAML

    if paths != [STDIN]:
        raise InvalidArgument("- is standard input, and cannot be combined with other paths.", "paths")
    text = read_stdin()
    with bar("Looking up", "images") as progress:
        query_for = queries_from_lock(resolver, rule)
        pinned, report = pin_text(resolver, text, rule=rule, query_for=query_for, progress=progress)
    warn(report.warnings)
    for row in report.rows:
        if row.new_digest is None:
            say(f"-:{row.line}: {row.image} skipped: {row.reason}")
    for problem in report.problems:
        say(str(problem))
    print_text(pinned)
    return report


def _differences(report: Report, resolver: Resolver, signed: bool | None) -> tuple[Difference, ...]:
    """Returns what the new digests bring, compared with those that the files had."""
    entries = read_lock(resolver.lock).entries if resolver.lock else ()
    locked = {entry.digest for entry in entries if entry.rule.get("signed")}
    pairs = [
        Pair(row.image, row.old_digest, row.new_digest, signed or (True if row.new_digest in locked else None))
        for row in report.rows
        if row.old_digest and row.new_digest
    ]
    with bar("Reading the builds"):
        return compare_pairs(resolver, pairs)


def _changes(differences: tuple[Difference, ...] | None) -> dict[str, Any]:
    return {} if differences is None else {"changes": [difference.to_dict() for difference in differences]}


def _rows(report: Report) -> Iterator[Text]:
    """Yields what changed and what was left, for a person in lines, for a file in columns."""
    told = [row for row in report.rows if row.status != "unchanged"]
    if not is_terminal():
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
    yield Text(fit(f"  → {row.new_digest}  {row.new_updated_at}"))


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
    if is_terminal():
        colours = {"+": "green", "-": "red", "@": "cyan"}
        show(*(Text(line, colours.get(line[:1], "")) for diff in diffs for line in diff.splitlines()))
    else:
        print_text("".join(diffs))
