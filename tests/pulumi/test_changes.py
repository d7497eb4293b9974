# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`get_image_changes` in programs: what a pin changed, without anything about it in the state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry
from tests.support.attestations import REAL, publish

from .conftest import MakeStack

TAG = "chainguard/php:latest-fpm"
PHP, WEB = f"cgr.dev/{TAG}", "cgr.dev/chainguard/web:1"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry({}) as registry:
        for build, when in zip(REAL["php-fpm"], ("2026-08-16T00:00:00Z", "2026-08-24T23:00:00Z"), strict=True):
            publish(registry, TAG, build["config"], when)
            publish(registry, "chainguard/web:1", None, when)
        yield registry


PROGRAM = """
web = cgr.ImageDigest("web", image="{php}")
got = cgr.get_image_changes("{php}@{old}")
out = cgr.get_image_changes_output("{php}", since="2026-08-17", until=web.updated_at)
async def awaited():
    return (await cgr.get_image_changes("{php}@{old}", "{new}")).builds_between
pulumi.export("packages", got.packages.added)
pulumi.export("same", out.apply(lambda other: other.packages.added == got.packages.added))
pulumi.export("whole", out)
pulumi.export("between", awaited())
"""


def test_a_program_sees_what_changed_and_its_state_does_not_hold_it(make_stack: MakeStack, registry: Registry) -> None:
    old, new = (move.digest for move in registry.histories.moves(TAG))
    stack = make_stack(PROGRAM.format(php=PHP, old=old, new=new))

    up = stack.up()

    assert up.ok, up.diagnostics
    assert sorted(up.outputs["packages"]) == [
        "glibc-2.43",
        "glibc-2.43-locale-posix",
        "ld-linux-2.43",
        "libcrypt1-2.43",
    ]
    assert up.outputs["same"] is True
    assert (up.outputs["whole"]["old"], up.outputs["whole"]["new"]) == (old, new)
    assert up.outputs["whole"]["verified"] is False
    assert up.outputs["between"] == 0


def test_a_missing_attestation_is_a_warning(make_stack: MakeStack) -> None:
    program = f'pulumi.export("packages", cgr.get_image_changes("{WEB}", since="2026-08-17").packages)\n'

    preview = make_stack(program).preview()

    assert preview.ok, preview.diagnostics
    assert preview.outputs.get("packages") is None
    assert any("has no attestation of its packages" in line for line in preview.diagnostics)


@pytest.mark.parametrize("name", ["get_image_changes", "get_image_changes_output"])
def test_arguments_that_do_not_name_two_builds_end_the_program_in_one_sentence(
    make_stack: MakeStack, name: str
) -> None:
    preview = make_stack(f'cgr.{name}("{WEB}")\n').preview()

    said = "\n".join(preview.diagnostics)
    assert not preview.ok
    assert f"say which builds of {WEB} to compare" in said
    assert "Traceback" not in said
