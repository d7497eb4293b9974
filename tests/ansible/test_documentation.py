# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""ansible-doc shows every plugin, and the examples there run."""

from __future__ import annotations

import json

import pytest
import yaml

from .conftest import Controller

PLUGINS = {
    "changes_info": "module",
    "digest_info": "module",
    "pinned_files": "module",
    "ref": "lookup",
    "digest": "lookup",
    "pin": "filter",
}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_ansible_doc_shows_it_and_its_examples_run(controller: Controller, plugin: str) -> None:
    name = f"cgr.images.{plugin}"

    shown = controller.run("ansible-doc", "--json", "-t", PLUGINS[plugin], name)

    assert shown.status == 0, shown.output
    documentation = json.loads(shown.output)[name]
    assert documentation["doc"]["short_description"]
    assert documentation["return"]
    (controller.folder / "out").mkdir()
    (controller.folder / "files").mkdir()
    (controller.folder / "files/deployment.yaml").write_text("image: cgr.dev/chainguard/python:latest-dev\n")
    tasks = yaml.load(documentation["examples"], Loader=yaml.BaseLoader)
    run = controller.play(tasks, "-c", "local", hosts="localhost,")
    assert run.status == 0, run.output
    for written in (controller.folder / "out").iterdir():
        assert "cgr.dev/chainguard/python:latest-dev@sha256:c7afe78f" in written.read_text()
