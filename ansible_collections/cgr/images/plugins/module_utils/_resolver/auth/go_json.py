# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""JSON objects as programs in Go read them: the names of fields in any case, the exact one first."""

from __future__ import annotations

from typing import Any


def field(data: object, name: str) -> Any:
    """Returns the field of an object; `None` if it does not have the field, or is not an object."""
    if not isinstance(data, dict):
        return None
    if name in data:
        return data[name]
    return next((value for key, value in data.items() if isinstance(key, str) and key.lower() == name.lower()), None)


def table(data: object, name: str) -> dict[str, Any]:
    """Returns the field of an object, if it is an object itself; else an empty one."""
    found = field(data, name)
    return found if isinstance(found, dict) else {}
