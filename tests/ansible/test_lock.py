# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks that deploy from a lock."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from pulumi_cgr.lockfile.update import lock_images, update_all
from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

from .conftest import Controller
from .test_playbooks import JRE, JRE_LATEST, PYTHON, PYTHON_IN_JUNE, PYTHON_LATEST_DEV, info, say

A = "sha256:" + 64 * "a"
LOCK = "cgr.lock.json"
OFFLINE = {"CGR_REGISTRY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}


@pytest.fixture
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, environment={})


@pytest.fixture
def path(controller: Controller, resolver: Resolver) -> Path:
    """The lock, beside the playbook."""
    path = controller.folder / LOCK
    queries = [
        resolver.parse_query(PYTHON),
        resolver.parse_query(PYTHON, at="2024-06-01"),
        resolver.parse_query(JRE, min_age="7d"),
    ]
    lock_images(path, resolver, queries)
    return path


def test_a_playbook_from_a_committed_lock_needs_no_network(controller: Controller, path: Path) -> None:
    (controller.folder / "manifests").mkdir()
    manifest = controller.folder / "manifests/deployment.yaml"
    manifest.write_text(f"image: {PYTHON}\n")
    tasks = [
        info(image=PYTHON, lock=LOCK),
        info(images={"web": PYTHON, "jre": {"image": JRE, "min_age": "7d"}}, lock=LOCK),
        info(image=PYTHON, at="2024-06-01", lock=str(path)),
        say("{{ lookup('cgr.images.ref', '" + PYTHON + "', lock='" + LOCK + "') }}"),
        say(
            "{{ query('cgr.images.digest', '" + PYTHON + "', '" + PYTHON + "', at='2024-06-01', lock='" + LOCK + "') }}"
        ),
        say("{{ 'image: " + PYTHON + "' | cgr.images.pin(result_0) }}"),
        {"cgr.images.pinned_files": {"paths": ["manifests"], "lock": LOCK}},
        info(image=PYTHON, lock=LOCK) | {"delegate_to": "builder"},
    ]

    results = controller.results(tasks, **OFFLINE)

    assert results[0]["ref"] == f"{PYTHON}@{PYTHON_LATEST_DEV}"
    assert results[0]["reason"].startswith("locked in cgr.lock.json at 20")
    assert results[1]["digests"] == {"web": PYTHON_LATEST_DEV, "jre": JRE_LATEST}
    assert results[2]["digest"] == PYTHON_IN_JUNE
    assert results[3]["msg"] == f"{PYTHON}@{PYTHON_LATEST_DEV}"
    assert results[4]["msg"] == [PYTHON_IN_JUNE] * 2
    assert results[5]["msg"] == f"image: {PYTHON}@{PYTHON_LATEST_DEV}"
    assert manifest.read_text() == f"image: {PYTHON}@{PYTHON_LATEST_DEV}\n"
    assert results[6]["changed"]
    assert results[7]["digest"] == PYTHON_LATEST_DEV


@pytest.mark.parametrize("place", ["variable", "environment"])
def test_a_lock_is_named_once_for_all_and_nothing_uses_none(controller: Controller, path: Path, place: str) -> None:
    tasks = [
        info(image=PYTHON),
        say("{{ lookup('cgr.images.digest', '" + PYTHON + "') }}"),
        info(image=PYTHON, lock=""),
        say("{{ lookup('cgr.images.digest', '" + PYTHON + "', lock='') }}"),
    ]
    controller.registry.move("chainguard/python:latest-dev", A)
    options = ["-e", f"cgr_lock={LOCK}"] if place == "variable" else []

    results = controller.results(tasks, *options, **({"CGR_LOCK": LOCK} if place == "environment" else {}))

    found = [result.get("digest") or result["msg"] for result in results]
    assert found == [PYTHON_LATEST_DEV, PYTHON_LATEST_DEV, A, A]


def test_a_role_has_a_lock_of_its_own(controller: Controller, path: Path) -> None:
    role = controller.folder / "roles/web"
    (role / "tasks").mkdir(parents=True)
    (role / "files").mkdir()
    shutil.move(path, role / "files/cgr.lock.json")
    tasks = [
        info(image=PYTHON, lock=LOCK) | {"register": "found"},
        {"ansible.builtin.assert": {"that": f"found.ref == lookup('cgr.images.ref', '{PYTHON}', lock='{LOCK}')"}},
        say("{{ found.ref }}"),
    ]
    (role / "tasks/main.yml").write_text(yaml.safe_dump(tasks))
    play = [{"hosts": "all", "gather_facts": False, "roles": ["web"]}]
    (controller.folder / "play.yaml").write_text(yaml.safe_dump(play))

    run = controller.run("ansible-playbook", "-i", "web1,", "play.yaml", **OFFLINE)

    assert run.status == 0, run.output
    assert f"{PYTHON}@{PYTHON_LATEST_DEV}" in run.output


def test_a_tag_that_moved_changes_nothing_until_it_is_locked(
    controller: Controller, resolver: Resolver, registry: Registry, path: Path
) -> None:
    content = (
        "web: {{ lookup('cgr.images.ref', '"
        + PYTHON
        + "') }}\njre: {{ lookup('cgr.images.ref', '"
        + JRE
        + "', min_age='7d') }}\n"
    )
    task = {
        "ansible.builtin.copy": {"content": content, "dest": str(controller.folder / "out")},
        "delegate_to": "localhost",
    }
    options = ["-e", f"cgr_lock={LOCK}"]
    assert controller.play([dict(task)], *options).status == 0
    registry.move("chainguard/python:latest-dev", A)
    asked = len(registry.requests)

    before = controller.play([dict(task)], "--check", "--diff", *options)
    assert len(registry.requests) == asked
    changes = [change.entry.image for change in update_all(path, resolver) if change.is_change]
    after = controller.play([dict(task)], "--check", "--diff", *options)

    assert "changed=0" in before.output
    assert changes == [PYTHON]
    lines = [line for line in after.output.splitlines() if line.startswith(("+web", "-web", "+jre", "-jre"))]
    assert lines == [f"-web: {PYTHON}@{PYTHON_LATEST_DEV}", f"+web: {PYTHON}@{A}"]


def test_an_image_that_is_not_in_the_lock_is_an_error_with_the_command_that_adds_it(
    controller: Controller, path: Path
) -> None:
    path.with_name("broken.json").write_text("{")
    results = controller.results(
        [
            info(image=JRE, lock=LOCK),
            say("{{ lookup('cgr.images.ref', '" + JRE + "', lock='" + LOCK + "') }}"),
            info(images=[JRE, PYTHON], lock=LOCK),
            info(image=JRE, lock="none.json"),
            info(image=JRE, lock="broken.json"),
            info(image=PYTHON, lock=LOCK, stale_after="9d"),
        ],
        **OFFLINE,
    )

    said = f"{JRE}: not in the lock file {path}. Add it: cgr-images lock {JRE} --lock {path}"
    assert [results[0]["msg"], results[0]["error_code"]] == [said, "not_locked"]
    assert said in results[1]["msg"]
    assert results[2]["error_code"] == "not_locked"
    assert said in results[2]["failed_images"]["images[0]"]["msg"]
    assert results[3]["error_code"] == "invalid_lock"
    assert "the lock file none.json does not exist" in results[3]["msg"]
    assert "cgr-images" not in results[3]["msg"], "it would make a second one"
    assert results[4]["error_code"] == "invalid_lock"
    assert "it is not JSON" in results[4]["msg"]
    assert "stale_after and a lock file cannot be combined" in results[5]["msg"]
    assert "Traceback" not in json.dumps(results)
