# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The code has the layers and imports that docs/explanation/architecture.md describes, and the pages name files that exist."""

from __future__ import annotations

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .support.environments import ROOT

SHARED = ROOT / "ansible_collections/cgr/images/plugins/module_utils"
RESOLVER = SHARED / "_resolver"
PAGE = (ROOT / "docs/explanation/architecture.md").read_text()
REQUESTS = (ROOT / "docs/maintaining/change-requests.md").read_text()
FILES = [path for path in sorted(SHARED.rglob("*.py")) if path.name != "__init__.py" or path.stat().st_size]


def rows(title: str) -> list[list[str]]:
    """Returns the cells of a table of the page, by the title of its first column."""
    table = PAGE.partition(f"| {title} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def layers() -> list[tuple[str, set[Path]]]:
    """Returns the layers of the resolver, each with its files."""
    found = []
    for name, _text, files in rows("layer"):
        layer = name.strip("`")
        named = re.findall(r"`(\w+\.py)`", files)
        found.append((layer, {RESOLVER / layer / file for file in named} if named else {RESOLVER / layer}))
    return found


def imported(file: Path) -> set[Path]:
    """Returns the files of `module_utils` that a file imports."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").replace("ansible_collections.cgr.images.plugins.module_utils.", "")
            folder = file.parents[node.level - 1] if node.level else SHARED
            base = folder.joinpath(*module.split("."))
            found |= {base / f"{name.name}.py" for name in node.names} | {base.with_suffix(".py"), base / "__init__.py"}
    return found & set(FILES)


def arrows() -> list[tuple[str, str]]:
    """Returns the solid arrows of the picture, as pairs of names."""
    return re.findall(r'^ +(\w+) (?:-- ".+" )?--> (\w+)$', PAGE, re.MULTILINE)


def drawn(name: str) -> Path:
    """Returns the file that a box of the picture stands for."""
    label: str = re.findall(rf'^ +{name}\["(?:<b>)?([\w/]+\.py)', PAGE, re.MULTILINE)[0]
    return next(path for path in (RESOLVER / label, SHARED / label, ROOT / label) if path.exists())


def test_every_file_of_the_resolver_is_in_one_layer() -> None:
    named = [str(file.relative_to(RESOLVER)) for _layer, files in layers() for file in sorted(files)]

    assert sorted(named) == [str(file.relative_to(RESOLVER)) for file in FILES if RESOLVER in file.parents]


@pytest.mark.parametrize("number", range(len(layers())), ids=[layer for layer, _files in layers()])
def test_a_layer_imports_itself_and_the_layers_above_it(number: int) -> None:
    allowed = set().union(*(files for _layer, files in layers()[: number + 1]))

    for file in layers()[number][1]:
        found = {each for each in imported(file) if RESOLVER in each.parents}
        assert found <= allowed, file.relative_to(RESOLVER)


def test_the_lock_file_imports_what_its_row_allows_only() -> None:
    (allowed,) = [cell for package, _text, cell in rows("package") if package == "`_lockfile/`"]
    for file in FILES:
        if file.parent.name == "_lockfile":
            for each in imported(file):
                if RESOLVER in each.parents:
                    assert f"`{each.relative_to(RESOLVER).parts[0]}" in allowed, file.name


@pytest.mark.parametrize("arrow", arrows(), ids=" to ".join)
def test_an_arrow_is_an_import(arrow: tuple[str, str]) -> None:
    here, there = map(drawn, arrow)

    assert there in imported(here)


def test_the_picture_shows_the_path_of_a_query() -> None:
    boxes = {name for arrow in arrows() for name in arrow}

    assert {"reference", "chain", "transport", "taghistory", "reader", "selection", "resolution"} <= boxes


def test_no_files_import_each_other() -> None:
    try:
        TopologicalSorter({file: imported(file) for file in FILES}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(str(file.relative_to(SHARED)) for file in reversed(error.args[1])))


def test_the_change_requests_name_files_that_exist() -> None:
    lines = [line.split("|")[1:-1] for line in REQUESTS.splitlines() if re.match(r"\| \d+ \|", line)]

    assert len(lines) == 25
    for number, _request, guessed, touched, hit in lines:
        for path, new in re.findall(r"`([\w/.-]+)`( \(new\))?", guessed + touched):
            found = [base / path for base in (RESOLVER, SHARED, SHARED.parent, ROOT / "pulumi_cgr", ROOT)]
            assert new or any(map(Path.exists, found)), f"request {number.strip()}: {path}"
        first = re.findall(r"`([\w/.-]+)`", guessed)
        named = re.findall(r"`([\w/.-]+)`", touched)
        assert (hit.strip() == "yes") == any(path.startswith(tuple(first)) for path in named), number
