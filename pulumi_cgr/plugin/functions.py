# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The functions that a program calls without a resource: `getImageDigest` and `getImageChanges`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .._pulumi import compare_image, resolve_image
from ..resolver import CgrError, Resolver
from .arguments import reject_unknown


@dataclass(frozen=True)
class Result:
    """The result of a function.

    Attributes:
        values: the values, by their names in Python.
        warnings: what the user should look at.
    """

    values: Mapping[str, Any]
    warnings: Collection[str]


@dataclass(frozen=True)
class Function:
    """A function.

    Attributes:
        name: its name.
        arguments: the names of its arguments, in Python.
        work: calls it with the arguments that are given.
    """

    name: str
    arguments: Collection[str]
    work: Callable[[Mapping[str, Any], Resolver], Result]

    def call(self, given: Mapping[str, Any], resolver: Resolver) -> Result:
        """Calls it.

        Args:
            given: the arguments, by their names in Python; `None` means that one is not given.
            resolver: asks the registry.

        Raises:
            CgrError: the arguments are wrong, or a lookup failed.
        """
        reject_unknown(self.name, given, self.arguments)
        return self.work(given, resolver)


def function_of(token: str) -> Function:
    """Returns the function with a token, such as `cgr:index:getImageDigest`.

    Raises:
        CgrError: it does not exist.
    """
    found = _FUNCTIONS.get(token)
    if found is None:
        raise CgrError(f"The provider cgr has no function {token}; it has {' and '.join(_FUNCTIONS)}.")
    return found


def _image_digest(given: Mapping[str, Any], resolver: Resolver) -> Result:
    resolution = resolve_image.resolve_image(given, resolver)
    return Result(resolution.to_result(), resolution.warnings)


def _image_changes(given: Mapping[str, Any], resolver: Resolver) -> Result:
    difference = compare_image.compare_image(given, resolver)
    return Result(compare_image.result_of(difference), compare_image.warnings_of(difference))


_FUNCTIONS = {
    f"cgr:index:{each.name}": each
    for each in (
        Function("getImageDigest", resolve_image.ARGUMENTS, _image_digest),
        Function("getImageChanges", compare_image.ARGUMENTS, _image_changes),
    )
}
