# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`signed` in Pulumi programs: a pin moves only to a build that is signed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import DAY
from pulumi_cgr.resolver import Instant
from tests.engine import Stack

from ..support.signature_cases import IDENTITY
from ..support.signed_images import IMAGE, MOVED, NAME, SignedImages

END = f"; signed by {IDENTITY}, logged at 2026-01-31T12:00:05Z"
PIN = f'pin = cgr.ImageDigest("pin", image="{IMAGE}", signed=True)\npulumi.export("ref", pin.ref)\npulumi.export("reason", pin.reason)\n'


@pytest.fixture
def make_stack(images: SignedImages, tmp_path: Path) -> Any:
    def make(program: str) -> Stack:
        file = tmp_path / "program.py"
        file.write_text("import pulumi, pulumi_cgr as cgr\n" + program)
        path = f"{images.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
        return Stack(file, environ={**images.environment, "PATH": path})

    return make


def inputs(stack: Stack) -> dict[str, Any]:
    (resource,) = [each for each in stack.state.values() if "ImageDigest" in each["type"] or "dynamic" in each["type"]]
    found: dict[str, Any] = resource["inputs"]
    return found


def test_the_reason_says_who_signed(make_stack: Any, images: SignedImages) -> None:
    digest = images.push()
    images.sign(digest)
    stack = make_stack(PIN)

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs["ref"] == f"{IMAGE}@{digest}"
    assert up.outputs["reason"].endswith(END)
    assert stack.preview().changes == {}


def test_a_build_that_is_not_signed_does_not_move_the_pin(make_stack: Any, images: SignedImages) -> None:
    signed = images.push()
    images.sign(signed)
    stack = make_stack(PIN)
    stack.up()
    images.push(updated_at=MOVED + 10**9)

    preview, up = stack.preview(), stack.up()

    assert not preview.ok
    assert not up.ok
    assert any("the registry has no signature of" in line for line in up.diagnostics)
    assert signed in stack.exported()


def test_without_signed_the_state_does_not_speak_of_it(make_stack: Any, images: SignedImages) -> None:
    images.sign(images.push())
    stack = make_stack(PIN.replace(", signed=True", ""))

    assert stack.up().ok

    assert "signed" not in stack.exported()
    assert images.paths() == []


def test_a_set_and_its_exceptions(make_stack: Any, images: SignedImages) -> None:
    images.sign(images.push())
    images.push("chainguard/bad")
    bad = '{"image": "cgr.dev/chainguard/bad:1", "signed": False}'
    program = f'pins = cgr.ImageDigests("pins", images={{"a": "{IMAGE}", "b": {bad}}}, signed=True)\npulumi.export("reasons", pins.reasons)\n'
    stack = make_stack(program)

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs["reasons"]["a"].endswith(END)
    assert "signed" not in up.outputs["reasons"]["b"]
    assert stack.preview().changes == {}
    refused = make_stack(program.replace(', "signed": False', "")).preview()
    assert not refused.ok


def test_a_digest_that_is_given_is_verified(make_stack: Any, images: SignedImages) -> None:
    digest = images.push()
    stack = make_stack(PIN.replace("signed=True", f'signed=True, digest="{digest}"'))
    assert not stack.preview().ok
    images.sign(digest)

    assert stack.up().outputs["reason"] == f"the digest that was given{END}"


def test_the_function_returns_who_signed(make_stack: Any, images: SignedImages) -> None:
    images.sign(images.push())
    program = f"""
found = cgr.get_image_digest("{IMAGE}", signed=True)
pulumi.export("by", found.signed.by)
pulumi.export("none", str(cgr.get_image_digest("{IMAGE}").signed))
pulumi.export("later", cgr.get_image_digest_output("{IMAGE}", signed=True).signed.kind)
"""
    up = make_stack(program).up()

    assert up.ok, up.diagnostics
    assert up.outputs == {"by": IDENTITY, "none": "None", "later": "bundle"}


def test_a_pin_with_a_lock(make_stack: Any, images: SignedImages) -> None:
    from pulumi_cgr.lockfile.update import lock_images

    images.sign(images.push())
    resolver = images.resolver()
    lock_images(images.home / "cgr.lock.json", resolver, [resolver.parse_query(IMAGE, signed=True)])
    images.registry.requests.clear()
    stack = make_stack(PIN.replace("signed=True", 'signed=True, lock="cgr.lock.json"'))

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs["reason"].endswith(END)
    assert images.registry.requests == []
    assert NAME in up.outputs["ref"]


def test_a_newer_pin_stays_although_the_older_build_is_not_signed(make_stack: Any, images: SignedImages) -> None:
    images.push(updated_at=MOVED + -DAY)
    newer = images.push(updated_at=Instant(time.time_ns()).with_digits(3) + -DAY)
    images.sign(newer)
    assert make_stack(PIN).up().ok
    stack = make_stack(PIN)
    assert stack.up().ok
    stack.program.write_text(stack.program.read_text().replace("signed=True", 'signed=True, min_age="7d"'))

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert preview.outputs["ref"] == f"{IMAGE}@{newer}"
