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

    assert done.status == 2
    assert done.err.startswith("cgr-images: deploy/bad.yaml is not YAML")
    assert "2 files changed" in done.out


def test_one_image_without_an_answer_changes_no_file(cgr: Command) -> None:
    (cgr.folder / "deploy/new.yaml").write_text("image: cgr.dev/chainguard/python:no-such-tag\n")

    done = cgr("pin", "deploy")

    assert done.status == 2
    assert "deploy/new.yaml:1: cgr.dev/chainguard/python:no-such-tag" in done.err
    assert content(cgr) == FILES


def test_strict_fails_while_an_image_is_skipped_that_no_comment_names(cgr: Command) -> None:
    loose = cgr("pin", "deploy", "--at", "2024-06-01")
    strict = cgr("pin", "deploy", "--at", "2024-06-01", "--strict", "--check")

    assert (loose.status, strict.status) == (0, 3)
    assert strict.err == "cgr-images: 1 skipped, which --strict does not allow.\n"
    dockerfile = cgr.folder / "deploy/Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("FROM cgr.dev/chainguard/go", "# cgr-images: ignore\nFROM cgr.dev/chainguard/go")
    )
    assert cgr("pin", "deploy", "--at", "2024-06-01", "--strict").status == 0


def test_of_several_exit_statuses_the_worst_is_returned(cgr: Command) -> None:
    (cgr.folder / "deploy/bad.yaml").write_text(f"image: [{PYTHON}\n")

    assert cgr("pin", "deploy", "--check", "--strict").status == 2
    assert cgr("pin", "deploy", "--check", "--strict", "--exclude", "bad.yaml").status == 3
    assert cgr("pin", "deploy", "--check", "--exclude", "bad.yaml").status == 1


def test_a_chart_template_fails_only_where_it_is_named(cgr: Command) -> None:
    template = cgr.folder / "chart/templates/web.yaml"
    template.parent.mkdir(parents=True)
    template.write_text(f"a: {{{{ x }}}}\n{{{{ if y }}}}\nimage: {PYTHON}\n")

    folder, named = cgr("pin", "chart"), cgr("pin", template)

    assert (folder.status, folder.err) == (0, "")
    assert f"chart/templates/web.yaml:3  {PYTHON}  skipped" in folder.out
    assert named.status == 2


def test_exclude_takes_patterns_and_digests(cgr: Command) -> None:
    done = cgr("pin", ".", "--at", "2024-06-01", "--exclude", "notes", "--exclude", "Dockerfile", "--exclude", JUNE)

    assert done.status == 0
    changed = content(cgr)
    assert [path for path, text in changed.items() if text != FILES[path]] == ["deploy/pod.yaml"]
    assert JUNE not in changed["deploy/pod.yaml"]
    assert "neither a pattern nor a digest" in cgr("pin", ".", "--exclude", JUNE.removeprefix("sha256:")).err
    assert cgr("pin", ".", "--exclude", "sha256:abc").status == 2


def test_what_git_ignores_is_left_out_unless_it_is_asked_for(cgr: Command) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=cgr.folder, check=True)
    (cgr.folder / ".gitignore").write_text("/notes/\n")

    assert cgr("pin", ".", "--check", "--json").json["files"] == ["deploy/Dockerfile", "deploy/pod.yaml"]
    assert len(cgr("pin", ".", "--check", "--json", "--no-ignore").json["files"]) == 3
    assert cgr("pin", "notes", "--check", "--json").json["files"] == ["notes/pod.yaml"]


def test_an_empty_path_is_refused(cgr: Command) -> None:
    done = cgr("pin", "")

    assert done.status == 2
    assert "paths holds an empty path" in done.err
    assert content(cgr) == FILES


@pytest.mark.parametrize("name", ["notes.txt", "program.py"])
def test_a_named_file_of_another_kind_is_told(name: str, cgr: Command) -> None:
    (cgr.folder / name).write_text(f"x = '{PYTHON}'\n")

    named, matched = cgr("pin", name), cgr("pin", ".", "--pattern", name)

    assert (named.status, matched.status) == (2, 2)
    assert named.err == matched.err == f"cgr-images: {name} is neither YAML, JSON nor a Dockerfile; not read\n"
    assert "is neither" not in cgr("pin", ".", "--check").err


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
