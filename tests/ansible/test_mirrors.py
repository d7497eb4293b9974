# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Playbooks that deploy from a mirror."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_cgr.testing import Registry

from .conftest import Controller
from .test_playbooks import PYTHON, PYTHON_IN_JUNE, info, say

IMAGE = PYTHON.replace("cgr.dev", "registry.corp:5000/cgr")
REF = f"{IMAGE}@{PYTHON_IN_JUNE}"
MIRRORS = {"registry.corp:5000/cgr": "cgr.dev", "registry.corp:5000": "cgr.dev/other.com"}


@pytest.mark.parametrize("place", ["argument", "variable", "environment"])
def test_every_plugin_takes_mirrors_from_every_place(controller: Controller, place: str) -> None:
    own: dict[str, Any] = {"mirrors": MIRRORS} if place == "argument" else {}
    tasks: list[dict[str, Any]] = [
        info(image=IMAGE, at="2024-06-01", **own),
        info(images={"web": IMAGE}, at="2024-06-01", **own),
        say(
            f"{{{{ lookup('cgr.images.ref', '{IMAGE}', at='2024-06-01'{', mirrors=' + str(MIRRORS) if own else ''}) }}}}"
        ),
        say("{{ 'FROM " + IMAGE + " AS x' | cgr.images.pin([result_0, result_1]) }}"),
    ]
    options = ["-e", json.dumps({"cgr_mirrors": MIRRORS})] if place == "variable" else []
    text = ",".join(f"{left}={right}" for left, right in MIRRORS.items())

    results = controller.results(tasks, *options, **({"CGR_MIRRORS": text} if place == "environment" else {}))

    assert [results[0]["ref"], results[1]["refs"]["web"], results[2]["msg"]] == [REF] * 3
    assert results[3]["msg"] == f"FROM {REF} AS x"


def test_mirrors_that_are_none_are_one_sentence(controller: Controller, registry: Registry) -> None:
    results = controller.results([info(image=IMAGE), info(image=IMAGE, mirrors={"cgr": "cgr.dev"})])

    assert "If registry.corp:5000 mirrors it, add it to 'mirrors'." in results[0]["msg"]
    assert "mirrors: 'cgr' is not the name of a mirror" in results[1]["msg"]
    assert not registry.requests
