# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets among properties: how the engine marks them, hides them, and takes the marks away."""

from __future__ import annotations

from typing import Any

from .host import Properties

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""How a secret is marked on the wire, beside its value."""


def is_secret(value: Any) -> bool:
    """Whether a value is marked as a secret."""
    return isinstance(value, dict) and SECRET.items() <= value.items()


def unwrapped(value: Any) -> Any:
    """Returns a value without the marks."""
    if is_secret(value):
        return unwrapped(value.get("value"))
    if isinstance(value, dict):
        return {key: unwrapped(each) for key, each in value.items()}
    return [unwrapped(each) for each in value] if isinstance(value, list) else value


def has_secrets(value: Any) -> bool:
    """Whether a value is or contains a secret."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_secret(value) or any(map(has_secrets, values))


def marked(outs: Properties, ins: Properties) -> Properties:
    """Returns properties of which those are secret whose inputs of the same names are."""
    found: Properties = {}
    for key, value in outs.items():
        of_same_name = ins.get(key)
        if isinstance(value, dict) and isinstance(of_same_name, dict) and not is_secret(of_same_name):
            found[key] = marked(value, of_same_name)
        else:
            found[key] = {**SECRET, "value": value} if has_secrets(of_same_name) else value
    return found


def masked(value: Any) -> Any:
    """Returns a value with a placeholder for each secret."""
    if is_secret(value):
        return "[secret]"
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list) else value
