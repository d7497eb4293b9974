# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins that fail, as users see them: in a preview all of them, each reason once; and what works meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulumi_cgr.testing import Registry, Reply, Request
from tests.engine import Stack

from .conftest import A, B, MakeStack, rewrite

PYTHON, NGINX = "cgr.dev/chainguard/python:latest", "cgr.dev/chainguard/nginx:latest"
NOWHERE = "http://127.0.0.1:9"
PINS = f"""
for name in ("a", "b", "c"):
    pulumi.export(name, cgr.ImageDigest(name, image="{PYTHON}").ref)
cgr.ImageDigest("soon", image="{NGINX}", at="soon")
cgr.ImageDigest("docker", image="nginx")
cgr.ImageDigest("fixed", image="{PYTHON}", at="2024-05-20")
"""


def test_a_preview_tells_all_failing_pins_and_each_reason_once(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = make_stack(PINS)
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    preview = stack.preview()

    assert not preview.ok
    *reasons, end = sorted(preview.diagnostics, key=lambda line: line.endswith("shown."))
    assert end == "6 pins have no digest, for the reasons shown."
    (down, *_none), (docker,), (soon,) = (
        [line for line in reasons if words in line] for words in ("Connection refused", "Docker Hub", "'soon'")
    )
    assert len(reasons) == 3
    assert down.endswith("The same for 4 pins: a, b, c, fixed.")
    assert docker.startswith("property image: nginx is an image of Docker Hub")
    assert soon.startswith("property at: ")


def test_a_failing_preview_shows_the_pins_as_they_are(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(f'pulumi.export("ref", cgr.ImageDigest("pin", image="{PYTHON}").ref)')
    stack.up()
    before = stack.exported()
    registry.interfere = lambda _request: Reply(403)

    preview = stack.preview()

    assert not preview.ok
    assert preview.changes == {"pin": "update"}
    assert preview.outputs in ({}, {"ref": f"{PYTHON}@{B}"})
    assert stack.exported().count(B) == before.count(B)
    registry.interfere = lambda _request: None
    assert stack.preview().changes == {}


def test_an_image_that_is_new_in_a_set_is_unknown_where_it_fails(make_stack: MakeStack) -> None:
    program = (
        'release = cgr.ImageDigests("release", images={{"web": "{0}"{1}}})\n'
        "for key in [{2}]:\n    pulumi.export(key, release.refs[key])\n"
    )
    stack = make_stack(program.format(NGINX, "", '"web"'))
    assert stack.up().ok
    rewrite(stack, program.format(NGINX, ', "typo": "cgr.dev/chainguard/pyhton"', '"web", "typo"'))

    preview = stack.preview()

    said = "\n".join(preview.diagnostics)
    assert "1 of 2 images cannot be resolved, so none is:\n- typo: cgr.dev/chainguard/pyhton: " in said
    assert "release has no digest, for the reason shown." in said
    assert "KeyError" not in said


def test_a_malformed_setting_is_told_once(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = make_stack(
        f'cgr.ImageDigest("a", image="{PYTHON}")\ncgr.ImageDigest("b", image="{NGINX}", at="2024-06-01")\n'
    )
    monkeypatch.setenv("CGR_TIMEOUT", "soon")

    preview = stack.preview()

    (reason, end) = preview.diagnostics
    assert reason.startswith("CGR_TIMEOUT 'soon' is not a number of seconds")
    assert end == "2 pins have no digest, for the reason shown."
    up = "\n".join(stack.up().diagnostics)
    assert "has a problem: CGR_TIMEOUT 'soon'" in up
    assert "property timeout" not in up


def test_new_pins_of_every_kind_are_looked_up_at_the_same_time(make_stack: MakeStack, registry: Registry) -> None:
    all_at_once, have_met = threading.Barrier(4), threading.Event()

    def meet(request: Request) -> None:
        if "history" in request.path and not have_met.is_set():  # the first request of each
            all_at_once.wait(60)
            have_met.set()

    registry.interfere = meet
    stack = make_stack(
        f'cgr.ImageDigest("followed", image="{PYTHON}")\n'
        f'cgr.ImageDigest("at", image="{NGINX}", at="2024-06-02")\n'
        f'cgr.ImageDigest("triggers", image="{NGINX}", triggers=[1])\n'
        f'cgr.ImageDigests("set", images={{"a": "{PYTHON}"}}, at="2024-06-03")\n'
    )

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert have_met.is_set()
    assert len(preview.changes) == 4


def test_where_the_state_cannot_be_read_the_check_looks_up(registry: Registry, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(f'import pulumi_cgr as cgr\ncgr.ImageDigest("pin", image="{PYTHON}", at="2024-05-20")\n')
    stack = Stack(program, environ={"CGR_REGISTRY": registry.url}, can_read_state=False)

    up = stack.up()

    assert up.ok, up.diagnostics
    assert A in stack.exported()


def test_a_secret_image_stays_secret(make_stack: MakeStack, registry: Registry) -> None:
    program = (
        'image = pulumi.Output.secret("cgr.dev/acme.com/web:1")\n'
        'pin = cgr.ImageDigest("pin", image=image)\n'
        'release = cgr.ImageDigests("release", images={"web": image}, at="2024-06-01")\n'
        'pulumi.export("pin", [pin.ref, pin.repository, pin.tag, pin.digest, pin.reason, pin.updated_at])\n'
        'pulumi.export("refs", release.refs)\n'
    )
    stack = make_stack(program, {"cgr:token": "the-secret-token"})

    up = stack.up()

    assert up.ok, up.diagnostics
    assert stack.preview().changes == {}
    known = stack.exported().replace('"cgr.dev/acme.com/web"', "")  # the id, which is never a secret
    assert "acme.com/web" not in known
    registry.interfere = lambda _request: Reply(403)
    for failed in (stack.preview(), stack.up()):
        assert not failed.ok
        said = "\n".join(failed.diagnostics)
        assert "acme.com" not in said
        assert "an argument is a secret, so only the error code is shown: " in said


def test_a_function_does_not_tell_a_secret_image(make_stack: MakeStack) -> None:
    call = 'cgr.get_image_digest_output(image=pulumi.Output.secret("cgr.dev/chainguard/python:none"))'

    preview = make_stack(f'pulumi.export("secret", {call})').preview()

    assert not preview.ok
    said = "\n".join(preview.diagnostics)
    assert "an argument is a secret, so only the error code is shown: unknown_tag." in said
    assert "none" not in said


def test_a_secret_digest_stays_secret(make_stack: MakeStack) -> None:
    program = f'pin = cgr.ImageDigest("pin", image="{PYTHON}", digest=pulumi.Output.secret("{A}"))\n'
    stack = make_stack(program + 'pulumi.export("ref", pin.ref)')

    up = stack.up()

    assert up.ok, up.diagnostics
    assert A not in stack.exported()
    assert stack.preview().changes == {}


@pytest.fixture
def pulumi(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a stack, and an environment for the command `pulumi`."""
    if not shutil.which("pulumi"):
        pytest.skip("the command pulumi is not on PATH")
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {
        "PATH": path,
        "HOME": str(tmp_path),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "CGR_REGISTRY": registry.url,
    }
    environ |= {"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    run(project, "stack", "init", "stack")
    return project


def run(project: Path, *arguments: str) -> tuple[int, str]:
    """Runs the command and returns its status and what it printed."""
    command = ["pulumi", *arguments, "--non-interactive"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_update_that_fails_is_interrupted_without_a_traceback(pulumi: Path, registry: Registry) -> None:
    (pulumi / "__main__.py").write_text(f"import pulumi_cgr as cgr\ncgr.ImageDigest('pin', image='{PYTHON}')\n")
    registry.interfere = lambda _request: Reply(403)

    status, printed = run(pulumi, "up", "--yes", "--skip-preview")

    assert status != 0
    assert "has a problem: cgr.dev/chainguard/python:latest: " in printed
    assert "Traceback" not in printed
    assert "KeyboardInterrupt" not in printed


def test_without_the_registry_everything_works_that_needs_no_new_digest(
    pulumi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = "opts=pulumi.ResourceOptions(ignore_changes=['digest'])"
    program = (
        "import pulumi, pulumi_cgr as cgr\n"
        f"cgr.ImageDigest('followed', image='{PYTHON}')\n"
        f"cgr.ImageDigest('fixed', image='{PYTHON}', at='2024-05-20')\n"
        f"cgr.ImageDigest('frozen', image='{NGINX}', {frozen})\n"
    )
    (pulumi / "__main__.py").write_text(program)
    status, printed = run(pulumi, "up", "--yes", "--skip-preview")
    assert status == 0, printed
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    for flow in (
        ["up", "--yes", "--target", "**fixed"],
        ["preview", "--exclude", "**followed"],
        ["refresh", "--yes", "--run-program"],
        ["destroy", "--yes", "--run-program", "--target", "**fixed"],
    ):
        status, printed = run(pulumi, *flow)
        assert status == 0, printed
    assert "Connection refused" in run(pulumi, "preview")[1]
    (pulumi / "__main__.py").write_text("".join(program.splitlines(True)[::3]))  # the imports and what is frozen
    assert run(pulumi, "preview")[0] == 0
