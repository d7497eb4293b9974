# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Previews a Pulumi program in YAML with the plugin in this process, without an engine: for examples and documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.plugin.client import Plugin, serving, to_dict

from .plugin_schema import schema

OUTPUT = re.compile(r"^  (\w+): \$\{.*\} # (.+)$", re.MULTILINE)
_PART = re.compile(r'\.(\w+)|\["([^"]+)"\]')


def is_program(text: str) -> bool:
    """Whether a text is a program in YAML."""
    return "\nruntime: yaml\n" in text


def outputs_of(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the outputs of a program.

    Args:
        text: the text of its `Pulumi.yaml`.
        environ: the environment variables of the plugin.
    """
    program, known = yaml.safe_load(text), schema()
    with serving(environ) as plugin:
        plugin.configure()
        values = {name: _resource(plugin, known, each) for name, each in program["resources"].items()}
        for name, each in program.get("variables", {}).items():
            arguments, function = each["fn::invoke"]["arguments"], each["fn::invoke"]["function"].removeprefix("cgr:")
            _assert_known(arguments, known["functions"][f"cgr:index:{function}"]["inputs"]["properties"])
            values[name] = to_dict(getattr(plugin.invoke(function, **arguments), "return"))
    return {name: _value(expression, values) for name, expression in program.get("outputs", {}).items()}


def _resource(plugin: Plugin, known: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    token = declared["type"].replace("cgr:", "cgr:index:")
    _assert_known(declared["properties"], known["resources"][token]["inputProperties"])
    return to_dict(plugin.create(plugin.checked(declared["properties"], kind=token), token).properties)


def _assert_known(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    assert given.keys() <= known.keys(), f"{given.keys() - known.keys()} is not in the schema"


def _value(expression: str, values: Mapping[str, Any]) -> Any:
    name, *_rest = re.split(r"[.\[]", expression[2:-1])
    value = values[name]
    for key, quoted in _PART.findall(expression[2 + len(name) : -1]):
        value = value[key or quoted]
    return value
