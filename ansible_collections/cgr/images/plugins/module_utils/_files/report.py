# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The report of what was done to files, or would be: as data and as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .._resolver.model.instant import Instant

PINNED, UPDATED, UNCHANGED, SKIPPED = "pinned", "updated", "unchanged", "skipped"
"""The status of a row: it had no digest and has one now, has another, has the right one already, or is not looked up."""

_SHORT = 19  # sha256: and twelve digits


@dataclass(frozen=True)
class Row:
    """An image in a file.

    Attributes:
        file: the path of the file.
        line: the line that changes with its digest, or in which it begins, counted from 1.
        image: the image without its digest.
        status: `pinned`, `updated`, `unchanged` or `skipped`.
        old_digest: the digest that the file held, if it did.
        old_updated_at: when the tag moved to it, if it was seen in the tag's history.
        new_digest: the digest that it holds now; `None` where the image is skipped.
        new_updated_at: when the tag moved to it.
        reason: why this build, or why it is skipped; one line.
    """

    file: str
    line: int
    image: str
    status: str
    old_digest: str | None = None
    old_updated_at: Instant | None = None
    new_digest: str | None = None
    new_updated_at: Instant | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Returns the row as plain data, instants as RFC 3339 text in UTC."""
        times = {name: _text(getattr(self, name)) for name in ("old_updated_at", "new_updated_at")}
        return {**asdict(self), **times}


@dataclass(frozen=True)
class Problem:
    """A file that cannot be read or written, or a malformed reference in it; `line` is `None` if it is about the whole file."""

    file: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        """Returns it as one sentence."""
        return f"{self.file}{f':{self.line}' if self.line else ''} {self.reason}"


@dataclass(frozen=True)
class Report:
    """The changes made to files, or those that would be made.

    Attributes:
        rows: the images, by file and line.
        files: the files that changed, or would.
        problems: what could not be read or written, and malformed references.
        at: the one instant of all answers, if there is one.
        warnings: what the user should fix.
    """

    rows: tuple[Row, ...] = ()
    files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    at: Instant | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def changed(self) -> bool:
        """Whether a file changed, or would."""
        return bool(self.files)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain data, instants as RFC 3339 text in UTC."""
        return {
            "changed": self.changed,
            "at": _text(self.at),
            "images": [row.to_dict() for row in self.rows],
            "files": list(self.files),
            "problems": [asdict(problem) for problem in self.problems],
            "warnings": list(self.warnings),
        }

    def table(self) -> str:
        """Returns the report as text in columns, for a person."""
        lines = [("FILE", "IMAGE", "", "OLD", "NEW", "REASON"), *map(_cells, self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        rows = ["  ".join([*(cell.ljust(w) for cell, w in zip(line, widths)), line[5]]).rstrip() for line in lines]
        return "\n".join([*(rows if self.rows else []), *map(str, self.problems), *self.warnings])


def _cells(row: Row) -> tuple[str, ...]:
    old = _digest(row.old_digest, row.old_updated_at)
    new = _digest(row.new_digest, row.new_updated_at) if row.status in (PINNED, UPDATED) else ""
    return (f"{row.file}:{row.line}", row.image, row.status, old, new, row.reason)


def _digest(digest: str | None, updated_at: Instant | None) -> str:
    return " ".join(text for text in ((digest or "")[:_SHORT], _text(updated_at)) if text)


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else str(instant)
