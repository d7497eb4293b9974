# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The drawing of `cgr-images history --svg`: what every renderer must be able to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.cli.drawing.svg import HEIGHT, MARGIN, TITLE_LETTER, WIDTH, drawing
from pulumi_cgr.resolver import Instant, Resolver
from pulumi_cgr.testing import Registry

NOW = Instant.parse("2026-01-31T12:00:00Z")
SVG = "{http://www.w3.org/2000/svg}"
LONG = "a-name-that-goes-on-" * 10 + "and-ends"
NUMBER = 1000


def digest(number: int) -> str:
    return f"sha256:{(number + 1) * 2654435761 << 200:064x}"


def moved(days: float, number: int) -> dict[str, str]:
    return {"updateTimestamp": str(NOW + -int(days * DAY)), "digest": digest(number)}


PLAIN = [moved(30, 1), moved(20, 2), moved(15.2, 1), moved(9, 3), moved(2, 4)]
THOUSANDS: dict[str, Callable[[int], dict[str, str]]] = {
    "even": lambda number: moved(89 - 89 * number / NUMBER, number),
    "returning": lambda number: moved(89 - 89 * number / NUMBER, number % 2),
    "crowded": lambda number: moved(89 - number / 4 if number < 340 else 4 - 4 * (number - 340) / 660, number),
}


@pytest.fixture(scope="module")
def resolver() -> Iterator[Resolver]:
    histories = {f"chainguard/{name}:1": PLAIN for name in ("plain", LONG)}
    histories["chainguard/instant:1"] = [moved(30, 1), moved(10, 2), moved(10, 3), moved(10, 4), moved(0.01, 5)]
    for name, move in THOUSANDS.items():
        histories[f"chainguard/{name}:1"] = [move(number) for number in range(NUMBER)]
    with Registry(histories, now=lambda: NOW.nanoseconds / 1e9) as registry:
        yield Resolver(registry=registry.url, environment={})


def drawn(resolver: Resolver, name: str, current: int, min_age: str = "7d") -> ElementTree.Element:
    past = resolver.history(f"cgr.dev/chainguard/{name}:1", since="90d", min_age=min_age, current=digest(current))
    return ElementTree.fromstring(drawing(past))


def rects(picture: ElementTree.Element) -> list[tuple[str, float, float, str]]:
    """Returns the class, the edges and the tooltip of each rectangle that has one."""
    found = []
    for rect in picture.iter(f"{SVG}rect"):
        left, text = float(rect.get("x") or 0), rect.findtext(f"{SVG}title")
        if text:
            found.append((rect.get("class") or "", left, left + float(rect.get("width") or 0), text))
    return found


def test_a_label_on_a_busy_background_is_two_texts(resolver: Resolver) -> None:
    """CairoSVG does not know `paint-order`: the outline of a text then covers the text itself."""
    picture = drawn(resolver, "plain", 2)
    texts = [(text.get("class"), text.text) for text in picture.iter(f"{SVG}text")]
    style = picture.findtext(f"{SVG}style") or ""
    outlined = {kind for kind in ("halo", "chosen-text", "current-text", "cut-text") if f".{kind} {{ fill" in style}

    assert "paint-order" not in style
    for kind in ("chosen-text", "current-text", "cut-text"):
        (number,) = [number for number, text in enumerate(texts) if text[0] == kind]
        assert texts[number - 1] == ("halo", texts[number][1]), "its background is right behind it"
        assert not re.search(rf"{kind}[^{{}}]*{{[^}}]*stroke", style)
    assert "halo" in outlined


def test_a_long_name_ends_in_an_ellipsis_within_the_picture(resolver: Resolver) -> None:
    (title,) = [text.text or "" for text in drawn(resolver, LONG, 2).iter(f"{SVG}text") if text.get("class") == "title"]

    assert title.endswith("…")
    assert title.startswith("cgr.dev/chainguard/a-name-that-goes-on-")
    assert MARGIN + len(title) * TITLE_LETTER <= WIDTH


MARKED = {
    "plain": (2, "7d", ["chosen", "current"]),
    "instant": (3, "15d", ["chosen"]),  # with an age, the newer pin is kept
    "even": (700, "3d", ["chosen", "current"]),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_marker_stands_on_its_build(name: str, resolver: Resolver) -> None:
    current, min_age, kinds = MARKED[name]
    picture = drawn(resolver, name, current, min_age)
    tips = {path.get("class"): float((path.get("d") or "M0 ")[1:].split()[0]) for path in picture.iter(f"{SVG}path")}

    for kind in kinds:
        places = [(left, right) for each, left, right, _text in rects(picture) if each == kind]
        assert places
        assert all(left <= tips[kind] <= max(right, left + 1) for left, right in places)


def test_builds_of_one_instant_are_told_apart(resolver: Resolver) -> None:
    found = rects(drawn(resolver, "instant", 5, "12d"))

    places = {}
    for number in (2, 3, 4):
        (place,) = [(left, right) for _kind, left, right, text in found if text.startswith(digest(number))]
        places[number] = place
    assert len({left for left, _right in places.values()}) == 3
    assert all(right - left >= 3 for left, right in places.values())


@pytest.mark.parametrize("name", THOUSANDS)
def test_a_thousand_builds_are_less_than_100_kb_and_none_is_left_out(name: str, resolver: Resolver) -> None:
    past = resolver.history(f"cgr.dev/chainguard/{name}:1", since="90d", min_age="7d")
    picture = drawing(past)

    assert len(past.intervals) == NUMBER
    assert len(picture.encode()) < 100_000
    told = "\n".join(text for _kind, _left, _right, text in rects(ElementTree.fromstring(picture)))
    for interval in past.intervals:
        assert f"{interval.digest.partition(':')[2][:12]} {interval.updated_at}" in told
    assert f'height="{HEIGHT}"' in picture
