# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of arguments and answers in docs/ are made of the code, and of what ansible-doc shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import pytest
import yaml

from pulumi_cgr._bridge import RULE_NAMES, SETTINGS

from .support.blocks import blocks
from .support.documented import Documented, arguments, attributes, documentation_of, one_line, options_of, unwrapped
from .support.documented import module as read
from .support.environments import ROOT
from .support.pages import compare_part, table

PLUGINS = ROOT / "ansible_collections/cgr/images/plugins"
PACKAGE = "ansible_collections.cgr.images.plugins"
FUNCTIONS = read("pulumi_cgr/functions.py")

pytestmark = pytest.mark.page


@pytest.mark.parametrize(("name", "path"), [("ImageDigest", "image_digest"), ("ImageDigests", "image_digests")])
def test_the_arguments_and_outputs_of_a_resource(name: str, path: str) -> None:
    resource = read(f"pulumi_cgr/{path}.py")[name]
    asked, answered = arguments(resource["__init__"]).values(), attributes(resource).values()
    compare_part("docs/pulumi.md", name, rows("argument", asked) + "\n" + rows("output", answered))


def test_the_arguments_and_outputs_of_the_functions() -> None:
    asked = arguments(FUNCTIONS["get_image_digest"]).values()
    answered = attributes(FUNCTIONS["GetImageDigestResult"]).values()
    compare_part("docs/pulumi.md", "get_image_digest", rows("argument", asked) + "\n" + rows("result", answered))


def test_the_settings() -> None:
    lines = [(f"`{each.name}`", each.text + (" It is a secret." if each.is_secret else "")) for each in SETTINGS]
    compare_part("docs/settings.md", "settings", table(["setting", ""], lines))


@pytest.mark.parametrize("module", sorted(path.stem for path in (PLUGINS / "modules").glob("*.py")))
def test_the_options_and_answers_of_a_module(module: str) -> None:
    code = import_module(f"{PACKAGE}.modules.{module}")
    compare_part("docs/ansible.md", module, options(code.DOCUMENTATION))
    lines = [line for name, answer in yaml.safe_load(code.RETURN).items() for line in answers(name, answer)]
    compare_part("docs/ansible.md", f"{module}, answers", table(["value", "type", "", ""], lines))


@pytest.mark.parametrize(
    ("part", "path"), [("lookups", "lookup.ref"), ("lookups", "lookup.digest"), ("pin", "filter.pin")]
)
def test_the_options_of_the_other_plugins(part: str, path: str) -> None:
    compare_part("docs/ansible.md", part, options(documentation_of(path)))


def test_the_rule() -> None:
    found = options_of(import_module(f"{PACKAGE}.modules.digest_info").DOCUMENTATION)
    compare_part(
        "docs/ansible.md", "rule", table(["option", "type", ""], [row(name, found[name]) for name in RULE_NAMES])
    )


def rows(title: str, found: Iterable[Documented]) -> str:
    return table(
        [title, "type", ""], [(f"`{each.name}`", f"`{bare(each.type)}`", sentence(each.text)) for each in found]
    )


def bare(annotation: str) -> str:
    """Returns a type as a user may give it, whether or not it may be left out."""
    return unwrapped(annotation).removesuffix(" | None").replace("AtLike", "str | date | datetime")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def options(documentation: str) -> str:
    """Returns the table of a plugin's options, without those of the rule and the settings, which have tables of their own."""
    found = options_of(documentation)
    own = [
        row(name, option)
        for name, option in found.items()
        if name not in (*RULE_NAMES, *(setting.name for setting in SETTINGS))
    ]
    return table(["option", "type", ""], own)


def answers(name: str, answer: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Returns the rows of an answer, and of what is in it."""
    when = answer.get("returned", "").partition(", ")[2]
    inner = [line for each, below in answer.get("contains", {}).items() for line in answers(f"{name}[].{each}", below)]
    return [(*row(name, answer), plain(when)), *inner]


def row(name: str, option: Mapping[str, Any]) -> tuple[str, str, str]:
    """Returns the row of an option or an answer, in Markdown."""
    text = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    kind = f"{option['type']} of {option['elements']}" if "elements" in option else option["type"]
    return f"`{name}`", kind, plain(text)


def plain(text: str) -> str:
    """Returns a text with Markdown's marks in place of Ansible's, on one line."""
    return re.sub(r"\b(?:C|V|O|RV|M)\(([^()]*)\)", r"`\1`", one_line(text))


@pytest.mark.parametrize("page", ["docs/pulumi.md", "docs/ansible.md"])
def test_everything_in_the_tables_is_in_an_example(page: str) -> None:
    examples = "".join(block.text for block in blocks(ROOT / page))
    named = re.findall(r"^\| `(?:\w+\[\]\.)?([a-z]\w+)` \|", (ROOT / page).read_text(), re.MULTILINE)

    assert named
    assert [name for name in named if not re.search(rf"\b{name}\b", examples) and name != "resource_name"] == []
