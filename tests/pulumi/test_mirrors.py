# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Stacks that deploy from a mirror."""

from __future__ import annotations

import json

import pytest

from pulumi_cgr.testing import Registry

from .conftest import A, B, C, MakeStack, rewrite

IMAGE = "registry.corp:5000/cgr/python:latest"
MIRRORS = {"registry.corp:5000/cgr": "cgr.dev/chainguard"}
PROGRAM = f"""
fixed = cgr.ImageDigest("fixed", image="{IMAGE}", at="2024-05-20")
followed = cgr.ImageDigest("followed", image="{IMAGE}")
release = cgr.ImageDigests("release", images={{"python": "{IMAGE}", "nginx": "cgr.dev/chainguard/nginx"}}, at="2024-05-20")
pulumi.export("refs", [fixed.ref, followed.ref, release.refs["python"], cgr.get_image_digest("{IMAGE}").ref])
pulumi.export("repository", followed.repository)
"""


@pytest.mark.parametrize("place", ["configuration", "text in the configuration", "environment"])
def test_images_on_a_mirror_are_pinned_by_their_own_name(
    make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    stack = make_stack(PROGRAM)
    text = "registry.corp:5000/cgr=cgr.dev/chainguard"
    if place == "environment":
        monkeypatch.setenv("CGR_MIRRORS", text)
    else:
        stack.config["cgr:mirrors"] = json.dumps(MIRRORS) if place == "configuration" else text

    preview, up = stack.preview(), stack.up()

    assert up.ok, up.diagnostics
    assert preview.outputs == up.outputs
    assert up.outputs["refs"] == [f"{IMAGE}@{digest}" for digest in (A, B, A, B)]
    assert up.outputs["repository"] == "registry.corp:5000/cgr/python"
    assert stack.preview().changes == {}


def test_a_pin_is_kept_for_as_long_as_the_mirror_is_that_of_the_same_repository(
    make_stack: MakeStack, registry: Registry
) -> None:
    stack = make_stack(PROGRAM)
    stack.config["cgr:mirrors"] = json.dumps(MIRRORS)
    stack.up()
    registry.histories.move(
        "other.com/python:latest", C, registry.histories.moves("chainguard/python:latest")[0].updated_at
    )
    stack.secrets["cgr:token"] = "the-secret-token"

    stack.config["cgr:mirrors"] = "registry.corp:5000/cgr=cgr.dev/other.com"

    assert stack.up().outputs["refs"] == [f"{IMAGE}@{C}"] * 4


def test_the_state_says_where_an_image_on_a_mirror_is_looked_up_and_only_there(make_stack: MakeStack) -> None:
    stack = make_stack('cgr.ImageDigest("pin", image="cgr.dev/chainguard/python")')
    stack.config["cgr:mirrors"] = json.dumps(MIRRORS)
    stack.up()
    assert "upstream" not in stack.exported()

    rewrite(stack, f'cgr.ImageDigest("pin", image="{IMAGE}")')

    assert stack.up().ok
    assert '"upstream":"cgr.dev/chainguard/python"' in stack.exported().replace(" ", "")


def test_a_pin_that_moves_to_a_mirror_never_goes_back_in_time(make_stack: MakeStack, registry: Registry) -> None:
    registry.move("chainguard/python:latest", C)
    program = (
        'pulumi.export("pin", cgr.ImageDigest("pin", image="{0}"{1}).ref)\n'
        'pulumi.export("set", cgr.ImageDigests("set", images={{"pin": "{0}"}}{1}).refs["pin"])\n'
    )
    stack = make_stack(program.format("cgr.dev/chainguard/python", ""))
    stack.config["cgr:mirrors"] = json.dumps(MIRRORS)
    stack.up()

    rewrite(stack, program.format(IMAGE, ', min_age="1d"'))

    assert stack.up().outputs == {"pin": f"{IMAGE}@{C}", "set": f"{IMAGE}@{C}"}
