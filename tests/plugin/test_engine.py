# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin on the real engine, beyond the stories that every provider tells (tests/pulumi/test_stories.py)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.plugin.server import start
from pulumi_cgr.plugin.servicer import Provider
from pulumi_cgr.testing import Registry, Reply
from tests.pulumi.programs import Pin, Program, program
from tests.pulumi.real import RealStack, YamlStack
from tests.support.attestations import configuration, publish

from .conftest import NGINX, PYTHON, A, B, C

NEEDED = [each for each in ("pulumi", "pulumi-language-yaml") if not shutil.which(each)]
pytestmark = pytest.mark.skipif(
    bool(NEEDED), reason=f"not on PATH: {', '.join(NEEDED)}; the stand-in tells the stories"
)


@pytest.fixture
def stack(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[YamlStack]:
    monkeypatch.setenv("CGR_REGISTRY", registry.url)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    server, port = start(Provider(None, os.environ))
    yield YamlStack(tmp_path / "Pulumi.yaml", port=port)
    server.stop(None)


def pulumi(stack: YamlStack, *arguments: str, attached: bool = True, **environ: str) -> subprocess.Popen[str]:
    """Starts a command of the engine in the directory of a stack."""
    plugin = {"PULUMI_DEBUG_PROVIDERS": f"cgr:{stack.port}"} if attached else {}
    return subprocess.Popen(
        ["pulumi", *arguments, "--non-interactive", "--stack", "stack"],
        cwd=stack.program.parent,
        env={**os.environ, **stack.variables, **plugin, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_function_and_a_provider_with_settings_of_its_own(stack: YamlStack) -> None:
    stack.port = 0
    invoke = {"function": "cgr:getImageDigest", "arguments": {"image": PYTHON, "buildsBack": 1}}
    settings = {"token": "the-secret-token", "timeout": 60, "mirrors": {"registry.corp/cgr": "cgr.dev/acme.com"}}
    web = {"type": "cgr:ImageDigest", "properties": {"image": "registry.corp/cgr/web:1"}}
    stack.write(
        {
            "runtime": "yaml",
            "variables": {"before": {"fn::invoke": invoke}},
            "resources": {
                "acme": {"type": "pulumi:providers:cgr", "properties": settings},
                "web": {**web, "options": {"provider": "${acme}"}},
            },
            "outputs": {"before": "${before.digest}", "next": "${before.next.updatedAt}", "web": "${web.ref}"},
        }
    )

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs == {
        "before": A,
        "next": "2024-06-01T00:00:00.500Z",
        "web": f"registry.corp/cgr/web:1@{C}",
    }
    assert "the-secret-token" not in stack.exported()
    assert stack.preview().changes == {}


def test_a_program_sees_what_changed(stack: YamlStack, registry: Registry) -> None:
    builds = [
        publish(registry, "chainguard/php:1", configuration({"curl": version}), f"2024-06-0{day}T00:00:00Z")
        for day, version in ((1, "8.21.0-r1"), (2, "8.21.0-r2"))
    ]
    arguments = {"image": f"cgr.dev/chainguard/php:1@{builds[0]}"}
    invoke = {"function": "cgr:getImageChanges", "arguments": arguments}
    stack.write(
        {
            "runtime": "yaml",
            "variables": {"changes": {"fn::invoke": invoke}},
            "outputs": {"new": "${changes.new}", "curl": "${changes.packages.updated.curl}"},
        }
    )

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs == {"new": builds[1], "curl": ["8.21.0-r1", "8.21.0-r2"]}


def test_a_secret_image_is_encrypted_in_the_state(stack: YamlStack) -> None:
    image = {"fn::secret": PYTHON}
    stack.write({"runtime": "yaml", "resources": {"pin": {"type": "cgr:ImageDigest", "properties": {"image": image}}}})

    assert stack.up().ok

    assert B not in stack.exported()
    assert stack.preview().changes == {}


def test_a_warning_is_shown_on_its_resource_once_even_if_it_is_replaced(stack: YamlStack) -> None:
    stack.write(program(image=NGINX).in_yaml())
    stack.up()
    stack.write(program(image=PYTHON, stale_after="30d").in_yaml())

    preview = stack.preview()

    assert preview.changes == {"pin": "replace"}
    assert len([line for line in preview.diagnostics if "which is more than 30d" in line]) == 1


def test_a_wrong_name_of_an_argument_is_an_error(stack: YamlStack) -> None:
    stack.write({"runtime": "yaml"})
    stack.up()
    stack.write(program(image=NGINX, min_aeg="7d").in_yaml())

    with pulumi(stack, "preview") as done:
        said = done.communicate()[0]

    assert done.returncode != 0
    assert "minAeg" in said


def test_an_image_can_be_imported(stack: YamlStack) -> None:
    stack.write(Program(()).in_yaml())
    stack.up()

    with pulumi(stack, "import", "cgr:index:ImageDigest", "pin", PYTHON, "--yes", "--protect=false") as done:
        said = done.communicate()[0]

    assert done.returncode == 0, said
    assert f"image: {PYTHON}" in said
    assert "digest:" not in said, "a digest in the program would freeze the pin"
    stack.write(program(image=PYTHON).in_yaml())
    assert stack.preview().changes == {}


def test_a_stack_moves_from_the_dynamic_resource_and_replaces_nothing(stack: YamlStack) -> None:
    images = {"app": {"image": PYTHON, "builds_back": 1}, "web": NGINX}
    pins = (
        Pin("followed", {"image": PYTHON, "exclude": [C]}),
        Pin("fixed", {"image": PYTHON, "at": "2024-05-20"}),
        Pin("release", {"images": images}, "ImageDigests"),
    )
    dynamic = RealStack(stack.program.with_name("program.py"))
    dynamic.program.write_text(Program(pins).with_dynamic_resource())
    before = dynamic.up()
    stack.write(Program(pins, was_dynamic=True).in_yaml())

    up = stack.up()

    assert before.ok, before.diagnostics
    assert up.changes == dict.fromkeys(("followed", "fixed", "release"), "update")
    assert up.outputs == before.outputs
    assert stack.preview().changes == {}
    stack.write(Program(pins).in_yaml())
    assert stack.preview().changes == {}, "the aliases can be removed"


def test_an_interrupt_ends_a_preview_while_the_registry_does_not_answer(stack: YamlStack, registry: Registry) -> None:
    """It ends long before the lookup would, which may take ten minutes here."""
    stack.write(program(image=PYTHON).in_yaml())
    assert stack.preview().ok
    asked, ends = threading.Event(), threading.Event()

    def wait(_request: Any) -> Reply:
        asked.set()
        ends.wait()
        return Reply(500)

    registry.interfere = wait
    with pulumi(stack, "preview", attached=False, CGR_TIMEOUT="600") as running:
        asked.wait()
        running.send_signal(signal.SIGINT)
        said = running.communicate()[0]
    ends.set()

    assert running.returncode != 0
    assert "Cancelled before the registry answered; nothing was changed." in said


@pytest.mark.parametrize("language", ["python", "nodejs", "go"])
def test_the_engine_makes_a_package_of_the_schema(language: str, tmp_path: Path) -> None:
    schema = json.loads((Path(__file__).parents[2] / "pulumi_cgr/plugin/schema.json").read_text())
    (tmp_path / "schema.json").write_text(json.dumps({**schema, "version": "1.2.3"}))
    if not shutil.which(f"pulumi-language-{language}"):
        pytest.skip(f"pulumi-language-{language} is not on PATH")
    command = ["pulumi", "package", "gen-sdk", "schema.json", "--language", language, "--out", "sdk"]

    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert made.returncode == 0, made.stdout + made.stderr
    if language == "python":
        subprocess.run(
            [sys.executable, "-m", "compileall", "-q", str(tmp_path / "sdk/python/pulumi_cgr_plugin")], check=True
        )
