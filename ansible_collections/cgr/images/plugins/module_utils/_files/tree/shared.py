# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes that aliases and merges (`<<`) of YAML share: a digest there would become a part of something else, too."""

from __future__ import annotations

from collections import Counter
from typing import Mapping, NamedTuple

from ..occurrence import Occurrence
from .node import Node, entries

ELSEWHERE = "it does not stand where an image is expected"
BUILT_HERE = "it is the name of what is built here"
SHARED = "an alias or a merge shares a part of it with something else, of which a digest here would become a part, too"


class Found(NamedTuple):
    """An image that the walk found.

    Attributes:
        occurrence: where it stands.
        left: why it is to be skipped there, although there is a place for its digest.
        holder: of one in parts, the value that holds the digest.
        within: the mapping it is in, if that is what makes it an image.
    """

    occurrence: Occurrence
    left: str = ""
    holder: Node = None
    within: Node = None


class Shares:
    """The values and mappings that are used several times, as far as the walk has seen them."""

    def __init__(self) -> None:
        self._uses: Counter[int] = Counter()
        self._overridden: set[int] = set()
        self._built: set[int] = set()

    def use(self, node: Node) -> None:
        """Counts a use of a scalar."""
        self._uses[id(node)] += 1

    def look_at(self, node: Node, nodes: Mapping[str, Node], is_built: bool, has_parts: bool) -> None:
        """Notes what a mapping takes in by `<<`, and overrides or builds."""
        if "<<" not in nodes:
            return
        merged = _merged(node)
        if has_parts:
            self._overridden |= merged
        if is_built:
            self._built |= merged

    def why_all_left(self, there: list[Found]) -> str:
        """Says why all that was found in one place is skipped; nothing if it is not."""
        reasons = [each.left for each in there if each.left]
        if any(reason != ELSEWHERE for reason in reasons):
            return next(reason for reason in reasons if reason != ELSEWHERE)
        holder = there[0].holder
        is_used_by_others = holder is not None and self._uses[id(holder)] > len(there)
        within = {id(each.within) for each in there}
        if within & self._built:
            return BUILT_HERE
        is_overridden = bool(within & self._overridden)
        if is_used_by_others or is_overridden or len({each.occurrence.asked for each in there}) > 1:
            return SHARED if there[0].occurrence.place else ""
        return ELSEWHERE if len(reasons) == len(there) else ""


def _merged(node: Node) -> set[int]:
    """Returns the ids of the mappings that one takes in by `<<`, and of those that they do."""
    found: set[int] = set()
    waiting = [node]
    while waiting:
        for key, value in entries(waiting.pop()):
            taken = (value.value if value.id == "sequence" else [value]) if key == "<<" else []
            new = [each for each in taken if each.id == "mapping" and id(each) not in found]
            found |= {id(each) for each in new}
            waiting += new
    return found
