# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pinning the images in files: first all the answers, then all the writes."""

from __future__ import annotations

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
from .matcher import Matcher
from .occurrence import MALFORMED, Occurrence, Unreadable, with_digests
from .report import PINNED, SKIPPED, UNCHANGED, UPDATED, Problem, Report, Row
from .scan import ScannedFile, scan, scan_text, text_of
from .verify import verify
from .walk import Paths

OnChange = Callable[[str, str, str], None]
"""Called with the path of each file that changes, or would, and its text before and after."""

QueryFor = Callable[[str, Occurrence], Query]
"""Called with the path of a file and an image in it; returns the query whose resolution pins the image there."""

FILE_RULES = tuple(name for name in RULE_NAMES if name != "current")
"""The parts of a rule for files; the pin that stands in a file is the current one."""


def pin_files(
    answering: Resolver,
    paths: Paths,
    *,
    patterns: Sequence[str] | None = None,
    rule: Mapping[str, Any] | None = None,
    query_for: QueryFor | None = None,
    check: bool = False,
    progress: Progress | None = None,
    on_change: OnChange | None = None,
) -> Report:
    """Pins the images in files, or updates their digests; nothing else in them changes.

    Args:
        answering: what looks the images up, all at one instant.
        paths: files, and folders in which files are looked for.
        patterns: which files of a folder (see `tree.files_in`).
        rule: the rule for all images, as of `Resolver.resolve`.  With `min_age`, a pin that a file holds already never
            moves back.
        query_for: says which rule applies to which image, see `QueryFor`; by default `rule` applies to all.
        check: whether to write nothing.
        progress: see `Resolver.resolve_all`.
        on_change: see `OnChange`.

    Raises:
        InvalidArgument: an argument is malformed, or there is no such path.
        SeveralFailed: there are images without an answer; no file has changed.
        MissingDependency: a library is missing; no file has changed.
    """
    rule = _checked(answering, rule or {})
    found = scan(paths, patterns, Matcher(answering.mirrors))
    queries = _Queries(query_for or (lambda _path, occurrence: answering.parse_query(occurrence.asked, **rule)))
    resolutions = queries.resolve(answering, found.files, progress)
    pinner = _Pinner(queries, resolutions.resolutions, check, on_change)
    for read in found.files:
        pinner.pin(read)
    return Report(
        tuple(pinner.rows),
        tuple(pinner.files),
        (*found.problems, *pinner.problems),
        resolutions.at,
        tuple(dict.fromkeys(resolutions.warnings)) if found.looked_at else ("no file fits the paths and patterns",),
    )


def _checked(answering: Resolver, rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in rule.items() if value is not None}
    unknown = sorted(set(given) - set(FILE_RULES))
    if unknown:
        raise InvalidRule(f"there is no {', '.join(unknown)} for files; there are {', '.join(FILE_RULES)}.", unknown[0])
    answering.parse_query(
        "cgr.dev/chainguard/static", **given
    )  # even where there is no image, a rule is right or wrong
    return given


def pin_text(
    answering: Resolver,
    text: str,
    *,
    name: str,
    rule: Mapping[str, Any] | None = None,
    query_for: QueryFor | None = None,
    progress: Progress | None = None,
) -> tuple[str, Report]:
    """Pins the images in a text, such as standard input; returns the text with its digests, and what changed.

    Args:
        answering: what looks the images up, all at one instant.
        text: the content of a file.
        name: a file name that says how to read it, such as `Dockerfile` or `a.yaml`.
        rule, query_for, progress: as of `pin_files`.

    Raises:
        InvalidArgument: the text cannot be read as what its name says, or an argument is malformed.
        SeveralFailed, MissingDependency: as of `pin_files`.
    """
    rule = _checked(answering, rule or {})
    read = scan_text(text, name, Matcher(answering.mirrors), "-")
    queries = _Queries(query_for or (lambda _path, occurrence: answering.parse_query(occurrence.asked, **rule)))
    resolutions = queries.resolve(answering, [read], progress)
    pinner = _Pinner(queries, resolutions.resolutions, False, None)
    rows, edits = pinner.rows_and_edits(read)
    after = _edited(text, edits)
    return after, Report(tuple(rows), ("-",) if edits else (), (), resolutions.at, resolutions.warnings)


class _Queries:
    """The query for each image in files, and the resolution of each query, however many files have it."""

    def __init__(self, query_for: QueryFor) -> None:
        self._query_for = query_for
        self._keys: dict[Query, str] = {}

    def of(self, path: str, occurrence: Occurrence) -> Query:
        return self._query_for(path, occurrence)

    def key(self, path: str, occurrence: Occurrence) -> str:
        return self._keys[self.of(path, occurrence)]

    def resolve(self, answering: Resolver, files: Sequence[ScannedFile], progress: Progress | None) -> Resolutions:
        """Looks each image up once; an error names the first place that has it."""
        places: set[str] = set()
        for read in files:
            for occurrence in read.occurrences:
                if occurrence.place:
                    place = f"{read.path}:{occurrence.line}"
                    query = self.of(read.path, occurrence)
                    if query not in self._keys:
                        self._keys[query] = f"{place} {occurrence.asked}" if place in places else place
                        places.add(place)
        if not self._keys:
            return Resolutions(None, {})
        return answering.resolve_queries({key: query for query, key in self._keys.items()}, progress)


class _Pinner:
    """Goes through the files with all the answers in hand."""

    def __init__(
        self,
        queries: _Queries,
        resolutions: Mapping[str, Resolution],
        check: bool,
        on_change: OnChange | None,
    ) -> None:
        self._queries = queries
        self._resolutions = resolutions
        self._check = check
        self._on_change = on_change or (lambda _path, _before, _after: None)
        self.rows: list[Row] = []
        self.files: list[str] = []
        self.problems: list[Problem] = []

    def pin(self, read: ScannedFile) -> None:
        rows, edits = self.rows_and_edits(read)
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

    def rows_and_edits(self, read: ScannedFile) -> tuple[list[Row], dict[Occurrence, str]]:
        rows = [self._row(read, occurrence) for occurrence in read.occurrences]
        edits = {
            occurrence: row.new_digest
            for occurrence, row in zip(read.occurrences, rows)
            if row.new_digest and row.status in (PINNED, UPDATED)
        }
        return rows, edits

    def _write(self, read: ScannedFile, edits: Mapping[Occurrence, str]) -> None:
        content, version = write.read(read.real)
        if version != read.version:
            raise NotWritten(write.CHANGED_MEANWHILE)
        before = text_of(content)
        after = _edited(before, edits)
        if not self._check:
            write.replace(read.real, after.encode("utf-8"), version)
        self.files.append(read.path)
        self._on_change(read.path, before, after)

    def _row(self, read: ScannedFile, occurrence: Occurrence) -> Row:
        row = Row(
            read.path, occurrence.line, occurrence.without_digest, SKIPPED, occurrence.digest, reason=occurrence.reason
        )
        if occurrence.place is None:
            return row
        resolution = self._resolutions[self._queries.key(read.path, occurrence)]
        chosen = self._keep_current(resolution, read.path, occurrence)
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

    def _keep_current(self, resolution: Resolution, path: str, occurrence: Occurrence) -> Resolution:
        """Compares a resolution with the pin in the file.

        Everything newer than the resolved build was read with it, so nothing more need be read: a pin that was not seen is older.
        """
        query = self._queries.of(path, occurrence)
        if not occurrence.digest or not query.rule.min_age:
            return resolution
        query = query.with_rule(current=occurrence.digest)
        return keep_current(resolution, query) or resolution


def _moved_at(resolution: Resolution, digest: str | None) -> Instant | None:
    """Returns when the tag moved to a digest, if that was read."""
    builds = resolution.history.builds if resolution.history else ()
    return next((build.updated_at for build in reversed(builds) if build.digest == digest), None)


def _edited(text: str, edits: Mapping[Occurrence, str]) -> str:
    """Returns a text with digests in it.

    Raises:
        NotWritten: it would not read as intended.
    """
    after = with_digests(text, {occurrence.place: digest for occurrence, digest in edits.items() if occurrence.place})
    verify(text, after, {occurrence.target: digest for occurrence, digest in edits.items() if occurrence.target})
    return after
