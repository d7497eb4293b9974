# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmarks work at a small size, and docs/maintaining/performance.md shows the recorded numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .bench import __main__ as bench
from .bench import page, plots
from .bench.measure import Check, Cost, Plot, Row
from .bench.numbers import Numbers
from .bench.work import changes, files, history, memory, platforms, reading, signed

FEW, MANY = Cost(0.125, 2, 1943), Cost(0.75, 3, 1_340_000)
NUMBERS = Numbers(
    {"CPUs": "2"},
    [
        Row("the digest", "curl", [Check("≥ 50× fewer bytes", "690×", True), Check("", "6×", None)], FEW, MANY),
        Row("the import", "requests", [Check("≤ 1.15× the time", "1.20×", False)], Cost(2), Cost(1), "in dataclasses"),
    ],
    [Plot("images", "images", {"ours": [(1, FEW), (10, MANY)], "theirs": [(1, MANY)]})],
)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not on PATH")
def test_both_ways_to_a_digest_are_measured(tmp_path: Path) -> None:
    part = history.part(tmp_path, records=(100, 1000), repeat=1)

    first = part.rows[0]
    assert [check.goal for check in first.checks] == ["≥ 50× fewer bytes", "fewer requests"]
    assert all(check.met for check in first.checks)
    assert (first.ours.requests, first.theirs.requests) == (2, 3)  # a page of 1,000 may have been cut
    assert all(len(curve) == 2 for curve in part.plots[0].curves.values())


@pytest.mark.skipif(not shutil.which("cosign"), reason="cosign is not on PATH")
def test_verifying_is_measured_against_a_loop_of_cosign(tmp_path: Path) -> None:
    (row,) = signed.part(tmp_path, images=3).rows

    assert row.ours.requests == 15
    assert row.checks[1].met
    assert row.theirs.requests == 15


def test_an_image_for_a_platform_costs_three_requests(tmp_path: Path) -> None:
    (row,) = platforms.part(tmp_path, images=3, repeat=1).rows

    assert row.ours.requests == 9
    assert row.checks[1].met


def test_memory_is_bounded_by_what_is_read(tmp_path: Path) -> None:
    (row,) = memory.part(tmp_path, short=100, long=2000).rows

    assert row.checks[0].met
    assert row.ours == row.theirs


def test_pinning_many_files_costs_two_requests_an_image(tmp_path: Path) -> None:
    pinned, memory_of = files.part(tmp_path, files=20, images=4).rows

    assert pinned.checks[0].met
    assert pinned.ours.requests == 8
    assert memory_of.checks[0].met


def test_listing_the_moves_of_images_costs_two_requests_an_image(tmp_path: Path) -> None:
    (row,) = changes.part(tmp_path, images=4).rows

    assert row.checks[0].met
    assert row.ours.requests == 8


def test_reading_is_held_against_the_parser_alone(tmp_path: Path) -> None:
    rows = reading.part(tmp_path, sizes=(10_000, 20_000)).rows

    assert [row.work for row in rows][:2] == [
        "reading 0.01 MB of YAML, Pods with an image each",
        "reading 0.02 MB of YAML, Pods with an image each",
    ]
    assert all(check.goal == "≤ 3× the time" for row in rows for check in row.checks)


def test_the_page_shows_what_was_measured_and_what_was_missed(tmp_path: Path) -> None:
    bench.write(NUMBERS, tmp_path)

    text = (tmp_path / "performance.md").read_text()
    assert "| the digest | curl | ≥ 50× fewer bytes<br> | 690×<br>6× | yes<br> | 2 : 3 | 1.9 kB : 1.34 MB |" in text
    assert "| the import | requests | ≤ 1.15× the time | 1.20× | **no** |  |  |" in text
    assert "### Missed: the import, against requests\n\nin dataclasses\n" in text
    assert "![time and bytes by images](performance/images.svg)" in text
    drawn = (tmp_path / "performance/images.svg").read_bytes()
    assert all(way in drawn for way in (b"ours", b"theirs"))
    assert drawn == plots.drawn(NUMBERS.plots[0])
    assert Numbers.load(tmp_path / "performance/numbers.json") == NUMBERS


def test_the_page_is_that_of_the_recorded_numbers() -> None:
    recorded = bench.DOCS / page.PLOTS / "numbers.json"
    if not recorded.exists():
        pytest.skip("nothing is recorded yet: run `make bench`")

    assert (bench.DOCS / "performance.md").read_text() == page.rendered(Numbers.load(recorded)), "run `make bench`"
