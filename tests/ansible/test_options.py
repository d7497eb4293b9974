# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where the options of tasks and lookups come from: what is written, variables, the environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry

from ..support.moves import days_ago
from .conftest import Controller
from .test_playbooks import info, say

IMAGE, OTHER = "cgr.dev/chainguard/web:latest", "cgr.dev/chainguard/db:latest"
A = "sha256:" + 64 * "a"


@pytest.fixture
def registry() -> Iterator[Registry]:
    moves = [{"updateTimestamp": days_ago(9), "digest": A}]
    with Registry({image.removeprefix("cgr.dev/"): moves for image in (IMAGE, OTHER)}) as registry:
        yield registry


def test_null_and_omit_leave_a_variable_on_and_empty_text_switches_it_off(controller: Controller) -> None:
    null, omitted, empty, *lookups = controller.results(
        [
            info(image=IMAGE, lock=None),
            info(image=IMAGE, lock="{{ nothing | default(omit) }}"),
            info(image=IMAGE, lock=""),
            say("{{ lookup('cgr.images.digest', '" + IMAGE + "', lock=none) }}"),
            say("{{ lookup('cgr.images.digest', '" + IMAGE + "', lock=nothing | default(omit)) }}"),
            say("{{ lookup('cgr.images.digest', '" + IMAGE + "', at=nothing | default(omit), lock='', timeout='') }}"),
        ],
        "-e",
        "cgr_lock=missing.json",
        CGR_TIMEOUT="",
    )

    assert null["error_code"] == omitted["error_code"] == "invalid_lock"
    assert empty["digest"] == lookups[2]["msg"] == A
    assert all("missing.json does not exist" in lookup["msg"] for lookup in lookups[:2])


def test_the_documented_rescue_works_for_arguments_too(controller: Controller) -> None:
    run = controller.play(
        f"""
        - block:
            - cgr.images.digest_info: {{image: "{IMAGE}", at: tomorrow}}
          rescue:
            - ansible.builtin.assert: {{that: ansible_failed_result.error_code == "invalid_at"}}
        - block:
            - cgr.images.digest_info: {{imag: "{IMAGE}"}}
          rescue:
            - ansible.builtin.assert: {{that: ansible_failed_result.error_code == "invalid"}}
        """
    )

    assert run.status == 0, run.output


def test_several_images_may_be_one_text_or_a_list_within_a_term(controller: Controller) -> None:
    text, listed = controller.results(
        [
            info(images=f"{IMAGE}, {OTHER}"),
            say("{{ query('cgr.images.ref', ['" + IMAGE + "', '" + OTHER + "']) }}"),
        ]
    )

    assert text["refs"] == listed["msg"] == [f"{IMAGE}@{A}", f"{OTHER}@{A}"]


def test_every_part_of_a_release_can_be_pinned_to(controller: Controller) -> None:
    manifest = f"image: {IMAGE}"
    release, *pinned = controller.results(
        [
            info(images={"web": IMAGE, "db": OTHER}),
            *(
                say("{{ '" + manifest + "' | cgr.images.pin(result_0" + part + ") }}")
                for part in ("", ".refs", ".images")
            ),
        ]
    )

    assert release["refs"]["web"] == f"{IMAGE}@{A}"
    assert [each["msg"] for each in pinned] == [f"{manifest}@{A}"] * 3


def test_the_keyword_environment_is_told_not_to_reach_the_controller(controller: Controller) -> None:
    environment = {"environment": {"CGR_TOKEN": "t", "PATH": "/bin"}}

    run = controller.play(
        [info(image=IMAGE) | environment, say("{{ lookup('cgr.images.ref', '" + OTHER + "') }}") | environment]
    )

    assert run.status == 0, run.output
    said = " ".join(run.output.split())
    assert "cgr.images.digest_info runs on the controller, which the keyword 'environment' does not reach" in said
    assert (
        "a lookup runs on the controller, which the keyword 'environment' does not reach: CGR_TOKEN has no effect"
        in said
    )
