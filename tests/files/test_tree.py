# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which files are meant: paths, patterns, and symbolic links."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.files import pin_files, scan
from pulumi_cgr.resolver import InvalidArgument, MissingDependency, Resolver

from .conftest import WEB, digest

TEXT = f"image: {WEB}\n"
PINNED = f"image: {WEB}@{digest('web')}\n"


def put(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(folder: Path, *patterns: str) -> list[str]:
    return [os.path.relpath(file.path, folder) for file in scan(folder, patterns or None).files]


def test_a_folder_is_searched_for_the_formats_there_are(tmp_path: Path) -> None:
    taken = [".github/workflows/ci.yml", ".gitlab-ci.yml", ".ko.yaml", "a.yaml", "b/c.yml", "d.YAML", "e.Yml"]
    for name in taken:
        put(tmp_path / name)
    docker = [
        *("Containerfile", "Dockerfile", "app/Dockerfile.dev", "app/web.Dockerfile", "app/x.dockerfile"),
        *(
            "Dockerfile-dev",
            "api.Dockerfile.dev",
            "dockerfile",
            "Dockerfile_arm",
            "DOCKERFILE.arm",
            "web.containerfile",
        ),
    ]
    for name in docker:
        put(tmp_path / name, f"FROM {WEB}\n")
    for name in ("Makefile", "lib.mk", "run.sh", ".env", "x.env", ".env.local", "web.container", "Earthfile", "a.toml"):
        put(tmp_path / name, f"X={WEB}\n")
        taken.append(name)
    for name in ("main.tf", "prod.tfvars", "docker-bake.hcl", "job.nomad"):
        put(tmp_path / name, f'x = "{WEB}"\n')
        taken.append(name)
    for name in (
        "a.txt",
        "a.yaml.bak",
        ".git/a.yaml",
        "node_modules/x/a.yaml",
        "Dockerfile.md",
        "Dockerfile.dockerignore",
    ):
        put(tmp_path / name)
    for name in ("a.json", "dockerfile.py", "Dockerfile.bak", "Dockerfile~", "test_dockerfile.go"):
        put(tmp_path / name)

    assert sorted(names(tmp_path)) == sorted([*taken, *docker])
    assert scan(tmp_path).problems == []


def test_files_and_folders_can_be_left_out(tmp_path: Path) -> None:
    for name in ("a.yaml", "vendor/a.yaml", "deploy/a.yaml", "deploy/x/b.yaml"):
        put(tmp_path / name)

    def left(*exclude: str) -> list[str]:
        return [os.path.relpath(file.path, tmp_path) for file in scan(tmp_path, exclude_patterns=exclude).files]

    assert left("vendor") == ["a.yaml", "deploy/a.yaml", "deploy/x/b.yaml"]
    assert left("./vendor/", "b.*") == ["a.yaml", "deploy/a.yaml"]
    assert left("deploy/*") == ["a.yaml", "vendor/a.yaml"]
    assert scan(tmp_path / "a.yaml", exclude_patterns=["a.yaml"]).looked_at == 0


def test_patterns_are_for_names_and_for_paths_from_the_folder_on(tmp_path: Path) -> None:
    for name in ("a.yaml", "deploy/a.yaml", "deploy/x/b.yaml", "c.tpl"):
        put(tmp_path / name)

    assert names(tmp_path, "a.yaml") == ["a.yaml", "deploy/a.yaml"]
    assert names(tmp_path, "deploy/*.yaml") == ["deploy/a.yaml", "deploy/x/b.yaml"]
    assert names(tmp_path, "*.tpl") == ["c.tpl"]


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path: Path, resolver: Resolver) -> None:
    file = put(tmp_path / "node_modules/manifest.tpl")

    assert pin_files(resolver, [file]).files == (str(file),)
    assert file.read_text() == PINNED


def test_links_are_followed_inside_the_paths_only(tmp_path: Path, resolver: Resolver) -> None:
    outside = put(tmp_path / "outside/a.yaml")
    inside = put(tmp_path / "root/deep/b.yaml")
    root = tmp_path / "root"
    (root / "away.yaml").symlink_to(outside)
    (root / "away").symlink_to(outside.parent)
    (root / "here.yaml").symlink_to("deep/b.yaml")
    (root / "circle").symlink_to(root)
    (root / "nowhere.yaml").symlink_to("missing")

    report = pin_files(resolver, root)

    assert outside.read_text() == TEXT
    assert inside.read_text() == PINNED
    assert (root / "here.yaml").is_symlink()
    assert len(report.rows) == 1
    assert [problem.file for problem in report.problems] == [str(root / "away"), str(root / "away.yaml")]
    assert {problem.reason for problem in report.problems} == {
        "is a symbolic link that leads out of the paths given, and was not followed"
    }
    assert pin_files(resolver, [root, outside.parent]).files == (str(root / "away/a.yaml"),)
    assert outside.read_text() == PINNED
    assert (root / "away.yaml").is_symlink()


def test_a_link_to_a_folder_with_a_longer_name_leads_out(tmp_path: Path, resolver: Resolver) -> None:
    outside = put(tmp_path / "root-of-others/a.yaml")
    root = tmp_path / "root"
    put(root / "b.yaml")
    (root / "away.yaml").symlink_to(outside)
    (root / "up").symlink_to("..")

    report = pin_files(resolver, root)

    assert outside.read_text() == TEXT
    assert [problem.file for problem in report.problems] == [str(root / "away.yaml"), str(root / "up")]


def test_a_link_that_is_named_is_followed(tmp_path: Path, resolver: Resolver) -> None:
    file = put(tmp_path / "outside/a.yaml")
    link = tmp_path / "link.yaml"
    link.symlink_to(file)

    pin_files(resolver, link)

    assert file.read_text() == PINNED
    assert link.is_symlink()


def test_what_is_no_file_is_never_opened(tmp_path: Path, resolver: Resolver) -> None:
    os.mkfifo(tmp_path / "a.yaml")

    assert pin_files(resolver, tmp_path).warnings == ("no file matches the paths and patterns",)
    (problem,) = pin_files(resolver, tmp_path / "a.yaml").problems
    assert (problem.file, problem.reason) == (str(tmp_path / "a.yaml"), "is neither a file nor a folder")


def test_a_folder_that_may_not_be_read_is_told_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "closed/a.yaml")
    put(tmp_path / "open/a.yaml")
    listed = os.listdir

    def refuse(path: str) -> list[str]:
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    found = scan(tmp_path)

    assert [file.path for file in found.files] == [str(tmp_path / "open/a.yaml")]
    (problem,) = found.problems
    assert (problem.file, problem.reason) == (str(tmp_path / "closed"), "cannot be read: Permission denied")


def test_paths_are_shown_as_they_were_given(
    tmp_path: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "deploy/a.yaml")
    monkeypatch.chdir(tmp_path)

    assert pin_files(resolver, ".", check=True).files == ("deploy/a.yaml",)
    assert pin_files(resolver, "deploy", check=True).files == ("deploy/a.yaml",)


EMPTY_PATH = "paths holds an empty path: name a file or a folder, such as '.' for this one."


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        ([], "paths is empty: name at least one file or folder."),
        ([""], EMPTY_PATH),
        ([".", " "], EMPTY_PATH),
        ([None], EMPTY_PATH),
        ("nowhere", "paths: 'nowhere' does not exist. Check its spelling."),
        ([".", "nowhere"], "paths: 'nowhere' does not exist. Check its spelling."),
    ],
)
def test_paths_that_make_no_sense_are_refused(paths: Any, sentence: str, resolver: Resolver) -> None:
    with pytest.raises(InvalidArgument) as refused:
        pin_files(resolver, paths)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("name", ["patterns", "exclude_patterns"])
@pytest.mark.parametrize("pattern", ["", " "])
def test_an_empty_pattern_is_refused(tmp_path: Path, resolver: Resolver, name: str, pattern: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        pin_files(resolver, tmp_path, **{name: ["*.yaml", pattern]})  # type: ignore[arg-type]
    assert str(refused.value) == f"{name} holds an empty pattern: write one such as '*.yaml', or leave it out."


def test_a_named_path_may_begin_with_the_folder_it_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("deploy/a.yaml", "boX/a.yaml"):
        put(tmp_path / name)
    monkeypatch.chdir(tmp_path)

    assert scan("./deploy/a.yaml", exclude_patterns=["deploy/a.yaml"]).looked_at == 0
    assert [file.path for file in scan(".", exclude_patterns=["boX/"]).files] == ["deploy/a.yaml"]


def test_a_template_in_a_folder_is_told_and_one_that_is_named_is_a_problem(tmp_path: Path, resolver: Resolver) -> None:
    chart = put(tmp_path / "templates/web.yaml", f"a: {{{{ x }}}}\n{{{{ if y }}}}\nimage: {WEB}\nother: cgr.dev\n")
    helper = put(tmp_path / "templates/_helpers.tpl", '{{ define "x" }}{{ default "cgr.dev" .registry }}{{ end }}\n')

    told = pin_files(resolver, tmp_path)

    assert [(row.line, row.image, row.status) for row in told.rows] == [
        (1, '{{ define "x" }}{{ default "cgr.dev" .registry }}{{ end }}', "skipped"),
        (3, WEB, "skipped"),
    ]
    assert all("is a template" in row.reason for row in told.rows)
    assert told.problems == ()
    named = pin_files(resolver, [chart, helper])
    assert [problem.file for problem in named.problems] == [str(chart), str(helper)]
    assert named.problems[1].reason == "is neither YAML, JSON nor a Dockerfile; not read"


def test_without_pyyaml_dockerfiles_are_pinned_and_yaml_is_refused(
    tmp_path: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    dockerfile = put(tmp_path / "Dockerfile", f"FROM {WEB}\n")
    pin_files(resolver, tmp_path)
    assert dockerfile.read_text() == f"FROM {WEB}@{digest('web')}\n"
    file = put(tmp_path / "a.yaml")

    with pytest.raises(MissingDependency, match="python -m pip install PyYAML"):
        pin_files(resolver, tmp_path)

    assert file.read_text() == TEXT


@pytest.mark.parametrize(
    ("name", "shown"), [(b"a\xff.yaml", r"a\udcff.yaml"), (b"a\n\x1b[31m.yaml", r"a\n\x1b[31m.yaml")]
)
def test_a_name_that_is_no_plain_text_is_told_and_its_file_left(
    name: bytes, shown: str, tmp_path: Path, resolver: Resolver
) -> None:
    file = put(tmp_path / os.fsdecode(name))
    put(tmp_path / os.fsdecode(b"other-" + name), "image: example.com/web:1\n")

    report = pin_files(resolver, [tmp_path])

    said = "has a name with control characters, or one that is not UTF-8; rename it"
    assert [str(problem) for problem in report.problems] == [f"{tmp_path}/{shown} {said}"]
    assert file.read_text() == TEXT
