# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which references are ours: those of cgr.dev and of its mirrors.  All else in a file is foreign, and none of our business."""

from __future__ import annotations

import re

from .._resolver.model import reference
from .._resolver.model.grammar import REGISTRY
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.reference import Reference


class Matcher:
    """The places below which images are ours: cgr.dev, and its mirrors."""

    def __init__(self, mirrors: Mirrors | None = None) -> None:
        self._mirrors = mirrors
        self._places = (REGISTRY, *(mirrored for mirrored, _upstream in (mirrors.pairs if mirrors else ())))
        longest_first = sorted(self._places, key=len, reverse=True)
        self._anywhere = re.compile("|".join(map(re.escape, longest_first)))
        self._hosts = {place.partition("/")[0] for place in self._places}

    def may_be_in(self, text: str) -> bool:
        """Whether a text can hold one of ours at all; without a look at where it stands."""
        return any(host in text for host in self._hosts)

    def begin(self, text: str) -> bool:
        """Whether a text begins as one of ours does; a registry alone is no image."""
        return any(
            text.startswith(place) and text[len(place) :][:1] in (("/", ":", "@", "") if "/" in place else ("/",))
            for place in self._places
        )

    def starts(self, text: str) -> list[int]:
        """Returns where in a text one of ours may begin, in order: places alone, not what comes before or after them."""
        return sorted({found.start() for found in self._anywhere.finditer(text)})

    def read(self, text: str) -> Reference:
        """Takes a reference apart.

        Raises:
            InvalidImage: it is none.
        """
        return reference.parse(text, self._mirrors)
