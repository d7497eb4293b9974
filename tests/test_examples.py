# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The examples work.  Their READMEs run in test_docs.py, and the playbook in tests/ansible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pulumi_cgr._bridge import VERSION
from pulumi_cgr.testing import Histories, Registry
from tests.engine import Stack

from .support import yaml_program
from .support.blocks import ELSEWHERE, blocks
from .support.environments import ROOT
from .support.plugin_schema import Schema, schema

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


def test_the_program_in_yaml_has_the_outputs_that_it_says(registry: Registry) -> None:
    text = (EXAMPLES / "pulumi-yaml/Pulumi.yaml").read_text()

    outputs = yaml_program.outputs_of(text, {"CGR_REGISTRY": registry.url})

    shown = dict(yaml_program.OUTPUT.findall(text))
    assert outputs.keys() == shown.keys()
    for name, value in shown.items():
        assert outputs[name].startswith(value.partition("…")[0])


@pytest.mark.parametrize("file", ["pulumi-typescript/index.ts", "pulumi-go/main.go"])
def test_a_program_in_another_language_uses_names_of_the_schema(file: str) -> None:
    text, known = (EXAMPLES / file).read_text(), schema()
    described = [*known["resources"].values(), *known["types"].values(), known["functions"]["cgr:index:getImageDigest"]]
    names = {name.lower() for each in described for name in _properties(each)}

    arguments = set(re.findall(r"(?:\{ |, |^\s+)(\w+): +(?=[^,])", text, re.MULTILINE)) - {"app", "proxy", "version"}
    outputs = set(re.findall(r"\b(?:proxy|web|release|job)\.(\w+)|\)\.(\w+);", text))

    assert len(arguments) >= 4
    assert {name.lower() for name in arguments} <= names
    assert {(one or other).lower() for one, other in outputs} <= names


def _properties(described: Schema) -> set[str]:
    parts = [described, described.get("inputs", {}), described.get("outputs", {})]
    return {name for part in parts for key in ("properties", "inputProperties") for name in part.get(key, {})}


def test_the_examples_install_the_plugin_of_this_version() -> None:
    for file in [*EXAMPLES.glob("pulumi-*/*"), ROOT / "docs/how-to/use-other-languages.md"]:
        for version in re.findall(r"plugin@([\d.]+)|resource cgr ([\d.]+)", file.read_text()):
            assert VERSION in version, file


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/workflow.yaml")), ids=lambda file: file.parent.name)
def test_a_workflow_runs_what_its_readme_does(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    shell = "".join(block.text for block in blocks(file.with_name("README.md")) if block.language == "sh")

    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]

    assert commands
    for command in commands:
        assert command in shell or command.startswith(tuple(ELSEWHERE)), command
