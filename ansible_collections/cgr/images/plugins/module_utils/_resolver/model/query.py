# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Queries: an image, and the rule that chooses one of its builds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRule
from . import reference
from .mirrors import Mirrors
from .reference import Reference
from .rule import Rule

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .rule import RuleArguments


@dataclass(frozen=True)
class Query:
    """An image and a rule that fit together.

    Attributes:
        reference: the image.
        rule: which of its builds to choose.
    """

    reference: Reference
    rule: Rule = Rule()  # noqa: RUF009  (frozen)

    @classmethod
    def parse(cls, image: object, mirrors: Mirrors | None = None, **rule: Unpack[RuleArguments]) -> Query:
        """Parses an image and a rule.

        Args:
            image: text such as `cgr.dev/acme.com/python:3.12`.
            mirrors: the mirrors of cgr.dev.
            rule: the parts of the rule; see `Rule`.

        Raises:
            InvalidArgument: the image or a part of the rule is malformed, or they cannot be combined.
        """
        parsed = reference.parse(image, mirrors)
        query = cls(parsed, Rule.parse(**rule))
        query._reject_choice_of_pinned()
        return query

    @property
    def is_fixed(self) -> bool:
        """Whether the result is the same at all times."""
        return self.rule.at is not None or self.reference.digest is not None

    def with_rule(self, **parts: Any) -> Query:
        """Returns the query with some parts of its rule replaced."""
        return replace(self, rule=replace(self.rule, **parts))

    def _reject_choice_of_pinned(self) -> None:
        image, pinned, rule = self.reference.image, self.reference.digest, self.rule
        if pinned and (rule.builds_back or pinned in rule.exclude):
            name = "builds_back" if rule.builds_back else "exclude"
            raise InvalidRule(
                f"{image} is already pinned, so {name} has nothing to choose from. Remove the digest from the image.",
                name,
            )
