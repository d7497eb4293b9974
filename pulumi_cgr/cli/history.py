# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images history`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.table import Table
from rich.text import Text

from .._bridge import SECOND, SINCE, RuleArguments, humanize_duration, read_lock
from ..resolver import Interval, Resolver, Timeline
from . import options
from .decorators import takes_resolver, takes_rule
from .drawing.svg import drawing
from .drawing.timeline import STYLES, timeline
from .lock_path import lock_given
from .output import bar, console, is_terminal, print_json, say, show, warn, write
from .signs import fit
from .uses import own_rule

WIDE_ENOUGH = 130
"""The columns that a table of whole digests needs."""
NO_TERMINAL = 100
"""The columns of a timeline that goes to a file."""
MOVED_AT, AGE, ACTIVE = "moved at", "age", "stood"
CREATED, PLATFORMS = "built at", "platforms"
LEAST_NEEDED = (AGE, ACTIVE)
"""The columns that a narrow terminal does not show, the least needed first."""

Since = Annotated[
    str,
    typer.Option(
        metavar="TIMESTAMP|DURATION",
        help="How far back to look: an instant, or a duration before `until`, such as `90d`. The build that was current then is"
        " included.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIMESTAMP", help="The instant up to which to look. By default the present."),
]
Lock = Annotated[
    str | None,
    typer.Option(
        "--lock",
        metavar="FILE",
        help="A lock: its pin is the current one, and its rule holds if none is given. Also CGR_LOCK.",
    ),
]
Svg = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", dir_okay=False, help="Draw the timeline into this file, as SVG."),
]


@takes_rule("stale_after")
@takes_resolver()
def history(
    image: options.Image,
    since: Since = SINCE,
    until: Until = None,
    svg_file: Svg = None,
    *,
    rule: RuleArguments,
    lock_file: Lock = None,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Lists the builds of a tag with their age, how long each stood and what returned, and draws when the tag moved.

    The build that the rule takes, the pin that is deployed and the instant up to which builds count by the rule are marked.
    """
    if path := lock_given(lock_file):
        rule = _from_lock(path, image, rule, resolver)
    with bar("Reading the history") as progress:
        past = resolver.history(image, since=since, until=until, progress=progress, **rule)
    warn([*past.warnings, *_missing(past)])
    if svg_file is not None:
        write(svg_file, drawing(past))
    if as_json:
        print_json(as_dict(past))
    elif past.intervals:
        show(
            _title(past),
            "",
            _table(past),
            "",
            *timeline(past, console().width if is_terminal() else NO_TERMINAL),
        )
    if past.refusal or not past.intervals:
        say(past.refusal or f"{past.image}: the tag got no build from {past.since} to {past.end}.")
        raise typer.Exit(1)


def as_dict(past: Timeline) -> dict[str, Any]:
    """Returns the past of a tag in the shape that `--json` prints."""
    return {
        "image": past.image,
        "since": str(past.since),
        "until": str(past.until) if past.until else None,
        "now": str(past.now) if past.now else None,
        "cut_off": str(past.cut_off) if past.cut_off else None,
        "chosen": past.chosen.to_result() if past.chosen else None,
        "refusal": past.refusal,
        "current": past.current,
        "builds": [_build(past, interval) for interval in past.intervals],
        "warnings": list(past.warnings),
    }


def _from_lock(path: str, image: str, rule: RuleArguments, resolver: Resolver) -> RuleArguments:
    """Returns the rule and the pin of an image in a lock file, unless another pin is given."""
    lock = read_lock(path)
    current = rule.pop("current", None)
    query = own_rule(lock, image, rule, resolver)
    entry = lock.find(query)
    if entry is None:
        return {**rule, "current": current}
    excluded = sorted(entry.now_asked(query).rule.exclude)
    locked = cast("RuleArguments", {**entry.rule})
    return {**locked, "exclude": excluded, "current": current or entry.index_digest}


def _build(past: Timeline, interval: Interval) -> dict[str, Any]:
    age = past.age(interval)
    return {
        "digest": interval.digest,
        "updated_at": str(interval.updated_at),
        "until": str(interval.until) if interval.until else None,
        "returned": str(interval.returned) if interval.returned else None,
        "age_seconds": None if age is None else age // SECOND,
        "active_seconds": past.active_nanoseconds(interval) // SECOND,
        "chosen": past.is_chosen(interval),
        "current": past.is_current(interval),
        **_details(past, interval),
    }


def _details(past: Timeline, interval: Interval) -> dict[str, Any]:
    details = past.details.get(interval.digest)
    if details is None:
        return {}
    return {"created": str(details.created) if details.created else None, "platforms": dict(details.platforms)}


def _missing(past: Timeline) -> list[str]:
    if past.current is None or any(map(past.is_current, past.intervals)):
        return []
    return [f"{past.image}: the current digest {past.current} is not among these builds."]


def _title(past: Timeline) -> Text:
    moves = f"{len(past.intervals)} build{'s' * (len(past.intervals) != 1)} from {past.begin} to {past.end}"
    return Text.assemble((past.image, "bold"), f"\n{moves}")


def _table(past: Timeline) -> Table:
    width = console().width
    is_whole = width >= WIDE_ENOUGH
    columns = _columns(past, is_whole)
    for name in LEAST_NEEDED:
        if _width_of(columns) > width:
            del columns[name]
    if _width_of(columns) > width:
        columns[MOVED_AT] = [Text(moved_at.plain[: len("2026-01-31")]) for moved_at in columns[MOVED_AT]]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in LEAST_NEEDED else "left", no_wrap=bool(name))
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def _columns(past: Timeline, is_whole: bool) -> dict[str, list[Text]]:
    more: dict[str, list[Text]] = {CREATED: [], PLATFORMS: []} if past.details else {}
    columns: dict[str, list[Text]] = {MOVED_AT: [], AGE: [], ACTIVE: [], "digest": [], **more, "": []}
    for interval in past.intervals:
        active = f"{humanize_duration(past.active_nanoseconds(interval))}{'' if interval.until else ' +'}"
        digest = interval.digest if is_whole else fit(f"{interval.digest[:15]}…")
        row = [str(interval.updated_at), _age(past, interval), active, digest, *_told(past, interval)]
        for column, value in zip(columns.values(), [*map(Text, row), _marks(past, interval, is_whole)], strict=True):
            column.append(value)
    return columns


def _told(past: Timeline, interval: Interval) -> list[str]:
    """Returns when a build was built, and its platforms, if they were asked for."""
    if not past.details:
        return []
    details = past.details.get(interval.digest)
    created = str(details.created) if details and details.created else ""
    return [created, " ".join(sorted(details.platforms)) if details else ""]


def _width_of(columns: dict[str, list[Text]]) -> int:
    widths = [max(len(name), *(text.cell_len for text in column)) for name, column in columns.items()]
    return sum(widths) + 2 * len([width for width in widths if width]) - 2


def _age(past: Timeline, interval: Interval) -> str:
    age = past.age(interval)
    return "" if age is None else humanize_duration(age) if age >= 0 else "in the future"


def _marks(past: Timeline, interval: Interval, whole: bool) -> Text:
    marks = []
    if past.is_chosen(interval):
        marks.append(("chosen", STYLES["chosen"]))
    if past.is_current(interval):
        marks.append(("current", STYLES["current"]))
    if interval.returned:
        marks.append((f"returned, left {interval.returned}" if whole else fit("↺"), STYLES["returned"]))
    return Text(", " if whole else " ").join(Text(*mark) for mark in marks)
