# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images pin`."""

from __future__ import annotations

import subprocess

import pytest

from pulumi_cgr.testing import Histories, Registry

from .command import Command

PYTHON = "cgr.dev/chainguard/python:latest-dev"
JUNE = "sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675"
OLD = "sha256:f7f6bb2206231aeaeb047d42747ae3d08a102fbcd5b1b9bb8e5809ad34562970"
POD = f"kind: Pod\r\nspec:\r\n  containers:\r\n  - image: {PYTHON} # of today"
FILES = {
    "deploy/pod.yaml": POD,
    "deploy/Dockerfile": f"FROM {PYTHON}@{OLD}\nFROM cgr.dev/chainguard/go@{OLD}\nFROM debian\n",
    "notes/pod.yaml": f"image: {PYTHON}\n",
}


@pytest.fixture
def cgr(cgr: Command) -> Command:
    for path, content in FILES.items():
        file = cgr.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content.encode())
    return cgr


def content(cgr: Command) -> dict[str, str]:
    return {path: (cgr.folder / path).read_bytes().decode() for path in FILES}


def test_it_pins_what_is_in_the_files_and_nothing_else(cgr: Command) -> None:
    done = cgr("pin", "deploy", "--at", "2024-06-01")

    assert (done.status, done.err) == (0, "")
    assert content(cgr) == {
        "deploy/pod.yaml": POD.replace(PYTHON, f"{PYTHON}@{JUNE}"),
        "deploy/Dockerfile": FILES["deploy/Dockerfile"].replace(f"{PYTHON}@{OLD}", f"{PYTHON}@{JUNE}"),
        "notes/pod.yaml": FILES["notes/pod.yaml"],
    }
    assert done.out.endswith("1 pinned, 1 updated, 0 unchanged, 1 skipped; 2 files changed\n")
    again = cgr("pin", "deploy", "--at", "2024-06-01")
    assert again.out.endswith("0 pinned, 0 updated, 2 unchanged, 1 skipped; 0 files changed\n")


def test_check_writes_nothing_and_fails_while_there_is_something_to_do(cgr: Command) -> None:
    before = cgr("pin", "deploy", "--at", "2024-06-01", "--check")

    assert before.status == 1
    assert "2 files would change" in before.out
    assert content(cgr) == FILES
    cgr("pin", "deploy", "--at", "2024-06-01")
    assert cgr("pin", "deploy", "--at", "2024-06-01", "--check").status == 0


def test_the_diff_can_be_applied(cgr: Command) -> None:
    done = cgr("pin", "deploy", "--at", "2024-06-01", "--check", "--diff", "--json")
    pinned = cgr("pin", "deploy", "--at", "2024-06-01")
    wanted = content(cgr)
    for path, text in FILES.items():
        (cgr.folder / path).write_bytes(text.encode())

    subprocess.run(["git", "apply"], input=done.json["diff"].encode(), cwd=cgr.folder, check=True)

    assert pinned.status == 0
    assert content(cgr) == wanted


def test_patterns_choose_the_files_of_a_folder(cgr: Command) -> None:
    cgr("pin", ".", "--pattern", "notes/*.yaml")

    assert [path for path, text in content(cgr).items() if text != FILES[path]] == ["notes/pod.yaml"]


def test_json_is_the_report(cgr: Command) -> None:
    report = cgr("pin", "deploy", "--at", "2024-06-01", "--json").json

    assert report["changed"]
    assert report["files"] == ["deploy/Dockerfile", "deploy/pod.yaml"]
    first, left, pod = report["images"]
    assert (first["file"], first["line"], first["status"]) == ("deploy/Dockerfile", 1, "updated")
    assert (first["old_digest"], first["new_digest"]) == (OLD, JUNE)
    assert left["status"] == "skipped"
    assert pod["new_updated_at"] == "2024-06-01T00:00:00Z"


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_pinned(cgr: Command) -> None:
    (cgr.folder / "deploy/bad.yaml").write_text(f"image: [{PYTHON}\n")

    done = cgr("pin", "deploy")

    assert done.status == 1
    assert done.err.startswith("cgr-images: deploy/bad.yaml is not YAML")
    assert "2 files changed" in done.out


def test_one_image_without_an_answer_changes_no_file(cgr: Command) -> None:
    (cgr.folder / "deploy/new.yaml").write_text("image: cgr.dev/chainguard/python:no-such-tag\n")

    done = cgr("pin", "deploy")

    assert done.status == 1
    assert "deploy/new.yaml:1: cgr.dev/chainguard/python:no-such-tag" in done.err
    assert content(cgr) == FILES


def test_a_terminal_shows_lines_colours_and_the_diff(cgr: Command, recorded: Histories) -> None:
    with Registry(recorded, delay=0.3) as slow:
        cgr.registry = slow.url
        shown = cgr.on_a_terminal("pin", "deploy", "--at", "2024-06-01", "--diff").out

    assert "Looking up" in shown
    assert f"\x1b[32m+  - image: {PYTHON}@{JUNE} # of today" in shown
    assert f"deploy/pod.yaml:4  {PYTHON}  \x1b[32mpinned" in shown
    assert f"  → {JUNE}  2024-06-01T00:00:00Z" in shown


def test_a_terminal_does_not_obey_what_stands_in_a_file(cgr: Command) -> None:
    (cgr.folder / "a.yaml").write_text('image: "cgr.dev/chainguard/web\\e]0;title:1"\n')

    assert "chainguard/web\ufffd]0;title:1" in cgr.on_a_terminal("pin", "a.yaml").out


def test_an_output_that_is_not_utf_8_gets_escapes(cgr: Command) -> None:
    cgr.environ["PYTHONIOENCODING"] = "ascii"
    (cgr.folder / "é→.yaml").write_text(f"image: {PYTHON}\n")

    assert cgr("pin", "--check", "é→.yaml").out.splitlines()[1].startswith(r"\xe9\u2192.yaml:1")
    assert cgr("pin", "--check", "é→.yaml", "--json").json["files"] == ["é→.yaml"]
