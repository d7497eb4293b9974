# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images history`: the table, the timelines and the JSON say the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry

from .command import Command

WEB = "cgr.dev/chainguard/web:1"
A, B, C = ("sha256:" + 64 * letter for letter in "abc")
NOW = Instant.parse("2026-01-31T12:00:00Z")
MOVES = [
    {"updateTimestamp": "2026-01-01T00:00:00Z", "digest": A},
    {"updateTimestamp": "2026-01-11T00:00:00Z", "digest": B},
    {"updateTimestamp": "2026-01-16T06:00:00Z", "digest": A},
    {"updateTimestamp": "2026-01-29T00:00:00Z", "digest": C},
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """A tag that returned to its first build, and moved on; and one with a great many."""
    many = [
        {"updateTimestamp": str(NOW + -DAY * number // 4), "digest": f"sha256:{number:064x}"}
        for number in range(1, 301)
    ]
    histories = {"chainguard/web:1": MOVES, "chainguard/many:1": many}
    with Registry(histories, now=lambda: NOW.nanoseconds / 1e9) as registry:
        yield registry


def test_the_table_has_age_and_stay_and_what_returned(cgr: Command) -> None:
    done = cgr("history", WEB, "--since", "2026-01-05", "--min-age", "7d", "--current", B)

    lines = [re.split(r"  +", line) for line in done.out.splitlines()]
    assert lines[:2] == [[WEB], ["4 builds from 2026-01-05T00:00:00Z to 2026-01-31T12:00:00Z"]]
    assert lines[4:8] == [
        ["2026-01-01T00:00:00Z", "30 d 12 h", "10 d", A],
        ["2026-01-11T00:00:00Z", "20 d 12 h", "5 d 6 h", B, "current"],
        ["2026-01-16T06:00:00Z", "15 d 6 h", "12 d 18 h", A, "chosen, returned, left 2026-01-11T00:00:00Z"],
        ["2026-01-29T00:00:00Z", "2 d 12 h", "2 d 12 h +", C],
    ]
    assert (done.status, done.err) == (0, "")


def test_the_timeline_marks_moves_pin_choice_and_cut_off(cgr: Command) -> None:
    arguments = ["history", WEB, "--since", "2026-01-05", "--min-age", "7d", "--current", B]

    for columns in (80, 120):
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", cgr.on_a_terminal(*arguments, columns=columns).out)
        lines = shown[shown.index(WEB) :].splitlines()  # without the progress bar
        (axis,) = [line for line in lines if "●" in line and "─" in line]
        above, below = lines[: lines.index(axis)], lines[lines.index(axis) + 1 :]
        assert [axis.index(sign) for sign in "●↺┊"] == sorted(axis.index(sign) for sign in "●↺┊")
        assert next(line for line in above if "min_age 7d" in line).index("┊") == axis.index("┊")
        assert next(line for line in above if "▼" in line).index("▼") == axis.index("↺")
        assert next(line for line in below if "▲" in line).index("▲") == axis.index("●")
        assert any("2026-01-12" in line for line in below)
        assert max(map(len, lines)) <= columns


def test_json_has_every_build(cgr: Command) -> None:
    history = cgr("history", WEB, "--min-age", "7d", "--current", f"{WEB}@{B}", "--json").json

    assert history["now"] == "2026-01-31T12:00:00Z"
    assert history["cut_off"] == "2026-01-24T12:00:00Z"
    assert history["chosen"]["digest"] == A
    assert [build["digest"] for build in history["builds"]] == [A, B, A, C]
    assert history["builds"][2] == {
        "digest": A,
        "updated_at": "2026-01-16T06:00:00Z",
        "until": "2026-01-29T00:00:00Z",
        "returned": "2026-01-11T00:00:00Z",
        "age_seconds": (15 * 24 + 6) * 3600,
        "active_seconds": (12 * 24 + 18) * 3600,
        "chosen": True,
        "current": False,
    }
    assert [build["current"] for build in history["builds"]] == [False, True, False, False]


def test_a_window_has_the_build_that_stood_when_it_began(cgr: Command) -> None:
    history = cgr("history", WEB, "--since", "3d", "--until", "2026-01-20", "--json").json

    assert [build["updated_at"] for build in history["builds"]] == ["2026-01-16T06:00:00Z"]
    assert history["since"] == "2026-01-17T00:00:00Z"
    assert history["chosen"]["digest"] == C


def test_a_pin_in_the_image_is_the_current_one(cgr: Command) -> None:
    history = cgr("history", f"{WEB}@{B}", "--json").json

    assert history["image"] == WEB
    assert [build["digest"] for build in history["builds"] if build["current"]] == [B]


def test_a_pin_that_is_not_there_is_a_warning(cgr: Command) -> None:
    done = cgr("history", WEB, "--current", "sha256:" + 64 * "d")

    assert done.status == 0
    assert "warning" in done.err
    assert "is not among these builds" in done.err


def test_a_rule_that_nothing_fits_shows_the_builds_and_is_status_1(cgr: Command) -> None:
    done = cgr("history", WEB, "--min-age", "90d")

    assert done.status == 1
    assert done.err == f"cgr-images: {WEB}: no build is 90d old yet; the first will be at 2026-04-01T00:00:00Z.\n"
    assert C in done.out


def test_no_build_in_a_window_is_status_1(cgr: Command) -> None:
    done = cgr("history", WEB, "--since", "2025-01-01", "--until", "2025-02-01")

    assert (done.status, done.out) == (1, "")
    assert "the tag got no build from 2025-01-01T00:00:00Z to 2025-02-01T00:00:00Z" in done.err


@pytest.mark.parametrize("image", [WEB, "cgr.dev/chainguard/many:1"])
def test_the_drawing_has_each_build_and_no_label_upon_another(image: str, cgr: Command) -> None:
    current = B if image == WEB else f"sha256:{290:064x}"
    done = cgr("history", image, "--min-age", "7d", "--current", current, "--svg", "timeline.svg", "--json")

    drawing = ElementTree.parse(cgr.folder / "timeline.svg").getroot()
    tooltips = [title.text or "" for title in drawing.iterfind(f".//{SVG}rect/{SVG}title")]
    for build in done.json["builds"]:
        assert any(text.startswith(build["digest"]) and build["updated_at"] in text for text in tooltips)
    kinds = {each.get("class") for each in drawing.iter()}
    assert {"chosen", "current", "cut", "young"} <= kinds
    assert ("arc" in kinds) == (image == WEB)
    assert "prefers-color-scheme: dark" in (drawing.findtext(f"{SVG}style") or "")
    boxes = [_box(text) for text in drawing.iter(f"{SVG}text") if text.get("class") != "halo"]
    assert not [(one, other) for one in boxes for other in boxes if one < other and _overlap(one, other)]
    assert all(left >= 0 and right <= 1200 for left, right, _y, _text in boxes)


def test_a_drawing_replaces_the_one_before_and_leaves_nothing_else(cgr: Command) -> None:
    file: Path = cgr.folder / "timeline.svg"
    file.write_text("before")

    cgr("history", WEB, "--svg", "timeline.svg")

    assert file.read_text().startswith("<svg ")
    assert [path.name for path in cgr.folder.iterdir()] == ["timeline.svg"]


def test_a_pipe_or_a_device_is_not_replaced_by_a_drawing(cgr: Command) -> None:
    pipe: Path = cgr.folder / "pipe"
    os.mkfifo(pipe)

    done = cgr("history", WEB, "--svg", "pipe")

    assert (done.status, done.err) == (2, "cgr-images: pipe cannot be written: it is not a regular file.\n")
    assert pipe.is_fifo()


Box = tuple[float, float, float, str]


def _box(text: ElementTree.Element) -> Box:
    """Returns where a label begins and ends, at 6 pixels a letter, its height, and itself."""
    kind, said = text.get("class") or "", text.text or ""
    width = len(said) * (10 if kind == "title" else 6)
    x = float(text.get("x") or 0) - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor") or "start"]
    return x, x + width, float(text.get("y") or 0), said


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and abs(one[2] - other[2]) < 12
