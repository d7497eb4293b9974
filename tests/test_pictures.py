# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of the README show the output of the commands, with shortened digests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from pulumi_cgr.testing import Histories, Registry
from tests.support.environments import ROOT

from .support.pages import compare

pytestmark = pytest.mark.page

COLUMNS = 132
PROGRAM = """\
import pulumi
import pulumi_cgr as cgr

web = cgr.ImageDigest("web", image="cgr.dev/chainguard/nginx:latest")
pulumi.export("web", web.ref)
"""
PLAY = """\
- name: Deploy
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Update the digests of what is deployed
      cgr.images.pinned_files:
        paths: [compose.yaml]
"""
COMPOSE = """\
services:
  proxy:
    image: cgr.dev/chainguard/nginx:latest@{digest} # the web server
    ports: ["8080:8080"]
  cache:
    image: docker.io/library/redis:7
"""
# The window of rich's pictures, without fonts from the network.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


@pytest.fixture
def before_and_after(recorded: Histories) -> Iterator[tuple[Registry, Registry]]:
    """A registry on the day before a tag moved, and one on the day itself."""
    moves = recorded.moves("chainguard/nginx:latest")
    records = [{"updateTimestamp": str(move.updated_at), "digest": move.digest} for move in moves]
    name = "chainguard/nginx:latest"
    with Registry({name: records[:-1]}) as before, Registry({name: records}) as after:
        yield before, after


def test_the_picture_of_a_preview(before_and_after: tuple[Registry, Registry], tmp_path: Path) -> None:
    if not shutil.which("pulumi"):
        pytest.skip("the command pulumi is not on PATH, so the picture of a preview was not compared")
    before, after = before_and_after
    project = tmp_path / "web"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: web\nruntime: python\n")
    (project / "__main__.py").write_text(PROGRAM)
    environ = {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    run(project, ["pulumi", "stack", "init", "dev"], before, **environ)
    run(project, ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"], before, **environ)

    shown = run(project, ["pulumi", "preview", "--diff", "--color", "always"], after, **environ)

    compare("docs/pictures/preview.svg", picture("pulumi preview --diff", shown))


def test_the_picture_of_a_check(before_and_after: tuple[Registry, Registry], tmp_path: Path) -> None:
    before, after = before_and_after
    (tmp_path / "compose.yaml").write_text(
        COMPOSE.format(digest=before.histories.moves("chainguard/nginx:latest")[-1].digest)
    )
    (tmp_path / "site.yaml").write_text(PLAY)
    environ = {
        "ANSIBLE_FORCE_COLOR": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
    }

    shown = run(tmp_path, ["ansible-playbook", "--check", "--diff", "site.yaml"], after, **environ)

    compare(
        "docs/pictures/check.svg",
        picture("ansible-playbook --check --diff site.yaml", shown.replace(f"{tmp_path}/", "")),
    )


def run(folder: Path, command: list[str], registry: Registry, **environ: str) -> str:
    """Runs a command with a registry, and returns its output."""
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "CGR_REGISTRY": registry.url,
        **environ,
    }
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def picture(title: str, shown: str) -> str:
    """Draws the output of a command, in its colours."""
    short = re.sub(r"([0-9a-f]{8})[0-9a-f]{56}", r"\1…", shown).strip()
    console = Console(record=True, file=StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(short))
    drawn = console.export_svg(title=f"$ {title}", theme=DIMMED_MONOKAI, code_format=FORMAT, unique_id="cgr")
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)
