# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The tables in docs/reference/ are generated from the code, and each text appears once.

The parts of a rule, the settings and the results each have a page.  The pages of Pulumi, Ansible and the command have their own
arguments, and link to those pages for the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import pytest
import yaml

from pulumi_cgr._bridge import PARTS, RULE_NAMES, SETTINGS
from pulumi_cgr.resolver import Resolver

from .cli.reference import COMMANDS
from .support.blocks import blocks
from .support.documented import (
    RESOLVER,
    Documented,
    arguments,
    attributes,
    documentation_of,
    one_line,
    options_of,
    unwrapped,
)
from .support.documented import module as read
from .support.environments import ROOT
from .support.pages import compare_part, table

PLUGINS = ROOT / "ansible_collections/cgr/images/plugins"
PACKAGE = "ansible_collections.cgr.images.plugins"
REFERENCE = ROOT / "docs/reference"
FUNCTIONS = read("pulumi_cgr/functions.py")
RESULTS = attributes(read(f"{RESOLVER}/model/resolution.py")["Resolution"])
IMAGE = arguments(read(f"{RESOLVER}/resolver.py")["Resolver"]["resolve"])["image"].text

PLAIN = Resolver(environment={}).resolve(f"cgr.dev/chainguard/nginx@sha256:{64 * 'a'}")
RETURNED = (*PLAIN.to_result(), "signed")

RULE_PAGE = "[Images and rules](images-and-rules.md)"
SETTINGS_PAGE = "[Settings](settings.md)"
RESULTS_PAGE = "[Results](results.md)"
FORMS = {
    "instant": "timestamp",
    "duration": "duration",
    "count": "number",
    "digest": "digest or ref",
    "digests": "list of digests",
    "platform": "platform",
    "choice": "choice",
    "flag": "true or false",
}

PIN = yaml.safe_load(documentation_of("filter.pin"))
POSITIONAL = {"resource_name", *PIN["positional"].split(", ")}
"""Arguments that are given by position, without their name."""

pytestmark = pytest.mark.page


def test_the_image_and_the_parts_of_a_rule() -> None:
    compare_part("docs/reference/images-and-rules.md", "image", sentence(IMAGE) + "\n")
    rows = [(f"`{part.name}`", FORMS[part.kind.name], part.text) for part in PARTS]
    compare_part("docs/reference/images-and-rules.md", "rule", table(["part", "value", "meaning"], rows))


def test_where_a_part_of_a_rule_can_be_given() -> None:
    resource, function = inputs("RuleInputs") | {"at"}, inputs("RuleValues") | {"at"}
    module, files = (
        set(options_of(plugin(f"modules.{name}").DOCUMENTATION)) for name in ("digest_info", "pinned_files")
    )
    rows = [
        (f"`{name}`", *("yes" if name in where else "" for where in (resource, function, module, files)), flags(name))
        for name in RULE_NAMES
    ]
    head = ["part", "Pulumi resources", "Pulumi functions", "`digest_info`, lookups", "`pinned_files`", "command"]
    compare_part("docs/reference/images-and-rules.md", "places", table(head, rows))


def test_the_settings() -> None:
    rows = [
        (f"`{setting.name}`", setting.text + (" It is a secret." if setting.is_secret else "")) for setting in SETTINGS
    ]
    compare_part("docs/reference/settings.md", "settings", table(["setting", "meaning"], rows))


def test_the_values_that_every_interface_returns() -> None:
    rows = [(f"`{name}`", sentence(RESULTS[name].text)) for name in RETURNED]
    compare_part("docs/reference/results.md", "results", table(["value", "meaning"], rows))


@pytest.mark.parametrize(("name", "path"), [("ImageDigest", "image_digest"), ("ImageDigests", "image_digests")])
def test_the_arguments_and_outputs_of_a_resource(name: str, path: str) -> None:
    resource = read(f"pulumi_cgr/{path}.py")[name]
    taken = rows_of(arguments(resource["__init__"]).values(), inputs("RuleInputs"))
    returned = [
        (f"`{each.name}`", f"`{bare(each.type)}`", returned_text(each.name, sentence(each.text), name == "ImageDigest"))
        for each in attributes(resource).values()
    ]
    compare_part(
        "docs/reference/pulumi.md",
        name,
        table(["argument", "type", "meaning"], taken) + "\n" + table(["output", "type", "meaning"], joined(returned)),
    )


def test_the_arguments_of_the_functions() -> None:
    taken = rows_of(arguments(FUNCTIONS["get_image_digest"]).values(), inputs("RuleValues"))
    compare_part("docs/reference/pulumi.md", "get_image_digest", table(["argument", "type", "meaning"], taken))


def test_the_arguments_and_the_result_of_the_function_that_compares() -> None:
    functions = read("pulumi_cgr/image_changes.py")
    taken = rows_of(arguments(functions["get_image_changes"]).values(), set())
    returned = [
        (f"`{each.name}`", f"`{bare(each.type)}`", sentence(each.text))
        for each in attributes(functions["GetImageChangesResult"]).values()
    ]
    compare_part(
        "docs/reference/pulumi.md",
        "get_image_changes",
        table(["argument", "type", "meaning"], taken) + "\n" + table(["result", "type", "meaning"], returned),
    )


@pytest.mark.parametrize("module", sorted(path.stem for path in (PLUGINS / "modules").glob("*.py")))
def test_the_options_and_return_values_of_a_module(module: str) -> None:
    code = plugin(f"modules.{module}")
    compare_part("docs/reference/ansible.md", module, options(code.DOCUMENTATION))
    lines = [
        line
        for name, value in yaml.safe_load(code.RETURN).items()
        for line in values(name, value, module == "digest_info")
    ]
    compare_part("docs/reference/ansible.md", f"{module} returns", table(["value", "type", "meaning"], joined(lines)))


@pytest.mark.parametrize(
    ("part", "path"), [("lookups", "lookup.ref"), ("lookups", "lookup.digest"), ("pin", "filter.pin")]
)
def test_the_options_of_the_other_plugins(part: str, path: str) -> None:
    compare_part("docs/reference/ansible.md", part, options(documentation_of(path)))


def test_the_fields_of_a_lock_file() -> None:
    schema = json.loads((REFERENCE / "cgr.lock.schema.json").read_text())["$defs"]
    for name in ("entry", "rule"):
        fields = schema[name]["properties"]
        rows = [(f"`{field}`", described(schema, each)) for field, each in fields.items()]
        compare_part("docs/reference/lock-file.md", name, table(["field", "meaning"], rows))


def test_every_name_in_the_tables_is_in_an_example() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/README.md")]
    examples = "".join(block.text for page in pages for block in blocks(page))
    for page in ("images-and-rules", "results", "pulumi", "ansible"):
        text = (REFERENCE / f"{page}.md").read_text()
        cells = "".join(re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE))
        named = set(re.findall(r"`(?:\w+\[\]\.)?([a-z]\w+)`", cells)) - POSITIONAL

        assert named, page
        assert {name for name in named if not re.search(rf"\b{name}\b", examples)} == set()


def plugin(path: str) -> Any:
    return import_module(f"{PACKAGE}.{path}")


def inputs(name: str) -> set[str]:
    """Returns the keywords of a rule that Pulumi's resources or functions take."""
    kinds = read("pulumi_cgr/_pulumi/rule_inputs.py")
    return {each.name for base in (kinds[name], *kinds[name].mro()) for each in attributes(base).values()}


def flags(name: str) -> str:
    """Returns the option of the command for a part of a rule, and the commands that have it."""
    text = next(part.text for part in PARTS if part.name == name)
    having = [
        command
        for command, each in COMMANDS.items()
        if any(option.name == name and text in option.help for option in each.options)
    ]
    return f"`--{name.replace('_', '-')}` of {', '.join(f'`{command}`' for command in having)}"


def rows_of(found: Iterable[Documented], rule: Iterable[str] = ()) -> list[tuple[str, str, str]]:
    """Returns the rows of a table of arguments or outputs; those of a rule in place of `**rule`."""
    rows = []
    for each in found:
        if each.name == "rule":
            names = ", ".join(f"`{name}`" for name in RULE_NAMES if name in rule)
            rows.append((names, "", f"See {RULE_PAGE}."))
        else:
            rows.append((f"`{each.name}`", f"`{bare(each.type)}`", taken_text(each.name, sentence(each.text))))
    return joined(rows)


def taken_text(name: str, text: str) -> str:
    """Returns the text about an argument or option; a link, if the text is on the page about rules or settings."""
    if name in ("image", *RULE_NAMES):
        return f"See {RULE_PAGE}."
    settings = {setting.name: setting.text for setting in SETTINGS}
    return f"See {SETTINGS_PAGE}." if text.startswith(settings.get(name, "\0")) else text


def returned_text(name: str, text: str, of_image: bool) -> str:
    """Returns the text about a value that is returned; of one image, a link to the page about results and what it adds."""
    if not of_image or name not in RETURNED:
        return text
    elsewhere = sentence(RESULTS[name].text)
    return f"See {RESULTS_PAGE}.{text.removeprefix(elsewhere) if text.startswith(elsewhere) else ''}"


def joined(rows: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Returns the rows, those that only link to the same page as one."""
    found: list[tuple[str, str, str]] = []
    for name, kind, text in rows:
        if found and text.startswith("See [") and text.endswith(").") and found[-1][2] == text:
            found[-1] = (f"{found[-1][0]}, {name}", "", text)
        else:
            found.append((name, kind, text))
    return found


def bare(annotation: str) -> str:
    """Returns a type as a user may give it, whether or not it may be omitted."""
    return unwrapped(annotation).removesuffix(" | None").replace("AtLike", "str | date | datetime")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def options(documentation: str) -> str:
    """Returns the table of a plugin's options, without those of the rule and the settings."""
    names = {*RULE_NAMES, *(name for setting in SETTINGS for name in setting.names)}
    own = [(name, *row(option)) for name, option in options_of(documentation).items() if name not in names]
    return table(
        ["option", "type", "meaning"], [(f"`{name}`", kind, taken_text(name, text)) for name, kind, text in own]
    )


def values(name: str, value: Mapping[str, Any], of_image: bool) -> list[tuple[str, str, str]]:
    """Returns the rows of a return value, and of what is in it."""
    kind, text = row(value)
    if name == "error_code":
        text = "Why the task failed, as one word: see [Errors](errors.md)."
    inner = value.get("contains", {}).items()
    rows = [line for each, below in inner for line in values(f"{name}[].{each}", below, of_image=False)]
    return [(f"`{name}`", kind, returned_text(name, text, of_image)), *rows]


def row(option: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the type of an option or a return value, and the text about it, in Markdown."""
    text = option["description"] if isinstance(option["description"], str) else " ".join(option["description"])
    kind = f"{option['type']} of {option['elements']}" if "elements" in option else option["type"]
    return kind, plain(text)


def plain(text: str) -> str:
    """Returns a text with Markdown's marks in place of Ansible's, on one line."""
    return re.sub(r"\b(?:C|V|O|RV|M)\(([^()]*)\)", r"`\1`", one_line(text))


def described(schema: Mapping[str, Any], field: Mapping[str, Any]) -> str:
    """Returns the description of a field of a JSON schema, or of the definition that it refers to."""
    inner = schema.get(field.get("$ref", "").rpartition("/")[2], {})
    return str(field.get("description") or inner.get("description", ""))
