# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of queries: images by the caller's keys, each with the rule of the set or one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Union, cast

from ..errors import CgrError, InvalidArgument, InvalidRule, SeveralFailed
from .mirrors import Mirrors
from .query import Query
from .rule import PARTS, RULE_NAMES

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .rule import RuleArguments

ImageLike = Union[str, Mapping[str, Any]]
"""An image of a set: its reference, or a mapping with `image` and the parts of a rule of its own."""


def parse_queries(
    images: Mapping[str, ImageLike], mirrors: Mirrors | None = None, **rule: Unpack[RuleArguments]
) -> dict[str, Query]:
    """Parses the queries of a set.

    Args:
        images: the images by keys of the caller's.
        mirrors: the mirrors of cgr.dev.
        rule: the rule for images without a rule of their own; see `Rule`.

    Raises:
        InvalidRule: it is not a set of images, or a part of the rule belongs to one image.
        SeveralFailed: at least one of the images is malformed; it lists each of them.
    """
    if not isinstance(images, Mapping):
        raise InvalidRule(f"images must be a mapping from keys to images, not {type(images).__name__}.", "images")
    if not images:
        raise InvalidRule("images is empty: name at least one image.", "images")
    for part in PARTS:
        if not part.is_shared and rule.get(part.name) is not None:
            raise InvalidRule(f"{part.name} belongs to one image: give it in the rule of that image.", part.name)
    queries: dict[str, Query] = {}
    errors: dict[str, CgrError] = {}
    for key, entry in images.items():
        try:
            queries[key] = _parse_query(entry, mirrors, rule)
        except InvalidArgument as error:  # noqa: PERF203  (all of them are to be listed)
            errors[key] = error
    if errors:
        raise SeveralFailed(errors, len(images))
    return queries


def _parse_query(entry: object, mirrors: Mirrors | None, rule: RuleArguments) -> Query:
    own = dict(entry) if isinstance(entry, Mapping) else {"image": entry}
    unknown = sorted(set(map(str, own)) - {"image", *RULE_NAMES})
    if unknown:
        raise InvalidRule(
            f"{unknown[0]!r} is not part of a rule; the parts are image, {', '.join(RULE_NAMES)}.", "images"
        )
    image = own.pop("image", None)
    own = {name: value for name, value in own.items() if value is not None}
    return Query.parse(image, mirrors, **cast("RuleArguments", {**rule, **own}))
