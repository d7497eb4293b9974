# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The examples work.  Their READMEs run in test_docs.py, and the playbook in tests/ansible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pulumi_cgr.testing import Histories, Registry
from tests.engine import Stack

from .support.blocks import ELSEWHERE, blocks
from .support.environments import ROOT

EXAMPLES = ROOT / "examples"
IMAGE = "cgr.dev/chainguard/nginx:latest"
NEW = "sha256:" + 64 * "a"


@pytest.fixture
def registry(recorded: Histories) -> Iterator[Registry]:
    with Registry(recorded) as registry:
        yield registry


def stack(name: str, registry: Registry) -> Stack:
    """Returns a stack of the Deployment with the configuration that its file holds."""
    config = yaml.safe_load((EXAMPLES / f"pulumi/Pulumi.{name}.yaml").read_text())["config"]
    keys = {f"project:{key.partition(':')[2]}": value for key, value in config.items()}
    return Stack(EXAMPLES / "pulumi", config=keys, environ={"CGR_REGISTRY": registry.url})


def test_staging_follows_its_tag_and_production_does_not(registry: Registry, recorded: Histories) -> None:
    staging, production = stack("staging", registry), stack("production", registry)
    latest = recorded.moves("chainguard/nginx:latest")[-1].digest

    assert staging.up().outputs["deployed"] == f"{IMAGE}@{latest}"
    released = production.up().outputs["deployed"]
    registry.move("chainguard/nginx:latest", NEW)

    assert staging.preview().outputs["deployed"] == f"{IMAGE}@{NEW}", "the Deployment knows it in a preview already"
    assert staging.preview().changes == {"web": "update"}
    assert production.preview().outputs["deployed"] == released != f"{IMAGE}@{latest}"
    assert production.preview().changes == {}


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/workflow.yaml")), ids=lambda file: file.parent.name)
def test_a_workflow_runs_what_its_readme_does(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    shell = "".join(block.text for block in blocks(file.with_name("README.md")) if block.language == "sh")

    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]

    assert commands
    for command in commands:
        assert command in shell or command.startswith(tuple(ELSEWHERE)), command
