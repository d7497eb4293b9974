# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Names: `min_age` in Python and in messages is `minAge` in every other language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._bridge import RULE_NAMES, SETTINGS
from .._pulumi.resource_type import IMAGE_DIGEST, IMAGE_DIGESTS

OBJECTS = ("previous", "next", "signed", "packages", "config")
"""Properties whose value is an object with names of ours."""
MAPS_OF_OBJECTS = ("images",)
"""Properties whose value has the user's keys, and may have objects with names of ours below them."""


def camel(name: str) -> str:
    """Returns a name as the schema has it: `minAge` for `min_age`."""
    return re.sub("(?<=[a-z])_([a-z])", lambda found: found[1].upper(), name)


def snake(name: str) -> str:
    """Returns a name as Python has it: `min_age` for `minAge`."""
    return re.sub("(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), name)


def renamed(values: Mapping[str, Any], rename: Callable[[str], str]) -> dict[str, Any]:
    """Returns properties with other names, also in nested objects; the keys of users stay as they are."""
    return {rename(key): _renamed_value(snake(key), value, rename) for key, value in values.items()}


def _renamed_value(key: str, value: Any, rename: Callable[[str], str]) -> Any:
    if key in OBJECTS and isinstance(value, Mapping):
        return renamed(value, rename)
    if key in MAPS_OF_OBJECTS and isinstance(value, Mapping):
        return {own: renamed(each, rename) if isinstance(each, Mapping) else each for own, each in value.items()}
    return value


_DECLARED = (
    *RULE_NAMES,
    *(name for setting in SETTINGS for name in setting.names),
    *(name for each in (IMAGE_DIGEST, IMAGE_DIGESTS) for name in (*each.arguments, *each.kept)),
)
RESPELT = {name: camel(name) for name in ("ignore_changes", *_DECLARED) if camel(name) != name}
"""The names that messages contain, and how the schema spells them."""

# Text in quotes is from the user, and so are names and paths that only contain one of our names.
_QUOTED = r"(?<!\w)'[^']*'|(?<!\w)\"[^\"]*\""
_NAME = re.compile(
    rf"{_QUOTED}|(?:(?<![\w:/.@-])|(?<= cgr:))({'|'.join(sorted(RESPELT, key=len, reverse=True))})(?![\w/-]|\.\w)"
)


def respell(message: str) -> str:
    """Returns a message with the names of arguments, settings and outputs as the schema has them."""
    return _NAME.sub(lambda found: RESPELT.get(found[1], found[0]), message)
