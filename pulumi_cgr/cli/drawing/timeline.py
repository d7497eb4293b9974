# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""When a tag moved, drawn with characters."""

from __future__ import annotations

from collections import Counter

from rich.text import Text

from ...resolver import Instant, Interval, Timeline
from ..signs import fit
from .axis import ticks

STYLES = {"chosen": "bold green", "current": "bold cyan", "returned": "magenta", "cut_off": "yellow", "young": "dim"}
ROOM_OF_A_DATE = 14
NARROWEST = 20


def timeline(past: Timeline, width: int) -> list[Text]:
    """Returns the lines of a timeline.

    Args:
        past: what is to be drawn; it has at least one stay.
        width: how many columns there are.
    """
    scale = _Scale(past, max(width, NARROWEST))
    lines = [_pointer(scale, *label) for label in _above(past)]
    lines.append(_line(past, scale))
    lines += [_pointer(scale, *label) for label in _below(past)]
    lines += [*_axis(past, scale), *(Text(line, "dim") for line in _legend(past, scale))]
    for line in lines:
        line.plain = fit(line.plain)
    return lines


class _Scale:
    """Where an instant is on a line."""

    def __init__(self, past: Timeline, width: int) -> None:
        self.width = width
        self._begin, self._duration = past.begin, max(past.end - past.begin, 1)

    def column(self, instant: Instant) -> int:
        """Returns the column of an instant, the nearest one for an instant outside."""
        return min(max((instant - self._begin) * (self.width - 1) // self._duration, 0), self.width - 1)


Label = tuple[Instant, str, str, str]
"""A pointer at an instant: its place, the pointer, the text, the style."""


def _above(past: Timeline) -> list[Label]:
    labels: list[Label] = []
    if past.cut_off and is_cut(past):
        labels.append((past.cut_off, "┊", cut_off_text(past), STYLES["cut_off"]))
    chosen = next((interval for interval in past.intervals if past.is_chosen(interval)), None)
    if chosen:
        labels.append((chosen.updated_at, "▼", f"chosen: {short(chosen.digest)}", STYLES["chosen"]))
    return labels


def _below(past: Timeline) -> list[Label]:
    current = next((interval for interval in past.intervals if past.is_current(interval)), None)
    return [(current.updated_at, "▲", f"current: {short(current.digest)}", STYLES["current"])] if current else []


def is_cut(past: Timeline) -> bool:
    """Whether the instant up to which builds count is in the picture."""
    return past.cut_off is not None and past.begin <= past.cut_off <= past.end


def cut_off_text(past: Timeline) -> str:
    """Returns what is said at the instant up to which builds count."""
    rule = past.query.rule.to_dict()
    return f"min_age {rule['min_age']}: builds up to here count" if past.query.rule.min_age else f"at {past.cut_off}"


def short(digest: str) -> str:
    """Returns the beginning of a digest, for a label."""
    return f"{digest[:19]}…"


def _pointer(scale: _Scale, instant: Instant, pointer: str, text: str, style: str) -> Text:
    column = scale.column(instant)
    if column + 2 + len(text) <= scale.width:
        return Text(" " * column).append(f"{pointer} {text}", style)
    return Text(" " * max(column - 1 - len(text), 0)).append(f"{text} {pointer}"[-column - 1 :], style)


def _line(past: Timeline, scale: _Scale) -> Text:
    moves = Counter(scale.column(interval.updated_at) for interval in _moves(past))
    returned = {scale.column(interval.updated_at) for interval in _moves(past) if interval.returned}
    cut_off = scale.column(past.cut_off) if past.cut_off and is_cut(past) else None
    line = Text()
    for column in range(scale.width):
        young = cut_off is not None and column > cut_off
        style = STYLES["returned"] if column in returned else STYLES["young"] if young else ""
        if column == cut_off and not moves[column]:
            line.append("┊", STYLES["cut_off"])
        else:
            line.append(_sign(moves[column], column in returned), style)
    return line


def _moves(past: Timeline) -> list[Interval]:
    return [interval for interval in past.intervals if interval.updated_at >= past.begin]


def _sign(moves: int, returned: bool) -> str:
    if moves > 1:
        return str(moves) if moves < 10 else "+"
    return "─" if not moves else "↺" if returned else "●"


def _axis(past: Timeline, scale: _Scale) -> list[Text]:
    marks, texts = [" "] * scale.width, ""
    for instant, text in ticks(past.begin, past.end, scale.width // ROOM_OF_A_DATE):
        column = scale.column(instant)
        if column >= len(texts) and column + len(text) <= scale.width:
            marks[column] = "╵"
            texts = f"{texts:{column}}{text}  "
    return [Text("".join(marks), "dim"), Text(texts, "dim")]


def _legend(past: Timeline, scale: _Scale) -> list[str]:
    line = _line(past, scale).plain
    signs = {
        "●": "moved",
        "↺": "returned to an earlier digest",
        "2–9": "moved that often",
        "+": "ten times or more",
    }
    there = {"●": "●" in line, "↺": "↺" in line, "2–9": any(c.isdigit() for c in line), "+": "+" in line}
    lines: list[str] = []
    for text in (f"{sign} {text}" for sign, text in signs.items() if there[sign]):
        if lines and len(f"{lines[-1]}   {text}") <= scale.width:
            lines[-1] = f"{lines[-1]}   {text}"
        else:
            lines.append(text)
    return lines
