# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Sets of questions: images by keys of the caller's, each with the rule of the set or one of its own."""

from __future__ import annotations

from typing import Any, Mapping

from ..errors import CgrError, InvalidArgument, InvalidRule, SeveralFailed
from .mirrors import Mirrors
from .query import RULES, Query


def parse_queries(
    images: Mapping[str, Any], rule: Mapping[str, Any], mirrors: Mirrors | None = None
) -> dict[str, Query]:
    """Reads the questions of a set.

    Args:
        images: by keys of the caller's, each an image or its own rule: `{"image": …, "min_age": …}`.
        rule: the rule for those without their own.
        mirrors: the mirrors there are.

    Raises:
        InvalidRule: it is no set of images.
        SeveralFailed: there is at least one that is malformed; it lists each.
    """
    if not isinstance(images, Mapping):
        raise InvalidRule(
            f"images must be a mapping from keys of your own to images, not a {type(images).__name__}.", "images"
        )
    if not images:
        raise InvalidRule("images is empty: name at least one image.", "images")
    if "current" in rule:
        raise InvalidRule("current belongs to one image: give it in that image's own rule.", "current")
    queries: dict[str, Query] = {}
    errors: dict[str, CgrError] = {}
    for key, entry in images.items():
        try:
            queries[key] = _query(entry, rule, mirrors)
        except InvalidArgument as error:  # noqa: PERF203  (all of them are to be listed)
            errors[key] = error
    if errors:
        raise SeveralFailed.of(errors, len(images))
    return queries


def _query(entry: Any, rule: Mapping[str, Any], mirrors: Mirrors | None) -> Query:
    own = dict(entry) if isinstance(entry, Mapping) else {"image": entry}
    unknown = sorted(set(own) - {"image", *RULES})
    if unknown:
        raise InvalidRule(
            f"there is no {', '.join(map(str, unknown))} in a rule; there are image, {', '.join(RULES)}.", "images"
        )
    image = own.pop("image", None)
    own = {name: value for name, value in own.items() if value is not None}
    return Query.of(image, mirrors, **{**rule, **own})
