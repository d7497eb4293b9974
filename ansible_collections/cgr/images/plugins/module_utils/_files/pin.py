# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pinning the images in files: first all the answers, then all the writes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Callable, Mapping, Sequence

from .._resolver.errors import InvalidRule
from .._resolver.model.instant import Instant
from .._resolver.model.query import Query
from .._resolver.model.resolution import Resolution, Resolutions
from .._resolver.model.rule import RULE_NAMES
from .._resolver.resolve.current import keep_current
from .._resolver.resolve.snapshot import Progress
from .._resolver.resolver import Resolver
from . import edit as write
from .edit import NotWritten
from .formats import format_of
from .matcher import Matcher
from .occurrence import MALFORMED, Occurrence, Unreadable, with_digests
from .report import PINNED, SKIPPED, UNCHANGED, UPDATED, Problem, Report, Row
from .scan import ScannedFile, ScanResult, scan, text_of
from .verify import verify, verify_read_again
from .walk import Paths

OnChange = Callable[[str, str, str], None]
"""Called with the path of each file that changes, or would, and its text before and after."""

FILE_RULES = tuple(name for name in RULE_NAMES if name != "current")
"""The parts of a rule for files; the pin that stands in a file is the current one."""


def pin_files(
    answering: Resolver,
    paths: Paths,
    *,
    patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    gitignore: bool = True,
    rule: Mapping[str, Any] | None = None,
    check: bool = False,
    progress: Progress | None = None,
    on_change: OnChange | None = None,
) -> Report:
    """Pins the images in files, or updates their digests; nothing else in them changes.

    Args:
        answering: what looks the images up, all at one instant.
        paths: files, and folders in which files are looked for.
        patterns: which files of a folder (see `walk.Selection`).
        exclude_patterns: which files and folders are left out (see `walk.Selection`).
        gitignore: whether files that git ignores are left out.
        rule: the rule for all images, as of `Resolver.resolve`.  With `min_age`, a pin that a file holds already never
            moves back.
        check: whether to write nothing.
        progress: see `Resolver.resolve_all`.
        on_change: see `OnChange`.

    Raises:
        InvalidArgument: an argument is malformed, or there is no such path.
        SeveralFailed: there are images without an answer; no file has changed.
        MissingDependency: a library is missing; no file has changed.
    """
    rule = _checked(answering, rule or {})
    names = Matcher(answering.mirrors)
    found = scan(paths, patterns, names, exclude_patterns=exclude_patterns, gitignore=gitignore)
    resolutions = _resolutions(answering, found.files, rule, progress)
    pinner = _Pinner(names, answering.parse_query, resolutions.resolutions, rule, check, on_change)
    for read in found.files:
        pinner.pin(read)
    return Report(
        tuple(pinner.rows),
        tuple(pinner.files),
        (*found.problems, *pinner.problems),
        resolutions.at,
        _warnings(found, resolutions),
    )


def _warnings(found: ScanResult, resolutions: Resolutions) -> tuple[str, ...]:
    said = resolutions.warnings if found.looked_at else ["no file fits the paths and patterns"]
    return tuple(dict.fromkeys([*found.warnings, *said]))


def _checked(answering: Resolver, rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in rule.items() if value is not None}
    unknown = sorted(set(given) - set(FILE_RULES))
    if unknown:
        raise InvalidRule(f"there is no {', '.join(unknown)} for files; there are {', '.join(FILE_RULES)}.", unknown[0])
    answering.parse_query(
        "cgr.dev/chainguard/static", **given
    )  # even where there is no image, a rule is right or wrong
    return given


def _resolutions(
    answering: Resolver, files: list[ScannedFile], rule: dict[str, Any], progress: Progress | None
) -> Resolutions:
    """Looks each image up once, however many files it is in; a failure names the first place."""
    keys: dict[str, str] = {}
    places: set[str] = set()
    for read in files:
        for occurrence in read.occurrences:
            if occurrence.place and occurrence.asked not in keys:
                place = f"{read.path}:{occurrence.line}"
                keys[occurrence.asked] = f"{place} {occurrence.asked}" if place in places else place
                places.add(place)
    if not keys:
        return Resolutions(None, {})
    resolutions = answering.resolve_all({key: image for image, key in keys.items()}, progress=progress, **rule)
    return Resolutions(resolutions.at, {image: resolutions.resolutions[key] for image, key in keys.items()})


class _Pinner:
    """Goes through the files with all the answers in hand."""

    def __init__(
        self,
        names: Matcher,
        query: Callable[..., Query],
        resolutions: Mapping[str, Resolution],
        rule: Mapping[str, Any],
        check: bool,
        on_change: OnChange | None,
    ) -> None:
        self._names = names
        self._query = query
        self._resolutions = resolutions
        self._rule = rule
        self._check = check
        self._on_change = on_change or (lambda _path, _before, _after: None)
        self.rows: list[Row] = []
        self.files: list[str] = []
        self.problems: list[Problem] = []

    def pin(self, read: ScannedFile) -> None:
        rows = [self._row(read, occurrence) for occurrence in read.occurrences]
        edits = {
            occurrence: row.new_digest
            for occurrence, row in zip(read.occurrences, rows)
            if row.new_digest and row.status in (PINNED, UPDATED)
        }
        self.problems += [
            Problem(read.path, occurrence.line, occurrence.reason)
            for occurrence in read.occurrences
            if occurrence.code == MALFORMED
        ]
        try:
            if edits:
                self._write(read, edits)
        except (NotWritten, Unreadable) as error:
            self.problems.append(Problem(read.path, None, str(error)))
            rows = [
                replace(row, status=SKIPPED, new_digest=None, new_updated_at=None, reason=f"the file {error}")
                for row in rows
            ]
        self.rows += rows

    def _write(self, read: ScannedFile, edits: Mapping[Occurrence, str]) -> None:
        content, version = write.read(read.real)
        if version != read.version:
            raise NotWritten(write.CHANGED_MEANWHILE)
        before = text_of(content)
        after = with_digests(before, {each.place: digest for each, digest in edits.items() if each.place})
        self._verify(read, before, after, edits)
        if not self._check:
            write.replace(read.real, after.encode("utf-8"), version)
        self.files.append(read.path)
        self._on_change(read.path, before, after)

    def _verify(self, read: ScannedFile, before: str, after: str, edits: Mapping[Occurrence, str]) -> None:
        verify(before, after, {each.target: digest for each, digest in edits.items() if each.target})
        others = {each.place: digest for each, digest in edits.items() if each.place and not each.target}
        if others:
            kind = format_of(os.path.basename(read.path), before)
            verify_read_again(before, after, others, lambda text: kind.find(text, self._names), kind.parse)

    def _row(self, read: ScannedFile, occurrence: Occurrence) -> Row:
        row = Row(
            read.path, occurrence.line, occurrence.without_digest, SKIPPED, occurrence.digest, reason=occurrence.reason
        )
        if occurrence.place is None:
            return row
        resolution = self._resolutions[occurrence.asked]
        chosen = self._keep_current(resolution, occurrence)
        return replace(
            row,
            status=PINNED
            if occurrence.digest is None
            else UNCHANGED
            if occurrence.digest == chosen.digest
            else UPDATED,
            old_updated_at=_moved_at(resolution, occurrence.digest),
            new_digest=chosen.digest,
            new_updated_at=chosen.updated_at,
            reason="; ".join(text for text in (chosen.reason, occurrence.note) if text),
        )

    def _keep_current(self, resolution: Resolution, occurrence: Occurrence) -> Resolution:
        """Compares a resolution with the pin in the file.

        Everything newer than the resolved build was read with it, so nothing more need be read: a pin that was not seen is older.
        """
        if not occurrence.digest or not self._rule.get("min_age"):
            return resolution
        query = self._query(occurrence.asked, **self._rule, current=occurrence.digest)
        return keep_current(resolution, query) or resolution


def _moved_at(resolution: Resolution, digest: str | None) -> Instant | None:
    """Returns when the tag moved to a digest, if that was read."""
    builds = resolution.history.builds if resolution.history else ()
    return next((build.updated_at for build in reversed(builds) if build.digest == digest), None)
