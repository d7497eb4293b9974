# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which references are ours: those of cgr.dev and of its mirrors.  Everything else in a file is foreign and stays as it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Iterator

from .._resolver.errors import InvalidImage
from .._resolver.model import reference
from .._resolver.model.grammar import REGISTRY
from .._resolver.model.mirrors import Mirrors
from .._resolver.model.reference import Reference

# In front of a reference within a text: nothing that makes it a part of a longer name or the path of a URL.
_BEFORE = r"(?:(?<![\w./@-])|(?<=docker://)|(?<=docker-image://)|(?<=:-))"
_BODY = r"(?:[\w./:@-]|\$\{[\w:.-]*\}|\$\w|\{\{[^}\n]*\}\})+"
_KEPT = 1000
_NOT_AT_THE_END = ".:-/@$"


class Matcher:
    """The prefixes by which images are ours: cgr.dev, and its mirrors."""

    def __init__(self, mirrors: Mirrors | None = None) -> None:
        self._read = lru_cache(maxsize=_KEPT)(
            lambda text: reference.parse(text, mirrors)
        )  # many files name the same images
        self._places = (REGISTRY, *(mirrored for mirrored, _upstream in (mirrors.pairs if mirrors else ())))
        self._hosts = {place.partition("/")[0] for place in self._places}
        hosts = "|".join(map(re.escape, sorted(self._hosts, key=len, reverse=True)))
        self._host = re.compile(hosts)
        self._reference = re.compile(rf"{_BEFORE}(?:{hosts})/{_BODY}")

    def may_be_in(self, text: str) -> bool:
        """Whether a text can hold one of ours at all; without a look at where it stands."""
        return any(host in text for host in self._hosts)

    def positions(self, text: str) -> Iterator[int]:
        """Yields where something stands in a text that may be one of ours."""
        return (found.start() for found in self._host.finditer(text))

    def begin(self, text: str) -> bool:
        """Whether a text begins as one of ours does; a registry alone is not an image."""
        return any(
            text.startswith(place) and text[len(place) :][:1] in (("/", ":", "@", "") if "/" in place else ("/",))
            for place in self._places
        )

    def find(self, text: str) -> Iterator[str]:
        """Yields the references of ours in a text of any form, such as a script; one without a tag only if it is well formed."""
        for found in self._reference.finditer(text):
            image = found.group().rstrip(_NOT_AT_THE_END)
            if self.begin(image) and self.is_image(image):
                yield image

    def is_image(self, text: str) -> bool:
        """Whether a text that begins as one of ours does is meant as an image, rather than as a registry or a part of a name."""
        if "@" in text or ":" in text.rpartition("/")[2]:
            return True
        try:
            self.read(text)
        except InvalidImage:
            return False
        return True

    def read(self, text: str) -> Reference:
        """Takes a reference apart.

        Raises:
            InvalidImage: it is not one.
        """
        return self._read(text)
