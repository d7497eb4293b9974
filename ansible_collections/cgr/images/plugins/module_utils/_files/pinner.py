# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Writing resolved digests into files that were scanned."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Mapping, Sequence

from .._resolver.model.instant import Instant
from .._resolver.model.query import Query
from .._resolver.model.resolution import Resolution, Resolutions
from .._resolver.resolve.current import keep_current
from .._resolver.resolve.snapshot import Progress
from .._resolver.resolver import Resolver
from . import edit
from .edit import NotWritten
from .occurrence import MALFORMED, Occurrence, Unreadable, with_digests
from .report import PINNED, SKIPPED, UNCHANGED, UPDATED, Problem, Row
from .scan import ScannedFile, text_of
from .verify import NOT_AS_INTENDED, verify

OnChange = Callable[[str, str, str], None]
"""Called with the path of each file that changes, or would, and its text before and after."""

QueryFor = Callable[[str, Occurrence], Query]
"""Returns the query for an image in a file, given the file's path and the image."""

Edits = Mapping[Occurrence, str]
"""The digest to write for each image that changes."""


class Queries:
    """The query for each image in files, and the key of its resolution, however many files have it."""

    def __init__(self, query_for: QueryFor) -> None:
        self._query_for = query_for
        self._keys: dict[Query, str] = {}

    def of(self, path: str, occurrence: Occurrence) -> Query:
        """Returns the query for an image in a file."""
        query = self._query_for(path, occurrence)
        depends_on_pin = query.rule.pullable or (query.rule.min_age and query.rule.checks_build)
        if occurrence.digest and depends_on_pin:
            return replace(query, rule=query.rule.with_current(occurrence.digest))
        return query

    def key(self, path: str, occurrence: Occurrence) -> str:
        """Returns the key of the resolution of an image in a file."""
        return self._keys[self.of(path, occurrence)]

    def resolve(self, resolver: Resolver, files: Sequence[ScannedFile], progress: Progress | None) -> Resolutions:
        """Resolves each query once; an error names the first place that has it."""
        places: set[str] = set()
        for read in files:
            for occurrence in read.occurrences:
                if not occurrence.place:
                    continue
                place, query = f"{read.path}:{occurrence.line}", self.of(read.path, occurrence)
                if query not in self._keys:
                    self._keys[query] = f"{place} {occurrence.asked}" if place in places else place
                    places.add(place)
        if not self._keys:
            return Resolutions(None, {})
        return resolver.resolve_queries({key: query for query, key in self._keys.items()}, progress)


class Pinner:
    """Writes the digests of resolved images into files.

    Attributes:
        rows: a row for each image.
        files: the files that changed, or would.
        problems: what could not be read or written.
    """

    def __init__(self, queries: Queries, resolutions: Mapping[str, Resolution]) -> None:
        self._queries = queries
        self._resolutions = resolutions
        self.rows: list[Row] = []
        self.files: list[str] = []
        self.problems: list[Problem] = []

    def pin(self, read: ScannedFile, check: bool, on_change: OnChange | None) -> None:
        """Pins the images of a file.

        Args:
            read: the file.
            check: whether to write nothing.
            on_change: see `OnChange`.
        """
        rows, edits = self._rows_and_edits(read)
        try:
            if edits:
                self._write(read, edits, check, on_change)
        except (NotWritten, Unreadable) as error:
            self.problems.append(Problem(read.path, None, str(error)))
            unwritten = {"status": SKIPPED, "new_digest": None, "new_updated_at": None, "reason": f"the file {error}"}
            rows = [replace(row, **unwritten) for row in rows]  # type: ignore[arg-type]
        self.rows += rows

    def pinned_text(self, read: ScannedFile, text: str) -> tuple[str, list[Row]]:
        """Returns a text with its images pinned, and a row for each image.

        Args:
            read: what was found in the text.
            text: the text.

        Raises:
            NotWritten: the text would not read as intended.
        """
        rows, edits = self._rows_and_edits(read)
        return _edited(text, edits), rows

    def _rows_and_edits(self, read: ScannedFile) -> tuple[list[Row], Edits]:
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
        return rows, edits

    def _write(self, read: ScannedFile, edits: Edits, check: bool, on_change: OnChange | None) -> None:
        content, version = edit.read(read.real)
        if version != read.version:
            raise NotWritten(edit.CHANGED_MEANWHILE)
        before = text_of(content)
        after = _edited(before, edits)
        if not check:
            edit.replace(read.real, after.encode("utf-8"), version)
        self.files.append(read.path)
        if on_change:
            on_change(read.path, before, after)

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
            status=_status(occurrence.digest, chosen.digest),
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
        if not occurrence.digest or not query.rule.min_age or query.rule.checks_build:
            return resolution
        return keep_current(resolution, query.with_rule(current=occurrence.digest)) or resolution


def _status(old: str | None, new: str) -> str:
    if old is None:
        return PINNED
    return UNCHANGED if old == new else UPDATED


def _moved_at(resolution: Resolution, digest: str | None) -> Instant | None:
    """Returns when the tag moved to a digest, if that was read."""
    builds = resolution.history.builds if resolution.history else ()
    return next((build.updated_at for build in reversed(builds) if build.digest == digest), None)


def _edited(text: str, edits: Edits) -> str:
    """Returns a text with digests in it.

    Raises:
        NotWritten: it would not read as intended.
    """
    if not all(each.target for each in edits):  # without a target, nothing can be checked
        raise NotWritten(NOT_AS_INTENDED)
    after = with_digests(text, {each.place: digest for each, digest in edits.items() if each.place})
    verify(text, after, {each.target: digest for each, digest in edits.items() if each.target})
    return after
