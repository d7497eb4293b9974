# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments that a program gives: a name that does not exist is an error, because a rule must not be dropped silently."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ..resolver import InvalidArgument
from .names import camel


def reject_unknown(callee: str, given: Mapping[str, Any], names: Collection[str]) -> None:
    """Checks the names of the arguments of a resource or function.

    Args:
        callee: its name.
        given: the arguments, by their names in Python; `None` means that one is not given.
        names: the names that it takes.

    Raises:
        InvalidArgument: there is an argument that it does not take.
    """
    for name in given:
        if given[name] is not None and name not in names:
            near = difflib.get_close_matches(name, names, 1, 0.5)
            hint = f"; did you mean {camel(near[0])}?" if near else "."
            raise InvalidArgument(f"{callee} has no argument {camel(name)}{hint}", name)
