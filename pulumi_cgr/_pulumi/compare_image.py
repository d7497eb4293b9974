# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The function `get_image_changes`, as every language calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..changes import Difference, compare_digests, find_ends
from ..resolver import Resolver
from .properties import reject_output_text

ENDS = ("image", "new", "since", "until")
ARGUMENTS = (*ENDS, "platform", "signed")


def compare_image(given: Mapping[str, Any], resolver: Resolver) -> Difference:
    """Compares two builds of an image without a resource.

    Args:
        given: the arguments, by name; `None` means that one is not given.
        resolver: resolves the instants, and reads the builds; a lock file is not used.

    Raises:
        CgrError: the arguments are wrong, a lookup failed, or packages cannot be verified.
    """
    for name, value in given.items():
        reject_output_text(name, value)
    resolver = resolver.with_lock(None)
    ends: Any = {name: given.get(name) for name in ENDS}
    options: Any = {name: given.get(name) for name in ("platform", "signed")}
    return compare_digests(resolver, *find_ends(resolver, **ends), **options)


def result_of(difference: Difference) -> dict[str, Any]:
    """Returns the values of the result, by name."""
    return {name: value for name, value in difference.to_dict().items() if name != "warnings"}


def warnings_of(difference: Difference) -> tuple[str, ...]:
    """Returns the warnings, each with the image."""
    return tuple(f"{difference.image}: {warning}" for warning in difference.warnings)
