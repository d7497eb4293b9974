# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""When many images moved, drawn as SVG: a band of builds for each image, all on one axis of time, with two instants marked."""

from __future__ import annotations

from ...changes import Changes, ImageMoves
from ...resolver import Instant, Interval
from .axis import ticks
from .canvas import Canvas
from .svg_style import style

WIDTH, MARGIN, LABELS = 1200, 24, 380
TOP, ROW, BAND, BOTTOM = 104, 26, 16, 46
"""The height of the head, of a row, of its band, and of the axis, in pixels."""
TITLE, SUBTITLE, MARKS = 40, 62, 90
ROOM_OF_A_DATE, LETTER = 110, 7.2
NARROWEST = 3.0
BEFORE = 12
"""The share of the axis before the earlier instant: one of so many parts."""


def drawing_of_moves(changes: Changes) -> str:
    """Returns the moves of images as an SVG document."""
    return _Drawing(changes).text()


class _Drawing:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        duration = max(changes.until - changes.since, 1)
        self._begin = changes.since + -(duration // BEFORE)
        self._duration = max(changes.until - self._begin, 1)
        self._height = TOP + ROW * max(len(changes.images), 1) + BOTTOM
        self._canvas = Canvas(WIDTH, self._height)

    def text(self) -> str:
        """Draws, from the back to the front."""
        add, label = self._canvas.add, self._canvas.label
        add("title").text = title_of(self._changes)
        add("style").text = style()
        add("rect", class_="page", width=WIDTH, height=self._height, rx=8)
        label(MARGIN, TITLE, title_of(self._changes), "title")
        label(MARGIN, SUBTITLE, summary_of(self._changes), "quiet")
        self._axis()
        for number, image in enumerate(self._changes.images):
            self._row(image, TOP + ROW * number)
        self._marks()
        return self._canvas.text()

    def _x(self, instant: Instant) -> float:
        share = (instant - self._begin) / self._duration
        return LABELS + min(max(share, 0), 1) * (WIDTH - MARGIN - LABELS)

    def _axis(self) -> None:
        y, half = self._height - BOTTOM + 8, ROOM_OF_A_DATE / 2
        self._canvas.add("path", class_="axis", d=f"M{LABELS} {y}H{WIDTH - MARGIN}")
        for instant, text in ticks(self._begin, self._changes.until, (WIDTH - MARGIN - LABELS) // ROOM_OF_A_DATE):
            x = self._x(instant)
            self._canvas.add("path", class_="axis", d=f"M{x:.1f} {y}v6")
            self._canvas.label(min(max(x, half), WIDTH - half), y + 22, text, "quiet date", "middle")

    def _marks(self) -> None:
        for instant, anchor in ((self._changes.since, "start"), (self._changes.until, "end")):
            x = self._x(instant)
            self._canvas.add("path", class_="cut", d=f"M{x:.1f} {MARKS + 6}V{self._height - BOTTOM + 8}")
            self._canvas.label(x, MARKS, str(instant), "cut-text", anchor)

    def _row(self, image: ImageMoves, y: int) -> None:
        row = self._canvas.add("g", class_="row", data_image=image.image)
        kind = "digest name" if image.has_moved else "quiet name"
        shown = _shortened(image.image.removeprefix("cgr.dev/"))
        self._canvas.label(MARGIN, y + 13, shown, kind, parent=row)
        intervals = [*([image.old] if image.old else []), *image.moves]
        for number, interval in enumerate(intervals):
            end = intervals[number + 1].updated_at if number + 1 < len(intervals) else self._changes.until
            kind = "returned" if number and interval.returned else ("even", "odd")[number % 2]
            left = self._x(interval.updated_at)
            width = max(self._x(end) - left - 1, NARROWEST)
            rect = self._canvas.add("rect", row, x=left, y=y, width=width, height=BAND, class_=kind, rx=2)
            self._canvas.add("title", rect).text = _tooltip(image, interval)
        for interval in image.moves:
            x = self._x(interval.updated_at)
            self._canvas.add("path", row, class_="chosen", d=f"M{x:.1f} {y - 1}l-4 -6h8z")


def title_of(changes: Changes) -> str:
    """Returns the title of changes."""
    return f"Images that moved between {changes.since} and {changes.until}"


def summary_of(changes: Changes) -> str:
    """Returns how many images there are, and how many of them moved."""
    moved = sum(image.has_moved for image in changes.images)
    failed = f"; {len(changes.failed)} could not be looked up" if changes.failed else ""
    return f"{moved} of {len(changes.images)} images moved{failed}"


def _tooltip(image: ImageMoves, interval: Interval) -> str:
    returned = f"\nreturned; it had left at {interval.returned}" if interval.returned else ""
    pinned = "\npinned" if interval.digest in image.pinned else ""
    return f"{image.image}\n{interval.digest}\nmoved at {interval.updated_at}{returned}{pinned}"


def _shortened(image: str) -> str:
    most = int((LABELS - 2 * MARGIN) / LETTER)
    return image if len(image) <= most else f"…{image[-most + 1 :]}"
