# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The two resources as values: everything that a provider does differently for `ImageDigest` and for `ImageDigests`.

The dynamic provider of Python programs (`provider.py`) and the plugin of all other languages (`plugin/`) use the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ..resolver import Resolver
from . import check_image, check_set, image_query, set_query
from .pin import Pin
from .properties import CHOOSE_NOTHING, UPSTREAM, Properties, differs, is_sticky, is_unknown, resolver_for


@dataclass(frozen=True)
class ResourceType:
    """One of the two resources.

    Attributes:
        name: its name, such as `ImageDigest`.
        check: returns the checked inputs (see `check_image`).
        kept_properties: returns the checked inputs that the state keeps.
        id_of: returns the id of checked inputs.
        arguments: the names of its arguments.
        query: the names of the properties that decide which digests are chosen.
        resolution: the names of the properties that a check adds.
        kept: the names of the properties that the state keeps.
        is_replaced_by_source: whether another repository is another resource.
    """

    name: str
    check: Callable[..., dict[str, Any]]
    kept_properties: Callable[[Properties], dict[str, Any]]
    id_of: Callable[[Properties], Any]
    arguments: tuple[str, ...]
    query: tuple[str, ...]
    resolution: tuple[str, ...]
    kept: tuple[str, ...]
    is_replaced_by_source: bool

    def changed(self, olds: Properties, news: Properties) -> list[str]:
        """Returns the names of the properties in which checked inputs differ from the state."""
        return [key for key in self.kept if differs(olds, news, (key,))]

    def replaced_by(self, olds: Properties, news: Properties) -> list[str]:
        """Returns the names of the properties that require another resource: those of another repository."""
        old, new = self.id_of(olds), self.id_of(news)
        return ["image"] if self.is_replaced_by_source and not is_unknown(new) and old != new else []

    def is_followed(self, held: Properties, resolver: Resolver) -> bool:
        """Whether the next check asks the registry, although the state holds a digest."""
        was_looked_up = bool(held.get("updated_at")) and not is_unknown(held["updated_at"])
        return was_looked_up and not is_sticky(held) and not resolver_for(held, resolver).lock

    def secrets(self, given: Collection[str]) -> frozenset[str]:
        """Returns the names of the properties that are secret if some inputs are: what is derived from them is, too."""
        return frozenset((*given, *self.resolution, UPSTREAM) if hides_arguments(given) else given)


def hides_arguments(secret: Collection[str]) -> bool:
    """Whether secret arguments are among those that choose the digest, so that messages and results must not be shown."""
    return any(name not in CHOOSE_NOTHING for name in secret)


IMAGE_DIGEST = ResourceType(
    name="ImageDigest",
    check=check_image.check_image,
    kept_properties=check_image.kept_properties,
    # The repository where it was resolved, which outlives the digest.
    id_of=lambda held: Pin(held).source[0],
    arguments=(*image_query.ARGUMENTS, "digest"),
    query=image_query.QUERY,
    resolution=check_image.RESOLUTION,
    kept=check_image.KEPT,
    is_replaced_by_source=True,
)
IMAGE_DIGESTS = ResourceType(
    name="ImageDigests",
    check=check_set.check_set,
    kept_properties=check_set.kept_properties,
    # It says nothing, because the images of a set may become others.
    id_of=lambda _held: "images",
    arguments=set_query.ARGUMENTS,
    query=set_query.QUERY,
    resolution=check_set.RESOLUTION,
    kept=check_set.KEPT,
    is_replaced_by_source=False,
)
