# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pinning the images in files: first all the answers, then all the writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, Mapping, Sequence

from .._resolver.errors import InvalidRule
from .._resolver.history.reader import Record, Stretch
from .._resolver.history.selection import Choice, never_back
from .._resolver.model.query import RULES, Question
from .._resolver.model.resolution import Answer, Answers
from .._resolver.resolve.snapshot import Progress
from .._resolver.resolver import Resolver
from . import edit as write
from .edit import NotWritten
from .matcher import Names
from .occurrence import Place, Spot, Unreadable, with_digests
from .report import LEFT, PINNED, UNCHANGED, UPDATED, Problem, Report, Row
from .scan import Read, survey, text_of
from .walk import Paths

OnChange = Callable[[str, str, str], None]
"""Called with the path of each file that changes, or would, and its text before and after."""

FILE_RULES = tuple(name for name in RULES if name != "current")
"""The parts of a rule for files; the pin that stands in a file is the current one."""


def pin_files(
    answering: Resolver,
    paths: Paths,
    *,
    patterns: Sequence[str] | None = None,
    rule: Mapping[str, Any] | None = None,
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
        check: whether to write nothing.
        progress: see `Resolver.resolve_all`.
        on_change: see `OnChange`.

    Raises:
        InvalidQuestion: an argument is malformed, or there is no such path.
        SeveralFailed: there are images without an answer; no file has changed.
        MissingDependency: a library is missing; no file has changed.
    """
    rule = _checked(answering, rule or {})
    found = survey(paths, patterns, Names(answering.mirrors))
    answers = _answers(answering, found.files, rule, progress)
    pinner = _Pinner(answering.question, answers.answers, rule, check, on_change)
    for read in found.files:
        pinner.pin(read)
    return Report(
        tuple(pinner.rows),
        tuple(pinner.files),
        (*found.problems, *pinner.problems),
        answers.at,
        tuple(dict.fromkeys(answers.warnings)) if found.looked_at else ("no file fits the paths and patterns",),
    )


def _checked(answering: Resolver, rule: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in rule.items() if value is not None}
    unknown = sorted(set(given) - set(FILE_RULES))
    if unknown:
        raise InvalidRule(f"there is no {', '.join(unknown)} for files; there are {', '.join(FILE_RULES)}.", unknown[0])
    answering.question("cgr.dev/chainguard/static", **given)  # even where there is no image, a rule is right or wrong
    return given


def _answers(answering: Resolver, files: list[Read], rule: dict[str, Any], progress: Progress | None) -> Answers:
    """Looks each image up once, however many files it is in; a failure names the first place."""
    keys: dict[str, str] = {}
    for read in files:
        for spot in read.spots:
            if spot.place and spot.asked not in keys:
                place = f"{read.path}:{spot.line}"
                keys[spot.asked] = f"{place} {spot.asked}" if place in keys.values() else place
    if not keys:
        return Answers(None, {})
    answers = answering.resolve_all({key: image for image, key in keys.items()}, progress=progress, **rule)
    return Answers(answers.at, {image: answers.answers[key] for image, key in keys.items()})


class _Pinner:
    """Goes through the files with all the answers in hand."""

    def __init__(
        self,
        question: Callable[..., Question],
        answers: Mapping[str, Answer],
        rule: Mapping[str, Any],
        check: bool,
        on_change: OnChange | None,
    ) -> None:
        self._question = question
        self._answers = answers
        self._rule = rule
        self._check = check
        self._on_change = on_change or (lambda _path, _before, _after: None)
        self.rows: list[Row] = []
        self.files: list[str] = []
        self.problems: list[Problem] = []

    def pin(self, read: Read) -> None:
        rows = [self._row(read, spot) for spot in read.spots]
        edits = {
            spot.place: row.new_digest
            for spot, row in zip(read.spots, rows)
            if spot.place and row.new_digest and row.status in (PINNED, UPDATED)
        }
        try:
            if edits:
                self._write(read, edits)
        except (NotWritten, Unreadable) as error:
            self.problems.append(Problem(read.path, None, str(error)))
            rows = [
                replace(row, status=LEFT, new_digest=None, new_updated=None, reason=f"the file {error}") for row in rows
            ]
        self.rows += rows

    def _write(self, read: Read, edits: Mapping[Place, str]) -> None:
        content, version = write.read(read.real)
        if version != read.version:
            raise NotWritten(write.CHANGED_MEANWHILE)
        before = text_of(content)
        after = with_digests(before, edits)
        if not self._check:
            write.replace(read.real, after.encode("utf-8"), version)
        self.files.append(read.path)
        self._on_change(read.path, before, after)

    def _row(self, read: Read, spot: Spot) -> Row:
        row = Row(read.path, spot.line, spot.unpinned, LEFT, spot.digest, reason=spot.reason)
        if spot.place is None:
            return row
        answer = self._answers[spot.asked]
        chosen = self._never_back(answer, spot)
        return replace(
            row,
            status=PINNED if spot.digest is None else UNCHANGED if spot.digest == chosen.record.digest else UPDATED,
            old_updated=next((r.updated for r in reversed(answer.history) if r.digest == spot.digest), None),
            new_digest=chosen.record.digest,
            new_updated=chosen.record.updated,
            reason=chosen.reason,
        )

    def _never_back(self, answer: Answer, spot: Spot) -> Choice:
        """Holds an answer against the pin in the file.

        All that is newer than the answer was read with it, so that no more need be read: a pin that was not seen is older.
        """
        if answer.updated is None:
            raise AssertionError("an image with a tag has a build")
        choice = Choice(Record(answer.updated, answer.digest), answer.reason)
        if not spot.digest or not self._rule.get("min_age") or not answer.since or not answer.now:
            return choice
        question = self._question(spot.asked, **self._rule, current=spot.digest)
        stretch = Stretch(answer.history, answer.since, answer.now, answer.now)
        return never_back(choice, question, stretch) or choice
