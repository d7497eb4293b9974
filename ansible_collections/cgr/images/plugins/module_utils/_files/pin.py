# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pinning the images in files: first every image is resolved, then the files are written."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from .._resolver.errors import InvalidRule
from .._resolver.model.resolution import Resolutions
from .._resolver.model.rule import RULE_NAMES
from .._resolver.resolve.snapshot import Progress
from .._resolver.resolver import Resolver
from .edit import NotWritten
from .matcher import Matcher
from .pinner import OnChange, Pinner, Queries, QueryFor
from .report import Problem, Report
from .scan import ScannedFile, ScanResult, scan, scan_text
from .walk import Paths

FILE_RULES = tuple(name for name in RULE_NAMES if name not in ("current", "details"))
"""The parts of a rule for files; the pin in a file is the current one."""


def pin_files(
    resolver: Resolver,
    paths: Paths,
    *,
    patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    gitignore: bool = True,
    rule: Mapping[str, Any] | None = None,
    query_for: QueryFor | None = None,
    check: bool = False,
    progress: Progress | None = None,
    on_change: OnChange | None = None,
) -> Report:
    """Pins the images in files, or updates their digests; nothing else in them changes.

    Args:
        resolver: resolves the images, all as of one instant.
        paths: files, and directories to search for files.
        patterns: which files of a directory to read (see `walk.Selection`).
        exclude_patterns: which files and directories to leave out (see `walk.Selection`).
        gitignore: whether to leave out files that git ignores.
        rule: the rule for all images, as for `Resolver.resolve`.  With `min_age`, a pin in a file never moves back.
        query_for: says which rule applies to which image, see `QueryFor`; by default `rule` applies to all.
        check: whether to write nothing.
        progress: see `Resolver.resolve_all`.
        on_change: see `OnChange`.

    Raises:
        InvalidArgument: an argument is malformed, or a path does not exist.
        SeveralFailed: some images cannot be resolved; no file has changed.
        MissingDependency: a library is missing; no file has changed.
    """
    rule = _checked_rule(resolver, rule or {})
    matcher = Matcher(resolver.mirrors)
    found = scan(paths, patterns, matcher, exclude_patterns=exclude_patterns, gitignore=gitignore)
    pinner, resolutions = _resolved(resolver, found.files, rule, query_for, progress)
    for read in found.files:
        pinner.pin(read, check, on_change)
    return Report(
        tuple(pinner.rows),
        tuple(pinner.files),
        (*found.problems, *pinner.problems),
        resolutions.at,
        (*_warnings(found, resolutions), *_platform_warning(resolutions, pinner.files)),
    )


def pin_text(
    resolver: Resolver,
    text: str,
    *,
    name: str = "",
    rule: Mapping[str, Any] | None = None,
    query_for: QueryFor | None = None,
    progress: Progress | None = None,
) -> tuple[str, Report]:
    """Pins the images in a text, such as standard input; returns the text with its digests, and what changed.

    Args:
        resolver: resolves the images, all as of one instant.
        text: the content of a file.
        name: a file name that says how to read it, such as `Dockerfile` or `a.yaml`; by default its content does.
        rule, query_for, progress: as for `pin_files`.

    Raises:
        InvalidArgument: the text cannot be read as what its name says, or an argument is malformed.
        SeveralFailed, MissingDependency: as for `pin_files`.
    """
    rule = _checked_rule(resolver, rule or {})
    read = scan_text(text, name, Matcher(resolver.mirrors), "-")
    pinner, resolutions = _resolved(resolver, [read], rule, query_for, progress)
    try:
        after, rows = pinner.pinned_text(read, text)
    except NotWritten as error:
        problem = Problem("-", None, str(error))
        return text, Report((), (), (problem,), resolutions.at, resolutions.warnings)
    files = ("-",) if after != text else ()
    warnings = (*resolutions.warnings, *_platform_warning(resolutions, files))
    return after, Report(tuple(rows), files, tuple(pinner.problems), resolutions.at, warnings)


def _resolved(
    resolver: Resolver,
    files: Sequence[ScannedFile],
    rule: Mapping[str, Any],
    query_for: QueryFor | None,
    progress: Progress | None,
) -> tuple[Pinner, Resolutions]:
    queries = Queries(query_for or (lambda _path, occurrence: resolver.parse_query(occurrence.asked, **rule)))
    resolutions = queries.resolve(resolver, files, progress)
    return Pinner(queries, resolutions.resolutions), resolutions


def _warnings(found: ScanResult, resolutions: Resolutions) -> tuple[str, ...]:
    said = resolutions.warnings if found.looked_at else ["no file matches the paths and patterns"]
    return tuple(dict.fromkeys([*found.warnings, *said]))


def _platform_warning(resolutions: Resolutions, files: Sequence[str]) -> tuple[str, ...]:
    """Warns of files that changed, and have images for one platform now."""
    platforms = sorted({each.platform for each in resolutions.resolutions.values() if each.platform})
    if not platforms or not files:
        return ()
    return (f"the files are pinned to images for {', '.join(platforms)} only: they run on no other platform.",)


def _checked_rule(resolver: Resolver, rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in rule.items() if value is not None}
    unknown = sorted(set(given) - set(FILE_RULES))
    if unknown:
        raise InvalidRule(
            f"{unknown[0]!r} is not part of a rule for files; the parts are {', '.join(FILE_RULES)}.", unknown[0]
        )
    resolver.parse_query("cgr.dev/chainguard/static", **given)  # a wrong rule is an error even if no file has an image
    return given
