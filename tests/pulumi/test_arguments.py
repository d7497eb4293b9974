# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments, options, outputs and configuration of users' stacks, each on the stand-in for the engine and on the real one."""

from __future__ import annotations

import re

import pytest

from pulumi_cgr._pulumi.config import config_warnings, resolver_from_config
from pulumi_cgr.testing import Registry

from .conftest import B, C, MakeStack, rewrite

PYTHON, NGINX = "cgr.dev/chainguard/python:latest", "cgr.dev/chainguard/nginx:latest"
SET = f'images={{"python": "{PYTHON}", "nginx": "{NGINX}"}}'


@pytest.mark.parametrize("ignored", ["digests", "*"])
def test_ignore_changes_freezes_a_set(make_stack: MakeStack, registry: Registry, ignored: str) -> None:
    program = (
        f'pin = cgr.ImageDigests("pin", {SET}, opts=pulumi.ResourceOptions(ignore_changes=["{ignored}"]))\n'
        f'one = cgr.ImageDigest("one", image="{PYTHON}", opts=pulumi.ResourceOptions(ignore_changes=["*"]))\n'
        'pulumi.export("digests", [pin.digests["python"], one.digest])\n'
    )
    stack = make_stack(program)
    assert stack.up().outputs == {"digests": [B, B]}
    registry.move("chainguard/python:latest", C)
    asked = len(registry.requests)

    assert stack.preview().changes == {}
    assert stack.up().outputs == {"digests": [B, B]}
    assert len(registry.requests) == asked
    rewrite(
        stack, program.replace("ignore_changes", "depends_on").replace(f'["{ignored}"]', "[]").replace('["*"]', "[]")
    )
    assert stack.preview().outputs == {"digests": [C, C]}


OPTIONS = f"""
from datetime import timedelta
pin = cgr.ImageDigest("pin", image="{PYTHON}", min_age=timedelta(days=7), opts=pulumi.ResourceOptions(ignore_changes=["digset"]))
pulumi.export("digest", pin.digest)
"""


def test_a_duration_may_be_a_timedelta_and_a_misspelt_option_is_warned_about(make_stack: MakeStack) -> None:
    preview = make_stack(OPTIONS).preview()

    assert preview.ok, preview.diagnostics
    assert preview.outputs == {"digest": B}
    assert preview.diagnostics == [
        "ImageDigest pin: ignore_changes has no effect on digset, which is not an argument; did you mean digest?"
    ]


def test_a_lock_file_may_be_a_path_and_an_image_that_is_none_is_refused(make_stack: MakeStack) -> None:
    preview = make_stack(
        "from pathlib import Path\n"
        f'cgr.ImageDigest("locked", image="{PYTHON}", lock=Path("nothing.json"))\n'
        'cgr.ImageDigest("none", image=None)\n'
        f'cgr.ImageDigest("number", image="{PYTHON}", digest=5)\n'
    ).preview()

    said = "\n".join(preview.diagnostics)
    assert "not in the lock file nothing.json." in said
    assert "property image: image must be text like cgr.dev/chainguard/python:latest, not 'None'." in said
    assert "digest 5 is not a digest" in said
    assert "3 pins have no digest, for the reasons shown." in said


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        (
            f'cgr.ImageDigest("pin", image="{PYTHON}", opts=pulumi.ResourceOptions(import_="x"))',
            "ImageDigest pin: import_ does not work for dynamic resources.",
        ),
        (f'cgr.ImageDigests("pin", images={{1: "{PYTHON}"}})', "The key 1 is not text; write '1'."),
        (
            f'cgr.ImageDigests("pin", images={{"a": "{PYTHON}"}}, opts=pulumi.ResourceOptions(ignore_changes=["digests.a"]))',
            "ImageDigests pin: ignore_changes does not work for digests.a: the program gives no digests",
        ),
    ],
    ids=["import_", "key", "one of the digests"],
)
def test_what_cannot_be_sent_ends_the_program_in_one_sentence(
    make_stack: MakeStack, declaration: str, said: str
) -> None:
    preview = make_stack(declaration).preview()

    (diagnostic,) = preview.diagnostics
    assert diagnostic.startswith(said)


OUTPUTS = f"""
given = cgr.ImageDigest("given", image="{PYTHON}", digest="{C}")
bare = cgr.ImageDigest("bare", image="cgr.dev/chainguard/python@{C}")
release = cgr.ImageDigests("release", images={{"bare": "cgr.dev/chainguard/python@{C}", "web": "{NGINX}"}})
cgr.ImageDigest("taker", image="{NGINX}", triggers={{
    "given": pulumi.Output.all(given.at, given.updated_at), "bare": bare.tag, "release": [release.at, release.updated_at]
}})
pulumi.export("keys", release.updated_at.apply(sorted))
pulumi.export("pin", given)
pulumi.export("release", release)
"""


def test_outputs_without_a_value_are_known(make_stack: MakeStack) -> None:
    stack = make_stack(OUTPUTS)

    up = stack.up()

    assert up.ok, up.diagnostics
    preview = stack.preview()
    assert preview.changes == {}
    assert preview.outputs["keys"] == up.outputs["keys"] == ["bare", "web"]


def test_the_export_of_a_whole_resource_has_what_is_documented(make_stack: MakeStack) -> None:
    stack = make_stack(OUTPUTS)

    outputs = stack.up().outputs

    for name in ("prefetched", "preview", "failure", "hides_arguments"):
        assert name not in outputs["pin"]
        assert name not in outputs["release"]
        assert not re.search(rf'"{name}": *[^ \[]', stack.exported()), "only its name, among the dependencies"


def test_a_misspelt_setting_is_warned_about(make_stack: MakeStack) -> None:
    stack = make_stack(f'cgr.ImageDigest("pin", image="{PYTHON}")')
    stack.config["cgr:concurency"] = "2"

    preview = stack.preview()

    assert preview.ok
    assert preview.diagnostics == [
        "The configuration key cgr:concurency is not a setting; did you mean cgr:concurrency?"
    ]


def test_a_project_named_cgr_has_keys_of_its_own() -> None:
    config = {"cgr:lock": "the front door", "cgr:colour": "red", "other:x": "y"}
    of_project = resolver_from_config(config.get, "cgr", environment={})
    of_other = resolver_from_config(config.get, "shop", environment={})
    distinct = {**config, "pulumi-cgr:lock": "cgr.lock.json"}

    assert of_project.lock is None
    assert of_other.lock == "the front door"
    assert resolver_from_config(distinct.get, "cgr", environment={}).lock == "cgr.lock.json"
    assert [warning.partition(";")[0] for warning in config_warnings(config, "cgr")] == [
        "The configuration key cgr:lock belongs to this project, whose name is cgr, and is not read as the setting lock. For"
        " the setting, write pulumi-cgr:lock."
    ]
    assert list(config_warnings(distinct, "cgr")) == []
    assert len(list(config_warnings(config, "shop"))) == 1


@pytest.mark.parametrize("value", ["b'x'", "object()"])
def test_a_value_that_cannot_be_sent_is_named(make_stack: MakeStack, value: str) -> None:
    preview = make_stack(f'cgr.ImageDigest("pin", image="{PYTHON}", triggers=[{value}])\n').preview()

    assert not preview.ok
    assert any("which cannot be sent; write text" in line for line in preview.diagnostics)
    assert not any("Traceback" in line for line in preview.diagnostics)
