# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks as users write them."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import yaml

from pulumi_cgr.testing import Registry, Reply

from ..support.environments import ROOT, environment
from .conftest import Controller

PYTHON = "cgr.dev/chainguard/python:latest-dev"
NGINX = "cgr.dev/chainguard/nginx:latest"
JRE = "cgr.dev/chainguard/jre:openjdk-11"
PRIVATE = "cgr.dev/chainguard-private/python:3.12"
# Read off tests/data/recorded-histories.json by eye.
PYTHON_IN_JUNE = "sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675"
PYTHON_LATEST_DEV = "sha256:52a8493b8f1fb397872fbda1bb731cd1cfdbd05b6c66c1923e3af86c475a848d"
PYTHON_LATEST_IN_JUNE = "sha256:b6f495ed363328b0600c5b9b8cbf5e76c4bb981a7641988722123024a97b41b6"
NGINX_IN_JUNE = "sha256:1a01e891696587501b097645d4feead0e0c512f7919481a10115d01bc1e94d27"
NGINX_LATEST = "sha256:f6cbe96998972d87ebe30952ec1b6f3cff4103c33c889ffca7e13053e2036571"
PYTHON_LATEST = "sha256:2c6a2e8bdeb1336cd8545d3586d1c1e5b4f7564ef00924b0447ebfbe57a549ee"
JRE_LATEST = "sha256:33a96bcbfcb7cd2869a7e8f97ff177b58d5f7d48c8b94af0c10d65b51b8bba02"


def info(**arguments: Any) -> dict[str, Any]:
    return {"cgr.images.digest_info": arguments}


def say(template: str) -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": template}}


def test_the_example_writes_pinned_manifests_for_two_environments(controller: Controller) -> None:
    shutil.copytree(ROOT / "examples/ansible", controller.folder / "example", ignore=shutil.ignore_patterns("out"))
    example = controller.folder / "example"

    run = controller.run("ansible-playbook", "-i", example / "inventory.yaml", example / "site.yaml")

    assert run.status == 0, run.output
    by_host = {
        "web.staging": (PYTHON_LATEST_DEV, NGINX_LATEST, PYTHON_LATEST),
        "web.production": (PYTHON_IN_JUNE, NGINX_IN_JUNE, PYTHON_LATEST_IN_JUNE),
    }
    for host, (app, proxy, runtime) in by_host.items():
        out = example / "out" / host
        assert f"          image: {PYTHON}@{app}\n" in (out / "deployment.yaml").read_text()
        template = (example / "files/compose.yaml").read_text()
        assert (out / "compose.yaml").read_text() == template.replace(
            f"image: {NGINX}", f"image: {NGINX}@{proxy}"
        ).replace(f'"{PYTHON}"', f'"{PYTHON}@{app}"')
        lines = (out / "Dockerfile").read_text().splitlines()
        assert lines[0] == f"FROM {PYTHON}@{app} AS build"
        assert lines[3] == f"FROM cgr.dev/chainguard/python:latest@{runtime}"


def test_the_example_for_many_hosts_asks_once(controller: Controller) -> None:
    shutil.copytree(ROOT / "examples/ansible", controller.folder / "example", ignore=shutil.ignore_patterns("out"))
    example = controller.folder / "example"
    hosts = "".join(f"web{number}," for number in range(3))

    run = controller.run("ansible-playbook", "-i", hosts, example / "many-hosts.yaml")

    assert run.status == 0, run.output
    written = [(example / f"out/web{number}/release.env").read_text() for number in range(3)]
    assert set(written) == {f"PROXY={NGINX}@{NGINX_LATEST}\nAPP={PYTHON}@{PYTHON_LATEST_DEV}\n"}
    assert [request.path for request in controller.registry.requests].count("/token") == 2, "one for each image"


def test_every_plugin_returns_the_same_digest(controller: Controller) -> None:
    tasks = [
        info(image=PYTHON, at="2024-06-01"),
        {**info(image=PYTHON, at="2024-06-01T02:00:00+02:00"), "check_mode": True},
        {
            **info(image=PYTHON, at="{{ lookup('ansible.builtin.pipe', 'echo 2024-06-01T00:00:00Z') }}"),
            "delegate_to": "localhost",
        },
        info(images=[PYTHON], at="2024-06-01 00:00"),
        say("{{ lookup('cgr.images.digest', '" + PYTHON + "', at='2024-06-01') }}"),
        say("{{ lookup('cgr.images.ref', '" + PYTHON + "', at='2024-06-01T00:00:00.000Z').partition('@')[2] }}"),
        say("{{ '" + PYTHON + "' | cgr.images.pin(result_0) | split('@') | last }}"),
        say("{{ query('cgr.images.digest', '" + PYTHON + "', '" + PYTHON + "', at='2024-06-01') | unique | first }}"),
    ]

    results = controller.results(tasks)

    flat = [result.get("digest") or result.get("msg") or result["images"][0]["digest"] for result in results]
    assert flat == [PYTHON_IN_JUNE] * len(tasks)
    assert not any(result["changed"] for result in results)


def test_dates_of_yaml_need_no_quotes(controller: Controller) -> None:
    (controller.folder / "dates.yaml").write_text(
        "day: 2024-06-01\nsecond: 2024-06-01T00:00:00Z\nzoned: 2024-06-01T02:00:00+02:00\n"
    )
    names = ("day", "second", "zoned")
    tasks = [info(image=PYTHON, at="{{ " + name + " }}") for name in names]
    tasks += [say("{{ lookup('cgr.images.digest', '" + PYTHON + "', at=" + name + ") }}") for name in names]
    tasks += [say("{{ lookup('cgr.images.digest', '" + JRE + "', at=now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ')) }}")]

    results = controller.results(tasks, "-e", "@dates.yaml")

    assert [result.get("digest") or result["msg"] for result in results] == [PYTHON_IN_JUNE] * 6 + [JRE_LATEST]


@pytest.mark.parametrize("python", ["3.9", pytest.param("any", marks=pytest.mark.slow)])
def test_a_delegated_task_asks_from_the_other_host(controller: Controller, python: str) -> None:
    """The oldest Python that a host may have, with nothing but requests, is among them."""
    interpreter = environment(f"host-with-{python}", python, "requests") / "bin/python"
    here = json.dumps({"ansible_connection": "local", "ansible_python_interpreter": str(interpreter)})
    task = {
        **info(image="cgr.dev/chainguard-private/python:3.12", at="{{ '2024-06-01' }}"),
        "delegate_to": "builder",
        "environment": {"CGR_REGISTRY": controller.registry.url},  # which only a module on a host sees
    }

    (result,) = controller.results(
        [task], "-e", here, "-e", "cgr_token=a-token", "-i", "builder,", CGR_REGISTRY="http://127.0.0.1:9"
    )

    assert result["ref"].startswith("cgr.dev/chainguard-private/python:3.12@sha256:")


@pytest.mark.parametrize("face", ["argument", "variable", "environment", "lookup"])
def test_a_token_reaches_the_registry_and_nothing_else(controller: Controller, face: str) -> None:
    image = "cgr.dev/chainguard-private/python:3.12"
    task = (
        say("{{ lookup('cgr.images.ref', '" + image + "', token=secret) }}") if face == "lookup" else info(image=image)
    )
    if face == "argument":
        task["cgr.images.digest_info"]["token"] = "{{ secret }}"
    task["vars"] = {"secret": "{{ 'a-tok' ~ 'en' }}"}
    options = ["-e", "{cgr_token: \"{{ 'a-tok' ~ 'en' }}\"}"] if face == "variable" else []
    environ = {"CGR_TOKEN": "a-token"} if face == "environment" else {}

    run = controller.play([task], "-vvvv", *options, **environ)

    assert run.status == 0, run.output
    assert "a-token" not in run.output
    assert {request.headers["authorization"] for request in controller.registry.requests} == {"Bearer a-token"}


def test_a_public_image_needs_no_credentials_but_warns_of_wrong_ones(controller: Controller) -> None:
    tasks = [info(image=JRE), say("{{ lookup('cgr.images.digest', '" + JRE + "') }}")]

    run = controller.play(tasks, CGR_TOKEN="wrong")

    assert run.status == 0, run.output
    assert (
        run.output.replace("\n", " ").count("was resolved without credentials, because the available ones do not work")
        >= 1
    )
    assert JRE_LATEST in run.output


def test_the_group_of_the_collection_takes_defaults(controller: Controller) -> None:
    play = [
        {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"group/cgr.images.images": {"token": "a-token"}},
            "tasks": [info(image=PRIVATE)],
        }
    ]
    (controller.folder / "play.yaml").write_text(yaml.safe_dump(play))

    run = controller.run("ansible-playbook", "-i", "web1,", "play.yaml")

    assert run.status == 0, run.output


def test_a_failure_has_a_word_that_a_rescue_can_branch_on(controller: Controller) -> None:
    run = controller.play(
        f"""
        - block:
            - cgr.images.digest_info: {{image: "{JRE}", at: "2020-01-01"}}
              register: jre
          rescue:
            - ansible.builtin.assert: {{that: ansible_failed_result.error_code == "before_first_build"}}
        """
    )

    assert run.status == 0, run.output


FAULTS = {
    "a web page": Reply(200, b"<html>Sign in</html>"),
    "a cut body": Reply(200, b'{"history": [', length=500),
    "a malformed digest": Reply.of_json(
        200, {"history": [{"updateTimestamp": "2024-05-31T00:00:00Z", "digest": "sha256:a"}]}
    ),
    "a malformed instant": Reply.of_json(200, {"history": [{"updateTimestamp": "May 31st", "digest": PYTHON_IN_JUNE}]}),
    "nothing but failures": Reply(500),
}


OTHERS = [pytest.param(fault, marks=pytest.mark.slow) for fault in FAULTS]


@pytest.mark.parametrize("fault", ["no registry at all", *OTHERS])
def test_a_registry_that_misbehaves_leaves_every_file_as_it_was(
    controller: Controller, fault: str, registry: Registry
) -> None:
    rendered = controller.folder / "compose.yaml"
    rendered.write_text("image: what was deployed before\n")
    environ = {} if fault in FAULTS else {"CGR_REGISTRY": "http://127.0.0.1:9"}
    registry.interfere = lambda request: FAULTS.get(fault) if "history" in request.path else None
    copy = {
        "content": "image: {{ lookup('cgr.images.ref', '" + PYTHON + "', at='2024-06-01') }}\n",
        "dest": str(rendered),
    }

    run = controller.play([{"ansible.builtin.copy": copy, "delegate_to": "localhost"}], **environ)

    assert run.status != 0
    assert rendered.read_text() == "image: what was deployed before\n"
    assert "Traceback" not in run.output
    assert "The lookup plugin 'cgr.images.ref' failed" in run.output


def test_hosts_that_ask_for_the_latest_build_get_it(controller: Controller, registry: Registry) -> None:
    registry.move("chainguard/jre:openjdk-11", "sha256:" + 64 * "a")

    (result,) = controller.results([info(image=JRE)])

    assert result["digest"] == "sha256:" + 64 * "a"
    assert result["reason"].startswith("the latest build: the tag moved to it at ")
