# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""When a tag moved, drawn as SVG: a band of builds over an axis of time, readable on a light and on a dark page."""

from __future__ import annotations

from xml.etree import ElementTree

from ..._bridge import humanize_duration
from ...resolver import Instant, Interval, Timeline
from .axis import ticks
from .svg_style import style
from .timeline import cut_off_text, is_cut, short

WIDTH, MARGIN = 1200, 40
TITLE, SUBTITLE = 42, 66
CUT_OFF, CHOSEN, BAND, CURRENT = 98, 140, 168, 238
AXIS, DATES, LEGEND, HEIGHT = 264, 284, 322, 346
BAND_HEIGHT, ARC = 52, 34
"""How high things stand and are, from above, in pixels."""
LETTER, DIGIT = 7.0, 6.7
"""How wide a letter of a label is at most, and one of a digest, in pixels."""
ROOM_OF_A_DATE = 110


def drawing(past: Timeline) -> str:
    """Returns the timeline of a tag as an SVG document."""
    return _Drawing(past).text()


class _Drawing:
    def __init__(self, past: Timeline) -> None:
        self._past = past
        self._begin, self._duration = past.begin, max(past.end - past.begin, 1)
        view = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "width": str(WIDTH), "height": str(HEIGHT), "role": "img"}
        self._root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **view})

    def text(self) -> str:
        """Draws, from the back to the front."""
        past = self._past
        self._add("title").text = f"When {past.image} moved, from {past.begin} to {past.end}"
        self._add("style").text = style()
        self._add("rect", class_="page", width=WIDTH, height=HEIGHT, rx=8)
        self._label(MARGIN, TITLE, past.image, "title")
        self._label(MARGIN, SUBTITLE, _summary(past), "quiet")
        self._axis()
        for number, interval in enumerate(past.intervals):
            self._build(number, interval)
        self._cut_off()
        for number, interval in enumerate(past.intervals):
            if past.is_current(interval) or past.is_chosen(interval):
                self._build(number, interval)  # before what is too young
        self._pins()
        self._legend()
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"

    def _x(self, instant: Instant) -> float:
        share = (instant - self._begin) / self._duration
        return MARGIN + min(max(share, 0), 1) * (WIDTH - 2 * MARGIN)

    def _add(self, kind: str, parent: ElementTree.Element | None = None, **attributes: object) -> ElementTree.Element:
        written = {
            name.rstrip("_").replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
            for name, value in attributes.items()
        }
        return ElementTree.SubElement(self._root if parent is None else parent, kind, written)

    def _label(self, x: float, y: float, text: str, kind: str, anchor: str = "start") -> None:
        self._add("text", x=x, y=y, class_=kind, text_anchor=anchor).text = text

    def _axis(self) -> None:
        self._add("path", class_="axis", d=f"M{MARGIN} {AXIS}H{WIDTH - MARGIN}")
        half = ROOM_OF_A_DATE / 2
        for instant, text in ticks(self._begin, self._past.end, (WIDTH - 2 * MARGIN) // ROOM_OF_A_DATE):
            x = self._x(instant)
            self._add("path", class_="axis", d=f"M{x:.1f} {AXIS}v6")
            self._label(min(max(x, half), WIDTH - half), DATES, text, "quiet date", "middle")

    def _build(self, number: int, interval: Interval) -> None:
        left, right = self._x(interval.updated_at), self._x(interval.until or self._past.end)
        kind = "chosen" if self._past.is_chosen(interval) else "current" if self._past.is_current(interval) else ""
        kind = kind or ("returned" if interval.returned else ("even", "odd")[number % 2])
        gap = 1 if right - left > 3 else 0
        group = self._add("g", class_="build")
        self._add("title", group).text = _tooltip(self._past, interval)
        width = max(right - left - gap, 0.8)
        self._add("rect", group, x=left, y=BAND, width=width, height=BAND_HEIGHT, class_=kind, rx=min(2.0, width / 4))
        name = interval.digest.partition(":")[2][:8]
        if width > len(name) * DIGIT + 6:
            label = self._add("text", group, x=(left + right) / 2, y=BAND + BAND_HEIGHT / 2 + 4, text_anchor="middle")
            label.set("class", "digest light" if kind in ("chosen", "current") else "digest")
            label.text = name
        if interval.returned:
            self._arc(self._x(interval.returned), left)

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
        for interval in past.intervals:
            x = self._x(interval.updated_at) + 6  # what counts is when the tag moved there
            if past.is_chosen(interval):
                what = "chosen, and current" if past.is_current(interval) else "chosen"
                self._add("path", class_="chosen", d=f"M{x:.1f} {BAND - 4}l-6 -11h12z")
                self._beside(x, CHOSEN, f"{what}: {short(interval.digest)}", "chosen-text", "end")
            elif past.is_current(interval):
                y = BAND + BAND_HEIGHT + 4
                self._add("path", class_="current", d=f"M{x:.1f} {y}l-6 11h12z")
                self._beside(x, CURRENT, f"current: {short(interval.digest)}", "current-text", "end")

    def _beside(self, x: float, y: float, text: str, kind: str, anchor: str) -> None:
        """Writes a label at a place on the axis, on the side where there is room for it."""
        width = len(text) * LETTER
        if anchor == "middle":
            self._label(min(max(x, MARGIN + width / 2), WIDTH - MARGIN - width / 2), y, text, kind, anchor)
        elif x - 12 - width > MARGIN:
            self._label(x - 12, y, text, kind, "end")
        else:
            self._label(x + 12, y, text, kind)

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


def _tooltip(past: Timeline, interval: Interval) -> str:
    lines = [interval.digest, f"moved at {interval.updated_at}"]
    lines.append(
        f"stood for {humanize_duration(past.active_nanoseconds(interval))}{'' if interval.until else ' so far'}"
    )
    return "\n".join([*lines, *([f"returned; it had left at {interval.returned}"] if interval.returned else [])])
