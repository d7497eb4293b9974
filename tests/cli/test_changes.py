# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images changes`: which images moved between two instants, as text, JSON, a drawing and a page."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry
from tests.support.attestations import REAL, configuration, publish

from .command import Command

NOW = Instant.parse("2026-08-25T12:00:00Z")
PHP, WEB, OLD, NEW = (f"cgr.dev/chainguard/{name}" for name in ("php:latest-fpm", "web:1", "old:1", "new:1"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def registry() -> Iterator[Registry]:
    """An image that moved on Monday night, one that moved twice and back before, one that did not, and a new one."""
    old, new = (build["config"] for build in REAL["php-fpm"])
    with Registry({}, now=lambda: NOW.nanoseconds / 1e9) as registry:
        publish(registry, "chainguard/php:latest-fpm", old, "2026-08-16T00:00:00Z")
        publish(registry, "chainguard/php:latest-fpm", new, "2026-08-24T23:00:00Z")
        first = publish(registry, "chainguard/web:1", configuration({"curl": "1-r0"}), "2026-08-10T00:00:00Z")
        publish(registry, "chainguard/web:1", configuration({"curl": "1-r1"}), "2026-08-24T13:00:00Z")
        registry.move("chainguard/web:1", first, Instant.parse("2026-08-24T14:00:00Z"))
        publish(registry, "chainguard/old:1", configuration({"curl": "1-r0"}), "2024-01-01T00:00:00Z")
        publish(registry, "chainguard/new:1", configuration({"<b>evil</b>": "1"}), "2026-08-24T15:00:00Z")
        yield registry


@pytest.fixture
def files(cgr: Command, registry: Registry) -> Path:
    """A Compose file with the four images; php is pinned to its old build."""
    digest = registry.histories.moves("chainguard/php:latest-fpm")[0].digest
    images = [f"{PHP}@{digest}", WEB, OLD, NEW]
    lines = [f"  s{number}:\n    image: {image}\n" for number, image in enumerate(images)]
    file = cgr.folder / "compose.yaml"
    file.write_text("services:\n" + "".join(lines))
    return file


def test_the_image_that_moved_last_comes_first(cgr: Command, files: Path, registry: Registry) -> None:
    done = cgr("changes", "compose.yaml", "--since", "2026-08-24T12:00Z", "--until", "2026-08-25", "--json")

    found = done.json
    assert done.status == 0
    assert (found["since"], found["until"]) == ("2026-08-24T12:00:00Z", "2026-08-25T00:00:00Z")
    assert [(image["image"], image["builds"]) for image in found["images"]] == [(PHP, 1), (NEW, 1), (WEB, 2), (OLD, 0)]
    php, new, web, old = found["images"]
    before, after = (move.digest for move in registry.histories.moves("chainguard/php:latest-fpm"))
    assert (php["old"], php["new"], php["pinned"]) == (before, after, [before])
    assert php["moves"] == [{"digest": after, "updated_at": "2026-08-24T23:00:00Z", "returned": None}]
    assert len(php["packages"]["added"]) == 4
    assert new["old"] is None
    assert web["old"] == web["new"], "it returned"
    assert web["packages"] is None
    assert web["moves"][1]["returned"] == "2026-08-24T13:00:00Z"
    assert (old["old"], old["moves"]) == (old["new"], [])


def test_text_has_the_moves_and_the_packages(cgr: Command, files: Path) -> None:
    done = cgr("changes", "compose.yaml", "--since", "1d")

    lines = done.out.splitlines()
    assert lines[0] == "3 of 4 images moved between 2026-08-24T12:00:00Z and 2026-08-25T12:00:00Z"
    assert lines[2] == f"{PHP}  1 build"
    assert lines[3].endswith("  pinned")
    assert "    + glibc-2.43 2.43-r15" in lines
    assert any(line.endswith("2026-08-24T14:00:00Z  returned") for line in lines)


def test_the_images_of_a_lock_are_the_default(cgr: Command) -> None:
    cgr("lock", PHP, WEB)

    by_lock = cgr("changes", "--since", "1d", "--json").json
    named = cgr("changes", "--lock", "cgr.lock.json", "--since", "1d", "--json").json

    assert by_lock == named
    assert [image["image"] for image in by_lock["images"]] == [PHP, WEB]
    assert by_lock["images"][0]["pinned"] == [by_lock["images"][0]["new"]]


def test_an_image_that_cannot_be_looked_up_is_named_and_the_others_are_listed(cgr: Command, files: Path) -> None:
    with files.open("a") as file:
        file.write("  gone:\n    image: cgr.dev/chainguard/gone:1\n  young:\n    image: cgr.dev/chainguard/new:1\n")

    done = cgr("changes", "compose.yaml", "--since", "2026-08-10", "--until", "2026-08-24T14:30Z", "--json")

    assert done.status == 1
    assert [image["image"] for image in done.json["images"]] == [WEB, PHP, NEW, OLD]
    assert set(done.json["failed"]) == {"cgr.dev/chainguard/gone:1"}
    new = done.json["images"][2]
    assert (new["new"], new["warnings"]) == (None, ["the tag did not exist yet."])
    assert "cgr.dev/chainguard/gone:1: " in done.err


def test_the_time_is_known_even_if_no_image_could_be_looked_up(cgr: Command) -> None:
    (cgr.folder / "gone.yaml").write_text("image: cgr.dev/chainguard/gone:1\n")

    done = cgr("changes", "gone.yaml", "--since", "1d", "--json")

    assert done.status == 1
    assert "2024" < done.json["since"] < done.json["until"]


def test_a_tag_costs_two_requests_and_packages_are_asked_only_for_what_changed(
    cgr: Command, files: Path, registry: Registry
) -> None:
    window = ("--since", "2026-08-24T12:00Z", "--until", "2026-08-25")
    cgr("changes", "compose.yaml", *window, "--no-packages")

    paths = [request.path for request in registry.requests]
    for image in (PHP, WEB):
        name = image.removeprefix("cgr.dev/").partition(":")[0]
        assert len([path for path in paths if f"/{name}/" in path]) == 1, "and one for a token"
    assert len([path for path in paths if path == "/token"]) == 4
    registry.requests.clear()

    cgr("changes", "compose.yaml", *window)

    content = {request.path.split("/")[3] for request in registry.requests if "/manifests/" in request.path}
    assert content == {"php"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compose.yaml"], "--since"),
        (["compose.yaml", "--since", "yesterday"], "is not an instant"),
        (["compose.yaml", "--since", "3000-01-01"], "is in the future"),
        (["compose.yaml", "--since", "2026-08-02", "--until", "2026-08-01"], "is not before"),
        (["compose.yaml", "--since", "1d", "--lock", "cgr.lock.json"], "cannot be combined"),
        (["--since", "1d"], "cgr.lock.json"),
    ],
)
def test_wrong_arguments_are_errors(cgr: Command, files: Path, arguments: list[str], message: str) -> None:
    done = cgr("changes", *arguments)

    assert done.status != 0
    assert message in " ".join(done.err.split())


def test_the_drawing_has_a_row_for_each_image_and_both_instants(cgr: Command, files: Path) -> None:
    cgr("changes", "compose.yaml", "--since", "1d", "--svg", "changes.svg")

    root = ElementTree.parse(cgr.folder / "changes.svg").getroot()
    svg = "{http://www.w3.org/2000/svg}"
    assert [row.get("data-image") for row in root.iter(f"{svg}g")] == [PHP, NEW, WEB, OLD]
    marks = [text.text for text in root.iter(f"{svg}text") if text.get("class") == "cut-text"]
    assert marks == ["2026-08-24T12:00:00Z", "2026-08-25T12:00:00Z"]
    moves = {row.get("data-image"): len(row.findall(f"{svg}path")) for row in root.iter(f"{svg}g")}
    assert moves == {PHP: 1, NEW: 1, WEB: 2, OLD: 0}
    for each in root.iter(f"{svg}rect"):
        assert 0 <= float(each.get("x") or 0) <= 1200


class _Page(HTMLParser):
    """Collects the tags and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_the_page_needs_nothing_from_elsewhere(cgr: Command, files: Path) -> None:
    cgr("changes", "compose.yaml", "--since", "1d", "--html", "changes.html")

    text = (cgr.folder / "changes.html").read_text()
    page = _Page(text)
    assert page.addresses == []
    assert page.tags.count("script") == 1
    assert "b" not in page.tags, "text from the registry stays text"
    assert page.tags.count("section") == 4
    assert set(re.findall(r"https?://[^\s\"'<)]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text


@pytest.mark.skipif(CHROMIUM is None, reason="no headless browser is installed: Chromium or Chrome")
@pytest.mark.parametrize(
    ("address", "shown"),
    [("", [PHP, NEW, WEB, OLD]), ("#image=web", [WEB]), ("#package=glibc", [PHP]), ("#image=web&package=glibc", [])],
)
def test_the_filter_of_the_page_works_in_a_browser(
    cgr: Command, files: Path, tmp_path: Path, address: str, shown: list[str]
) -> None:
    cgr("changes", "compose.yaml", "--since", "1d", "--html", "changes.html")
    url = f"{(cgr.folder / 'changes.html').as_uri()}{address}"

    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}",
        "--dump-dom",
    ]
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=60, check=True)

    sections = re.findall(r'<section data-image="([^"]+)"( hidden="")?>', done.stdout)
    assert [image for image, hidden in sections if not hidden] == shown
    assert f">{len(shown)} of 4 images</output>" in done.stdout
    dimmed = re.findall(r'<g class="row other" data-image="([^"]+)"', done.stdout)
    assert set(dimmed) == {PHP, NEW, WEB, OLD} - set(shown)
