# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/file-formats.md lists the formats, and what other tools do with the same files."""

from __future__ import annotations

import csv
from typing import NamedTuple

import pytest

from pulumi_cgr.files import PATTERNS

from ..support.environments import ROOT
from ..support.pages import compare_part, table
from .test_corpus import CORPUS, OUTCOMES

PAGE = "docs/reference/file-formats.md"
TABLE = ROOT / "tests/data/peers.csv"
TOOLS = ("digestabot", "frizbee", "Renovate", "Dependabot")


class Kind(NamedTuple):
    """A place for images, an example of it in the corpus, and what other tools do there: `pins`, `updates` or nothing."""

    kind: str
    example: str
    digestabot: str
    frizbee: str
    renovate: str
    dependabot: str


with TABLE.open(newline="") as lines:
    KINDS = [Kind(**row) for row in csv.DictReader(lines)]


def ours(example: str) -> str:
    """Returns what happens to an example, as tests/files/test_corpus.py finds it."""
    done = {row.split()[1].rstrip(":") for row in map(str, OUTCOMES[example].get("rows", []))}
    return "pins" if done & {"pinned", "updated", "unchanged"} else "reports" if done else ""


@pytest.mark.page
def test_the_page_compares_the_formats_with_those_of_other_tools() -> None:
    rows = [(each.kind, f"`{each.example}`", ours(each.example), *each[2:]) for each in KINDS]
    compare_part(PAGE, "formats", table(["images in", "example", "cgr-images", *TOOLS], rows))


@pytest.mark.page
def test_the_page_lists_the_patterns() -> None:
    compare_part(PAGE, "patterns", ", ".join(f"`{pattern}`" for pattern in PATTERNS) + "\n")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_whatever_another_tool_changes_is_pinned(kind: Kind) -> None:
    assert (CORPUS / kind.example).is_file()
    assert ours(kind.example) == "pins"
