# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation that are made of what the code says: `make docs` writes them, the tests compare them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from .environments import ROOT

WRITES = bool(os.environ.get("CGR_WRITE_DOCS"))


def compare(path: str, text: str) -> None:
    """Compares a page, by its path in the repository, with what it should be."""
    page = ROOT / path
    print(text)
    if WRITES:
        page.write_text(text)
    assert page.read_text() == text, "run `make docs`"


def compare_part(path: str, name: str, text: str) -> None:
    """Compares the part of a page that stands between `<!-- NAME: made by make docs -->` and `<!-- end -->`."""
    begin, end = f"<!-- {name}: made by make docs -->\n", "<!-- end -->"
    before, found, behind = (ROOT / path).read_text().partition(begin)
    assert found, f"{path} has no part {name}"
    compare(path, before + begin + text + end + behind.partition(end)[2])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Returns a table in Markdown."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "".join(f"| {' | '.join(cell(text) for text in line)} |\n" for line in lines)


def cell(text: str) -> str:
    """Returns a text as it can stand in a table."""
    return re.sub(r"(?<!\\)\|", r"\|", text)
