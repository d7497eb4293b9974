# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The function `get_image_digest`, as every language calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._bridge import RULE_NAMES
from ..resolver import Resolution, Resolver
from .properties import LOCK, reject_output_text, resolver_for

ARGUMENTS = ("image", *RULE_NAMES, LOCK)


def resolve_image(given: Mapping[str, Any], resolver: Resolver) -> Resolution:
    """Resolves an image without a resource.

    Args:
        given: the arguments, by name; `None` means that one is not given.
        resolver: parses and resolves the query, unless the arguments name a lock file.

    Raises:
        CgrError: the arguments are wrong, or the lookup failed.
    """
    for name, value in given.items():
        reject_output_text(name, value)
    resolver = resolver_for(given, resolver)
    rule = {name: given[name] for name in RULE_NAMES if name in given}
    return resolver.resolve_query(resolver.parse_query(given.get("image"), **rule))
