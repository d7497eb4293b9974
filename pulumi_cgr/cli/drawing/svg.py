# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""When a tag moved, drawn as SVG: a band of builds over an axis of time, readable on a light and on a dark page."""

from __future__ import annotations

from ..._bridge import humanize_duration
from ...resolver import Instant, Timeline
from .axis import ticks
from .bands import MANY, NARROWEST, Band, bands_of, places_of_instants, tooltip
from .canvas import Canvas
from .svg_style import style
from .timeline import cut_off_text, is_cut, short

WIDTH, MARGIN = 1200, 40
TITLE, SUBTITLE = 42, 66
CUT_OFF, CHOSEN, BAND, CURRENT = 98, 140, 168, 238
AXIS, DATES, LEGEND, HEIGHT = 264, 284, 322, 346
BAND_HEIGHT, ARC = 52, 34
"""Where things are from above, and how high they are, in pixels."""
LETTER, BOLD_LETTER, DIGIT, TITLE_LETTER = 7.0, 8.0, 6.7, 12.5
"""How wide a letter is at most in a label, in a bold one, in a digest and in the title, in pixels."""
INSTANT = 10
"""How far a build of no duration rises above the others, in pixels."""
ROOM_OF_A_DATE = 110


def drawing(past: Timeline) -> str:
    """Returns the timeline of a tag as an SVG document."""
    return _Drawing(past).text()


class _Drawing:
    def __init__(self, past: Timeline) -> None:
        self._past = past
        self._begin, self._duration = past.begin, max(past.end - past.begin, 1)
        self._canvas = Canvas(WIDTH, HEIGHT)
        self._add, self._label = self._canvas.add, self._canvas.label
        self._bands = bands_of(past, self._x)

    def text(self) -> str:
        """Draws, from the back to the front."""
        past = self._past
        self._add("title").text = f"When {past.image} moved, from {past.begin} to {past.end}"
        self._add("style").text = style()
        self._add("rect", class_="page", width=WIDTH, height=HEIGHT, rx=8)
        self._label(MARGIN, TITLE, _shortened(past.image), "title")
        self._label(MARGIN, SUBTITLE, _summary(past), "quiet")
        self._axis()
        for band in self._bands:
            self._build(band)
        self._cut_off()
        for band in self._bands:
            if band.is_marked:
                self._build(band)  # in front of what is too young
        for band, left in places_of_instants(self._bands):
            self._rect(band, left, NARROWEST, BAND - INSTANT, BAND_HEIGHT + INSTANT)
        self._pins()
        self._legend()
        return self._canvas.text()

    def _x(self, instant: Instant) -> float:
        share = (instant - self._begin) / self._duration
        return MARGIN + min(max(share, 0), 1) * (WIDTH - 2 * MARGIN)

    def _axis(self) -> None:
        self._add("path", class_="axis", d=f"M{MARGIN} {AXIS}H{WIDTH - MARGIN}")
        half = ROOM_OF_A_DATE / 2
        for instant, text in ticks(self._begin, self._past.end, (WIDTH - 2 * MARGIN) // ROOM_OF_A_DATE):
            x = self._x(instant)
            self._add("path", class_="axis", d=f"M{x:.1f} {AXIS}v6")
            self._label(min(max(x, half), WIDTH - half), DATES, text, "quiet date", "middle")

    def _build(self, band: Band) -> None:
        gap = 1 if band.right - band.left > NARROWEST else 0
        width = max(band.right - band.left - gap, 0.8)
        if not band.is_instant:
            self._rect(band, band.left, width, BAND, BAND_HEIGHT)
        only = band.intervals[0]
        name = only.digest.partition(":")[2][:8]
        if len(band.intervals) == 1 and width > len(name) * DIGIT + 6:
            kind = "digest light" if band.is_marked else "digest"
            self._label((band.left + band.right) / 2, BAND + BAND_HEIGHT / 2 + 4, name, kind, "middle")
        if only.returned and len(self._past.intervals) <= MANY:
            self._arc(self._x(only.returned), band.left)

    def _rect(self, band: Band, left: float, width: float, top: int, height: int) -> None:
        corner = min(2.0, width / 4)
        rect = self._add("rect", x=left, y=top, width=width, height=height, class_=band.kind, rx=corner)
        self._add("title", rect).text = tooltip(self._past, band)

    def _arc(self, left: float, right: float) -> None:
        if right > MARGIN:
            middle = (left + right) / 2
            self._add(
                "path", class_="arc", d=f"M{left:.1f} {BAND - 2}Q{middle:.1f} {BAND - ARC} {right:.1f} {BAND - 2}"
            )

    def _cut_off(self) -> None:
        past = self._past
        if not past.cut_off or not is_cut(past):
            return
        x, right = self._x(past.cut_off), WIDTH - MARGIN
        self._add("rect", class_="young", x=x, y=BAND - 1, width=right - x, height=BAND_HEIGHT + 2)
        self._add("path", class_="cut", d=f"M{x:.1f} {CUT_OFF + 6}V{AXIS}")
        self._beside(x, CUT_OFF, cut_off_text(past), "cut-text", "middle")

    def _pins(self) -> None:
        past = self._past
        instants = {id(band): left + NARROWEST / 2 for band, left in places_of_instants(self._bands)}
        for band in self._bands:
            # The tip is on the build, near the instant at which the tag moved there.
            x = instants.get(id(band), min(band.left + 6, (band.left + band.right) / 2))
            interval = band.intervals[0]
            if band.kind == "chosen":
                what = "chosen, and current" if past.is_current(interval) else "chosen"
                tip = BAND - 4 - (INSTANT if band.is_instant else 0)
                self._add("path", class_="chosen", d=f"M{x:.1f} {tip}l-6 -11h12z")
                self._beside(x, CHOSEN, f"{what}: {short(interval.digest)}", "chosen-text", "end")
            elif band.kind == "current":
                y = BAND + BAND_HEIGHT + 4
                self._add("path", class_="current", d=f"M{x:.1f} {y}l-6 11h12z")
                self._beside(x, CURRENT, f"current: {short(interval.digest)}", "current-text", "end")

    def _beside(self, x: float, y: float, text: str, kind: str, anchor: str) -> None:
        """Writes a label at a place on the axis, on the side where there is room for it."""
        width = len(text) * BOLD_LETTER
        if anchor == "middle":
            x = min(max(x, MARGIN + width / 2), WIDTH - MARGIN - width / 2)
        elif x - 12 - width > MARGIN:
            x -= 12
        else:
            x, anchor = x + 12, "start"
        # Its background is a text of its own, because not every renderer draws the outline of a text behind it.
        self._label(x, y, text, "halo", anchor).set("aria-hidden", "true")
        self._label(x, y, text, kind, anchor)

    def _legend(self) -> None:
        past, x = self._past, float(MARGIN)
        entries = [
            ("even", "a build, as long as the tag stood there", True),
            ("chosen", "what the rule takes", any(map(past.is_chosen, past.intervals))),
            ("current", "what is deployed", any(past.is_current(s) and not past.is_chosen(s) for s in past.intervals)),
            ("returned", "a return to an earlier digest", any(interval.returned for interval in past.intervals)),
            ("young-key", "too young, or later than asked for", is_cut(past)),
        ]
        for kind, text, there in entries:
            if there:
                self._add("rect", class_=kind, x=x, y=LEGEND - 11, width=14, height=14, rx=2)
                self._label(x + 21, LEGEND + 1, text, "quiet")
                x += 21 + len(text) * LETTER + 14


def _summary(past: Timeline) -> str:
    active = sorted(past.active_nanoseconds(interval) for interval in past.intervals if interval.until)
    median = f"; half of them stood for less than {humanize_duration(active[len(active) // 2])}" if active else ""
    builds = f"{len(past.intervals)} build{'s' * (len(past.intervals) != 1)}"
    return f"{builds} from {past.begin} to {past.end}{median}"


def _shortened(image: str) -> str:
    most = int((WIDTH - 2 * MARGIN) / TITLE_LETTER)
    return image if len(image) <= most else f"{image[: most - 1]}…"
