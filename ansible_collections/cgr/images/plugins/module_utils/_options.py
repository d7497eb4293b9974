# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The options of modules: argument specs made from the declarations of `Rule` and `Settings`."""

from __future__ import annotations

from typing import Any, Mapping

from ._resolver.model.rule import PARTS
from ._resolver.settings import SETTINGS

_RULE_TYPES: dict[str, dict[str, Any]] = {
    "instant": {"type": "raw"},
    "duration": {"type": "str"},
    "count": {"type": "int"},
    "digests": {"type": "list", "elements": "str"},
    "digest": {"type": "str"},
    "platform": {"type": "str"},
    "choice": {"type": "str"},
    "flag": {"type": "bool"},
}
_SETTING_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "str"},
    "choice": {"type": "str", "choices": ["anonymous"]},
    "url": {"type": "str"},
    "path": {"type": "path"},
    "file": {"type": "str"},  # searched where the files of a task are, so it must stay relative
    "seconds": {"type": "float"},
    "count": {"type": "int"},
    "flag": {"type": "bool"},
    "mapping": {"type": "raw"},
    "signers": {"type": "raw"},
}

RULE_OPTIONS: dict[str, dict[str, Any]] = {
    part.name: {**_RULE_TYPES[part.kind.name], **({"choices": list(part.kind.choices)} if part.kind.choices else {})}
    for part in PARTS
}
SETTING_OPTIONS: dict[str, dict[str, Any]] = {
    setting.name: {
        **_SETTING_TYPES[setting.kind],
        **({"no_log": True} if setting.is_secret else {}),
        **({"aliases": [setting.alias]} if setting.alias else {}),
    }
    for setting in SETTINGS
}
SETTINGS_REQUIRED_TOGETHER = [("username", "password")]


def given(params: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of some options that are given."""
    return {name: params[name] for name in options if params.get(name) is not None}
