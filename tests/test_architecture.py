# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""docs/explanation/architecture.md is true: its rows and its arrows are the imports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .support.documented import RESOLVER
from .support.environments import ROOT

PAGE = (ROOT / "docs/explanation/architecture.md").read_text()
FILES = {path.stem: path for path in (ROOT / RESOLVER).glob("*.py")}
ROWS = [re.findall(r"`(\w+)\.py`", line) for line in PAGE.splitlines() if line.startswith("| ") and ".py`" in line]
FACES = {"pulumi": "pulumi_cgr/program.py", "ansible": "ansible_collections/cgr/images/plugins/plugin_utils/_lookup.py"}


def imported(file: Path) -> set[str]:
    """Returns the files of the resolver that a file imports, by their stems."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").rpartition(".")[2], *(name.name for name in node.names)}
    return found & set(FILES)


def arrows() -> list[tuple[str, str]]:
    """Returns the arrows of the picture that hand something on, as pairs of names."""
    picture = PAGE.partition("```mermaid")[2].partition("```")[0]
    return re.findall(r'^ +(\w+) (?:-- ".+" )?--> (\w+)$', picture, re.MULTILINE)


def test_every_file_has_its_row() -> None:
    rows = [stem for row in ROWS for stem in row]

    assert sorted(rows) == sorted(FILES), "a file has no row in docs/explanation/architecture.md, or two"


@pytest.mark.parametrize("stem", FILES)
def test_a_file_imports_nothing_from_below(stem: str) -> None:
    (number,) = [number for number, row in enumerate(ROWS) if stem in row]

    assert imported(FILES[stem]) <= {above for row in ROWS[: number + 1] for above in row}


@pytest.mark.parametrize("arrow", arrows(), ids=" to ".join)
def test_an_arrow_is_an_import(arrow: tuple[str, str]) -> None:
    here, there = arrow
    file = ROOT / FACES[here] if here in FACES else FILES[here]

    assert there in imported(file)


def test_the_picture_holds_the_files_that_a_question_goes_through() -> None:
    drawn = {name for arrow in arrows() for name in arrow}

    assert {"reference", "credentials", "transport", "registry", "history", "selection", "answer"} <= drawn
