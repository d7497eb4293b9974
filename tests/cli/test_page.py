# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""docs/reference/command.md says what the command does: its reference is made of the command, its examples run in tests/test_docs.py."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr._bridge import PARTS, SETTINGS
from pulumi_cgr.cli.app import STATUSES
from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Histories, Registry
from tests.support.attestations import publish_incident
from tests.support.environments import ROOT
from tests.support.pages import compare, compare_part, table

from .command import Command
from .reference import COMMANDS, Described, Option

PAGE = "docs/reference/command.md"
PYTHON = "cgr.dev/chainguard/python:latest-dev"
HELP = Counter(option.help for command in COMMANDS.values() for option in command.options)
RULE = {part.name: part.text for part in PARTS}


def is_of_rule(option: Option) -> bool:
    """Whether an option is a part of the rule, rather than another one of the same name."""
    return option.name in RULE and option.help.startswith(RULE[option.name])


SHARED = {
    option.help: option
    for command in COMMANDS.values()
    for option in command.options
    if HELP[option.help] > 1 and not is_of_rule(option)
}
"""The options that several commands have, by the text about them."""
ELSEWHERE = {
    "[Images and rules](images-and-rules.md)": next(option.help for option in COMMANDS["history"].options),
    **{f"`{setting.name}` in [Settings](settings.md)": setting.text for setting in SETTINGS},
}
NOW = Instant.parse("2024-06-10T12:00:00Z")


@pytest.mark.page
@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_on_the_page(name: str) -> None:
    compare_part(PAGE, name, reference(COMMANDS[name]))


@pytest.mark.page
def test_the_options_of_several_commands_are_on_the_page_once() -> None:
    rows = [(shown(option), having(option), text_of(option)) for option in SHARED.values()]
    compare_part(PAGE, "shared options", table(["option", "commands", "meaning"], rows))


@pytest.mark.page
def test_the_drawing_on_the_page_is_what_the_command_draws(recorded: Histories, tmp_path: Path) -> None:
    current = recorded.moves(PYTHON)[-14].digest
    with Registry(recorded, now=lambda: NOW.nanoseconds / 1e9) as registry:
        cgr = Command(tmp_path, registry.url)
        arguments = ["--since", "45d", "--until", "2024-06-10", "--min-age", "7d", "--current", current]
        done = cgr("history", PYTHON, *arguments, "--svg", "timeline.svg")

    assert done.status == 0
    compare("docs/pictures/timeline.svg", (tmp_path / "timeline.svg").read_text())


@pytest.mark.page
def test_the_drawing_of_changes_on_the_page_is_what_the_command_draws(recorded: Histories, tmp_path: Path) -> None:
    with Registry(recorded) as registry:
        publish_incident(registry)
        cgr = Command(tmp_path, registry.url)
        (tmp_path / "compose.yaml").write_text(
            "services:\n  web:\n    image: cgr.dev/chainguard/nginx:latest\n"
            "  app:\n    image: cgr.dev/chainguard/php:latest-fpm\n"
        )
        window = ["--since", "2026-08-17T12:00Z", "--until", "2026-08-18T09:00Z"]
        done = cgr("changes", "compose.yaml", *window, "--svg", "changes.svg")

    assert done.status == 0
    compare("docs/pictures/changes.svg", (tmp_path / "changes.svg").read_text())


def test_the_json_of_the_page_is_the_json_of_the_commands(cgr: Command) -> None:
    (cgr.folder / "web.yaml").write_text(f"image: {PYTHON}\n")
    printed = {
        "resolve": [cgr("resolve", PYTHON, "--json")],
        "history": [cgr("history", PYTHON, "--since", "2024-06-01", "--json")],
        "pin": [cgr("pin", "web.yaml", "--check", "--diff", "--json")],
        "lock": [cgr("lock", PYTHON, "--json")],
        "check": [cgr("check", "web.yaml", "--json")],
        "diff": [cgr("diff", PYTHON, "--from", "2024-06-01", "--to", "2024-06-02", "--json")],
        "changes": [cgr("changes", "web.yaml", "--since", "2024-06-01", "--until", "2024-06-02", "--json")],
        "any, after an error": [cgr("resolve", f"{PYTHON}-no", "--json")],
    }

    for command, runs in printed.items():
        (row,) = re.findall(rf"^\| `?{command}`?[^|]*\|(.*)\|$", (ROOT / PAGE).read_text(), re.MULTILINE)
        for run in runs:
            assert names(json.loads(run.out)) <= set(re.findall(r"`(\w+)`", row.replace("--diff", "diff"))) | OF_OTHERS


OF_OTHERS = {
    "at",
    "min_age",
    "repository",
    "tag",
    "digest",
    "ref",
    "reason",
    "previous",
    "next",
    "active_seconds",
    "updated_at",
}
"""Names within `chosen` and within rules, which the page has elsewhere."""


def names(data: Any) -> set[str]:
    """Returns all names in JSON data."""
    if isinstance(data, dict):
        return set(data) | {name for value in data.values() for name in names(value)}
    return {name for value in data for name in names(value)} if isinstance(data, list) else set()


def reference(command: Described) -> str:
    """Returns the part of the page about a command."""
    rule = [option for option in command.options if is_of_rule(option)]
    shared = [option for option in command.options if option.help in SHARED]
    own = [(shown(option), text_of(option)) for option in command.options if option not in (*rule, *shared)]
    parts = [command.text + "\n", table(["argument or option", "meaning"], own) if own else ""]
    parts.append(f"[The rule](images-and-rules.md): {flags(rule)}.\n" if rule else "")
    parts.append(f"[Options of several commands](#options-of-several-commands): {flags(shared)}.\n" if shared else "")
    return "\n".join(filter(None, parts))


def shown(option: Option) -> str:
    """Returns an option with its flags and the form of its value."""
    return " ".join(f"`{flag}`" for flag in option.flags) + (f" {option.value}" if option.value else "")


def having(option: Option) -> str:
    """Returns the commands that have an option, with the same text about it."""
    names = [name for name, each in COMMANDS.items() if option.help in [other.help for other in each.options]]
    return ", ".join(f"`{name}`" for name in names)


def flags(options: Sequence[Option]) -> str:
    return ", ".join(f"`{option.flags[0]}`" for option in options)


def text_of(option: Option) -> str:
    """Returns the text about an option; for an image or a setting, a link to the page that has it, and what it adds to that."""
    for page, text in ELSEWHERE.items():
        if option.help.startswith(text):
            return f"See {page}.{option.help.removeprefix(text)}"
    return option.help


def test_the_page_has_the_exit_statuses() -> None:
    assert "130" in STATUSES
    assert "130 after an interrupt" in " ".join((ROOT / PAGE).read_text().split())
