# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Mirrors: registries that serve images of cgr.dev under another name.

A mirror does not pass on the tag history, and may answer a tag with an outdated digest.  So an image on a mirror is resolved
at cgr.dev and written with its own name; the mirror itself is not asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ..errors import InvalidArgument
from ..redaction import redact
from .grammar import REGISTRY, is_loopback, is_place


@dataclass(frozen=True)
class Mirrors:
    """The names of mirrors, and the names on cgr.dev that they stand for.

    Attributes:
        pairs: the name on the mirror and the name on cgr.dev, both a registry with or without the first parts of a path;
            the longest names on a mirror first.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, value: Mapping[str, str] | str) -> Mirrors:
        """Reads mirrors.

        Args:
            value: a mapping `{"registry.corp/cgr": "cgr.dev/acme.com"}`, the same as JSON text, or text
                `registry.corp/cgr=cgr.dev/acme.com,…`.

        Raises:
            InvalidArgument: it is something else, or a side is not a registry (with or without a path).
        """
        pairs: dict[str, str] = {}
        for left, right in _pairs(value):
            if pairs.setdefault(left, right) != right:
                raise InvalidArgument(f"mirrors gives {redact(left)} two upstream names: keep one of them.")
        return cls(tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair))))

    def upstream(self, repository: str) -> str:
        """Returns the name of a repository on cgr.dev, which is its own unless it is on a mirror.  The longest prefix wins."""
        for left, right in self.pairs:
            if f"{repository}/".startswith(f"{left}/"):
                return right + repository[len(left) :]
        return repository


def _pairs(value: Mapping[str, str] | str) -> Iterator[tuple[str, str]]:
    for left, right in _sides(value):
        left, right = (str(side).strip().rstrip("/") for side in (left, right))
        if not is_place(left) or left.partition("/")[0] == REGISTRY:
            raise InvalidArgument(
                f"mirrors: {redact(left)} is not the name of a mirror: write its registry and the path before the images, such as"
                " registry.example.com/cgr, in lower case."
            )
        host = right.partition("/")[0]
        if not is_place(right) or not (host == REGISTRY or is_loopback(host)):
            raise InvalidArgument(
                f"mirrors: {redact(right)}, for {left}, is not a name on {REGISTRY}: write {REGISTRY}, or {REGISTRY}/ORG."
            )
        yield left, right


def _sides(value: Mapping[str, str] | str) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif value.lstrip().startswith("{"):
        try:
            yield from json.loads(value).items()
        except ValueError as error:
            raise InvalidArgument(f"mirrors {redact(value)} is not JSON: {error}.") from error
    else:
        for pair in re.split(r"[,\s]+", value.strip()):
            left, equals, right = pair.partition("=")
            if not equals:
                raise InvalidArgument(
                    f"mirrors {redact(value)} cannot be parsed: write registry.example.com/cgr={REGISTRY}/ORG, separate"
                    " several with commas, or give a mapping."
                )
            yield left, right
