# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider in the state of users' stacks, and in their unit tests."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import dill
import pulumi
import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_cgr as cgr
from pulumi_cgr.provider import ImageDigestProvider
from pulumi_cgr.testing import Mocks

from .conftest import HISTORIES, A, B

RECORDED = "gASVMgAAAAAAAACME3B1bHVtaV9jZ3IucHJvdmlkZXKUjBNJbWFnZURpZ2VzdFByb3ZpZGVylJOUKYGULg=="
"""The provider as version 0.1.0 puts it into the state of every stack."""


def test_the_provider_is_kept_by_its_name_alone() -> None:
    pickle = base64.b64decode(serialize_provider(ImageDigestProvider()))

    assert len(pickle) < 100
    assert b"pulumi_cgr.provider" in pickle


def test_the_provider_of_a_stack_of_version_0_1_0_still_loads() -> None:
    assert type(dill.loads(base64.b64decode(RECORDED))) is ImageDigestProvider


@pytest.fixture
def mocks() -> Iterator[Mocks]:
    mocks = Mocks(HISTORIES)
    before = pulumi.runtime.settings.SETTINGS
    pulumi.runtime.set_mocks(mocks)
    yield mocks
    mocks.registry.stop()
    pulumi.runtime.configure(before)


def test_unit_tests_of_programs_get_real_answers(mocks: Mocks) -> None:
    seen: dict[str, Any] = {}

    def program() -> pulumi.Output[Any]:
        pin = cgr.ImageDigest("pin", image="cgr.dev/chainguard/python:latest", at="2024-05-20")
        followed = cgr.ImageDigest("followed", image="cgr.dev/chainguard/python:latest")
        out = cgr.get_image_digest_output(image=pin.repository.apply(lambda repository: f"{repository}:latest"))
        return pulumi.Output.all(at=pin.digest, followed=followed.digest, out=out.digest, id=pin.id).apply(seen.update)

    run_to_the_end: Any = pulumi.runtime.test
    run_to_the_end(program)()

    assert seen == {"at": A, "followed": B, "out": B, "id": "cgr.dev/chainguard/python"}
    assert cgr.get_image_digest("cgr.dev/acme.com/web:1").repository == "cgr.dev/acme.com/web"


@pytest.mark.parametrize(
    "statement", ["import pulumi_cgr.resolver", "from pulumi_cgr.testing import Registry; Registry({}).stop"]
)
def test_what_needs_no_pulumi_imports_none(statement: str) -> None:
    lines = f"import sys; {statement}; print(*[m for m in ('pulumi', 'ansible', 'requests') if m in sys.modules])"

    printed = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == ""
