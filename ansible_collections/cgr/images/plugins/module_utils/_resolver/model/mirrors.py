# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Mirrors: registries from which images of cgr.dev are pulled under another name.

A mirror does not pass the tag history on, and may answer a tag with a digest that is out of date.  So an image on a mirror
is looked up at cgr.dev, and written with its own name; the mirror itself is asked nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ..errors import InvalidArgument, redact
from .reference import REGISTRY, is_loopback, is_name, is_registry


@dataclass(frozen=True)
class Mirrors:
    """Which names stand for which of cgr.dev.

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
            InvalidArgument: it is something else, or a side is no registry (with or without a path).
        """
        pairs: dict[str, str] = {}
        for left, right in _pairs(value):
            if pairs.setdefault(left, right) != right:
                raise InvalidArgument(f"mirrors gives {redact(left)} two right sides: keep one of them.")
        return cls(tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair))))

    def upstream(self, repository: str) -> str:
        """Returns the name under which a repository is looked up: its own, where it is on no mirror."""
        for left, right in self.pairs:
            if f"{repository}/".startswith(f"{left}/"):
                return right + repository[len(left) :]
        return repository


def _pairs(value: Mapping[str, str] | str) -> Iterator[tuple[str, str]]:
    for left, right in _sides(value):
        left, right = (str(side).strip().rstrip("/") for side in (left, right))
        if not _is_place(left) or left.partition("/")[0] == REGISTRY:
            raise InvalidArgument(
                f"mirrors: {redact(left)} is no name on a mirror: write its registry and the path before the images, such as"
                " registry.example.com/cgr, in lower case."
            )
        host = right.partition("/")[0]
        if not _is_place(right) or not (host == REGISTRY or is_loopback(host)):
            raise InvalidArgument(
                f"mirrors: {redact(right)}, for {left}, is no name on {REGISTRY}: write {REGISTRY}, or {REGISTRY}/ORG."
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
                    f"mirrors {redact(value)} is not understood: write registry.example.com/cgr={REGISTRY}/ORG, more of them"
                    " behind commas, or a mapping."
                )
            yield left, right


def _is_place(text: str) -> bool:
    host, slash, path = text.partition("/")
    return is_registry(host) and (is_name(path) if slash else True)
