# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which references are ours: those of cgr.dev and of its mirrors.  Everything else in a file is foreign and stays as it is."""

from __future__ import annotations

import re
from functools import lru_cache

from .._resolver.errors import InvalidImage
from .._resolver.model import reference
from .._resolver.model.grammar import REGISTRY
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.reference import Reference

_KEPT = 1000


class Matcher:
    """The prefixes by which images are ours: cgr.dev, and its mirrors."""

    def __init__(self, mirrors: Mirrors | None = None) -> None:
        # Many files name the same images.
        self._read = lru_cache(maxsize=_KEPT)(lambda text: reference.parse(text, mirrors))
        self._places = (REGISTRY, *(mirrored for mirrored, _upstream in (mirrors.pairs if mirrors else ())))
        longest_first = sorted(self._places, key=len, reverse=True)
        self._anywhere = re.compile("|".join(map(re.escape, longest_first)))
        self._hosts = {place.partition("/")[0] for place in self._places}
        self._host = re.compile("|".join(map(re.escape, self._hosts)))

    def may_be_in(self, text: str) -> bool:
        """Whether a text can hold one of ours at all; without a look at where it stands."""
        return any(host in text for host in self._hosts)

    def positions(self, text: str) -> list[int]:
        """Returns where in a text something stands that may be one of ours, or the registry of one in parts, in order."""
        return [found.start() for found in self._host.finditer(text)]

    def begin(self, text: str) -> bool:
        """Whether a text begins as one of ours does; a registry alone is not an image."""
        return any(
            text.startswith(place) and text[len(place) :][:1] in (("/", ":", "@", "") if "/" in place else ("/",))
            for place in self._places
        )

    def is_image(self, text: str) -> bool:
        """Whether a text that begins as one of ours does is meant as an image, rather than as a registry or a part of a name."""
        if "@" in text or ":" in text.rpartition("/")[2]:
            return True
        try:
            self.read(text)
        except InvalidImage:
            return False
        return True

    def starts(self, text: str) -> list[int]:
        """Returns where in a text one of ours may begin, in order: places alone, not what comes before or after them."""
        return sorted({found.start() for found in self._anywhere.finditer(text)})

    def read(self, text: str) -> Reference:
        """Takes a reference apart.

        Raises:
            InvalidImage: it is not one.
        """
        return self._read(text)
