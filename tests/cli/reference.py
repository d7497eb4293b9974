# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The commands and their options, as the command itself has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer

from pulumi_cgr.cli.app import app


@dataclass(frozen=True)
class Option:
    """An option or argument of a command."""

    command: str
    name: str
    flags: tuple[str, ...]
    value: str
    help: str


@dataclass(frozen=True)
class Described:
    """A command, the text about it, and its options."""

    text: str
    options: tuple[Option, ...]


def _option(command: str, parameter: Any) -> Option:
    is_argument = parameter.param_type_name == "argument"
    flags = (parameter.metavar,) if is_argument else (*parameter.opts, *parameter.secondary_opts)
    value = "" if is_argument or getattr(parameter, "is_flag", False) else parameter.metavar
    return Option(command, parameter.name, flags, value or "", parameter.help or "")


def _described(name: str, command: Any) -> Described:
    return Described(command.help, tuple(_option(name, parameter) for parameter in command.params))


_GROUP: Any = typer.main.get_command(app)
COMMANDS = {name: _described(name, command) for name, command in _GROUP.commands.items() if not command.hidden}
