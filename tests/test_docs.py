# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The code blocks of every page run unchanged, with recorded histories, and its links work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Histories, Registry

from .support.attestations import publish_incident
from .support.blocks import ELSEWHERE, Reader, blocks
from .support.environments import ROOT
from .support.programs import fast_commands
from .support.signed_images import TOKEN, SignedImages
from .support.sigstore import Sigstore

COLLECTION = ROOT / "ansible_collections/cgr/images/README.md"
EXAMPLES = sorted((ROOT / "examples").glob("*/README.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", COLLECTION, *sorted((ROOT / "docs").rglob("*.md")), *EXAMPLES]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def slow(page: Path) -> Any:
    """An example whose parts other tests run, too: `make check` runs its page."""
    return pytest.param(page, marks=pytest.mark.slow)


@pytest.fixture(scope="module")
def registry(recorded: Histories) -> Iterator[Registry]:
    with Registry(recorded) as registry:
        publish_incident(registry)
        for day in ("2026-01-05", "2026-01-12"):  # for how-to/choose-platforms.md
            moment = Instant.parse(day)
            registry.publish("chainguard/valkey:latest", created=str(moment), updated_at=moment)
        yield registry


@pytest.mark.parametrize("page", [slow(page) if page in EXAMPLES else page for page in PAGES], ids=name_of)
def test_the_blocks_of_a_page_run(page: Path, registry: Registry, tmp_path: Path) -> None:
    if page in EXAMPLES:
        shutil.copytree(page.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("out"))

    if page.name == "verify-signatures.md":
        with signed_images(tmp_path) as environ:
            Reader(tmp_path, environ["CGR_REGISTRY"], environ).read(page)
        return

    Reader(tmp_path, registry.url).read(page)


@contextmanager
def signed_images(home: Path) -> Iterator[dict[str, str]]:
    """Yields the environment of a machine with a program in the place of cosign, and a registry with signed images."""
    images = SignedImages.make(home, Sigstore())
    with images.registry:
        public, private = "chainguard/python", "acme.com/web"
        images.sign_legacy(images.push(public, "latest-dev"), name=public)
        by = {"by": "https://issuer.enforce.dev/0a1b/2c3d", "issuer": "https://issuer.enforce.dev"}
        images.sign(images.push(private), name=private, **by)
        path = f"{home}/bin:{fast_commands()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        yield {**images.environment, "PATH": path, "CGR_TOKEN": TOKEN}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        path, _hash, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        titles = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], (
            link
        )


def test_only_these_blocks_and_commands_are_not_run() -> None:
    found = [block for page in PAGES for block in blocks(page)]
    lines = [line for block in found if block.language == "sh" for line in block.text.splitlines()]

    assert {block.page.name: block.reason for block in found if block.reason} == {
        "pin-a-release.md": "site.yaml is your playbook",
        "find-what-broke.md": "it needs Docker",
        "releasing.md": "make check runs it in a clone",
    }
    assert [command for command in ELSEWHERE if not any(line.startswith(command) for line in lines)] == []


def test_make_demo_ends_in_agreement() -> None:
    done = subprocess.run([sys.executable, ROOT / "examples/demo.py"], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "==> Both agree. Unset CGR_REGISTRY, and the same playbook and program ask cgr.dev." in done.stdout
    assert done.stdout.count("by Ansible and Pulumi") == 6
