# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A playbook pins the images in files."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.resolver import Resolver

from .conftest import Controller
from .test_playbooks import NGINX, NGINX_IN_JUNE, PRIVATE, PYTHON, PYTHON_IN_JUNE, PYTHON_LATEST_DEV

DEPLOYMENT = f"""\
# {PYTHON}
containers:
- image: '{PYTHON}'   # the web
- {{image: {NGINX}, name: proxy}}
"""
IN_JUNE = f"""\
# {PYTHON}
containers:
- image: '{PYTHON}@{PYTHON_IN_JUNE}'   # the web
- {{image: {NGINX}@{NGINX_IN_JUNE}, name: proxy}}
"""


def pinned_files(**arguments: Any) -> dict[str, Any]:
    return {"cgr.images.pinned_files": arguments}


@pytest.fixture
def deployment(controller: Controller) -> Path:
    file = controller.folder / "deploy/web.yaml"
    file.parent.mkdir()
    file.write_text(DEPLOYMENT)
    return file


def test_the_check_shows_what_the_run_then_does_and_a_second_run_changes_nothing(
    controller: Controller, deployment: Path
) -> None:
    tasks = [pinned_files(paths=["deploy"], at="2024-06-01")]

    check = controller.play(tasks, "--check", "--diff")

    assert check.status == 0, check.output
    assert "changed=1" in check.output
    assert f"-- image: '{PYTHON}'   # the web\n" in check.output
    assert f"+- image: '{PYTHON}@{PYTHON_IN_JUNE}'   # the web\n" in check.output
    assert deployment.read_text() == DEPLOYMENT
    run = controller.play(tasks)
    assert run.status == 0, run.output
    assert "changed=1" in run.output
    assert deployment.read_text() == IN_JUNE
    again = controller.play(tasks, "--diff")
    assert "changed=0" in again.output
    assert deployment.read_text() == IN_JUNE


def test_the_result_is_the_report(controller: Controller, deployment: Path) -> None:
    deployment.write_text(IN_JUNE + f"- image: {PYTHON}-{{{{ x }}}}\n")
    (deployment.parent / "broken.yaml").write_text(f"image: [{PYTHON}")

    (result,) = controller.results([pinned_files(paths=["deploy"])])

    first, _second, third = result["images"]
    assert (result["changed"], result["failed"], result["exit_status"]) == (True, True, 2)
    assert (first["status"], first["line"], first["image"]) == ("updated", 3, PYTHON)
    assert (first["old_digest"], first["new_digest"]) == (PYTHON_IN_JUNE, PYTHON_LATEST_DEV)
    assert (third["status"], third["reason"]) == ("skipped", "a template makes a part of it")
    assert result["files"] == [str(deployment)]
    (problem,) = result["problems"]
    assert problem["file"].endswith("deploy/broken.yaml")
    assert problem["reason"].startswith("is not YAML: ")
    assert result["msg"] == f"{problem['file']} {problem['reason']}"


def test_strict_fails_where_an_image_is_skipped(controller: Controller, deployment: Path) -> None:
    deployment.write_text(
        IN_JUNE + f"- image: {PYTHON}-{{{{ x }}}}\n- image: {PYTHON}-{{{{ y }}}} # cgr-images: ignore\n"
    )
    tasks = [pinned_files(paths=["deploy"], at="2024-06-01", strict=strict) for strict in (False, True)]

    loose, strict = controller.results(tasks)

    assert (loose["failed"], loose["exit_status"]) == (False, 0)
    assert (strict["failed"], strict["exit_status"]) == (True, 3)
    assert strict["msg"].endswith(f"{deployment}:5 {PYTHON}-{{{{ x }}}}: a template makes a part of it")


def test_files_are_left_out_by_pattern_and_by_git(controller: Controller, deployment: Path) -> None:
    for name in ("ignored.yaml", "excluded.yaml"):
        deployment.with_name(name).write_text(DEPLOYMENT)
    subprocess.run(["git", "init", "--quiet", controller.folder], check=True)
    (controller.folder / ".gitignore").write_text("ignored.yaml\n")
    common: dict[str, Any] = {"paths": ["deploy"], "at": "2024-06-01", "exclude_patterns": ["excluded.*"]}

    first, second = controller.results([pinned_files(**common), pinned_files(**common, gitignore=False)])

    assert first["files"] == [str(deployment)]
    assert second["files"] == [str(deployment.with_name("ignored.yaml"))]


def test_the_hosts_of_a_play_wait_for_one_another(controller: Controller, deployment: Path) -> None:
    hosts = ",".join(f"web{number}" for number in range(1, 6))

    run = controller.play([pinned_files(paths=["deploy"], at="2024-06-01")], "--forks", "5", hosts=f"{hosts},")

    assert run.status == 0, run.output
    assert deployment.read_text() == IN_JUNE
    assert sorted(re.findall(r"web\d +: ok=\d+ +changed=(\d)", run.output)) == ["0", "0", "0", "0", "1"]


def test_one_image_without_an_answer_leaves_all_files(controller: Controller, deployment: Path) -> None:
    other = deployment.with_name("other.yaml")
    other.write_text(f"image: {PYTHON}-typo\n")

    (result,) = controller.results([pinned_files(paths=["deploy"])])

    assert result["failed"]
    assert result["error_code"] == "unknown_tag"
    assert f"{other}:1: {PYTHON}-typo" in result["msg"]
    assert deployment.read_text() == DEPLOYMENT


REFUSED = [
    (pinned_files(), "missing required arguments: paths"),
    (pinned_files(path=["deploy"]), "pinned_files: unsupported parameters: path."),
    (pinned_files(paths=["deploy"], current="sha256:1"), "pinned_files: unsupported parameters: current."),
    (pinned_files(paths=""), "paths contains an empty path"),
    (pinned_files(paths=[""]), "paths contains an empty path"),
    (pinned_files(paths=["deploy", None]), "paths contains an empty path"),
    (pinned_files(paths="{{ undefined_variable | default('') }}"), "paths contains an empty path"),
    (pinned_files(paths=[]), "paths is empty: name at least one file or folder"),
    (pinned_files(paths=["nowhere"]), "/nowhere' does not exist. Check its spelling"),
    (pinned_files(paths=["deploy"], min_age="soon"), "min_age 'soon'"),
    (pinned_files(paths=["deploy"], at=""), "at is empty"),
    ({**pinned_files(paths=["deploy"]), "delegate_to": "web9"}, "changes files on the controller only"),
]


def test_what_makes_no_sense_is_refused(controller: Controller, deployment: Path) -> None:
    results = controller.results([task for task, _sentence in REFUSED])

    for result, (_task, sentence) in zip(results, REFUSED, strict=True):
        assert result["failed"]
        assert sentence in result["msg"]
    assert deployment.read_text() == DEPLOYMENT


def test_credentials_come_from_variables_and_are_not_shown(controller: Controller, deployment: Path) -> None:
    deployment.write_text(f"image: {PRIVATE}\n")
    tasks = [{**pinned_files(paths=[str(deployment)]), "vars": {"cgr_token": "a-token"}}]

    run = controller.play(tasks, "--diff", "-vvv")

    assert run.status == 0, run.output
    assert deployment.read_text().startswith(f"image: {PRIVATE}@sha256:")
    assert "a-token" not in run.output


def test_mode_and_links_stay(controller: Controller, deployment: Path) -> None:
    deployment.chmod(0o640)
    link = controller.folder / "links/web.yaml"
    link.parent.mkdir()
    link.symlink_to(deployment)

    outside, inside = controller.results([pinned_files(paths=["links"]), pinned_files(paths=["links", "deploy"])])

    assert "leads out of the paths given" in outside["problems"][0]["reason"]
    assert not outside["changed"]
    assert inside["changed"]
    assert link.is_symlink()
    assert os.stat(deployment).st_mode & 0o777 == 0o640


def test_with_a_lock_nothing_is_asked(controller: Controller, deployment: Path) -> None:
    lock = controller.folder / "cgr.lock.json"
    resolver = Resolver(registry=controller.registry.url, environment={})
    lock_images(lock, resolver, [resolver.parse_query(image, at="2024-06-01") for image in (PYTHON, NGINX)])
    controller.registry.requests.clear()

    (result,) = controller.results([pinned_files(paths=["deploy"], lock="cgr.lock.json", at="2024-06-01")])

    assert deployment.read_text() == IN_JUNE, result
    assert controller.registry.requests == []
