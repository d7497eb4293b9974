# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The search for the first bad build: its candidates, what was found about them, and which one to test next.  Pure.

The candidates are the digests that the tag pointed at from the good build to the bad one, each once, in the order in which the
tag first moved to them: when a tag returns to an earlier digest, that is the same build.  As in `git bisect`, all builds
before the first bad one are taken to be good, and all from it on to be bad.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..resolver import Instant, Interval, InvalidArgument

GOOD, BAD, SKIP = "good", "bad", "skip"
VERDICTS = (GOOD, BAD, SKIP)


@dataclass(frozen=True)
class Candidate:
    """A build: its digest, and when the tag first moved to it."""

    digest: str
    updated_at: Instant


@dataclass(frozen=True)
class Mark:
    """A verdict on a build: `good`, `bad` or `skip`."""

    digest: str
    verdict: str


@dataclass(frozen=True)
class Outcome:
    """The end of a search.

    Attributes:
        last_good: the last build that is known to be good.
        first_bad: the first build that is known to be bad.
        skipped: the builds between them, which could not be tested; one of them may be the first bad one.
    """

    last_good: Candidate
    first_bad: Candidate
    skipped: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Search:
    """A search, at one moment.

    Attributes:
        candidates: the builds, oldest first; the first one is good, the last one is bad.
        marks: the verdicts so far, in the order in which they were given.
    """

    candidates: tuple[Candidate, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def next(self) -> Candidate | None:
        """The build to test next: the middle of those that may be the first bad one; `None` at the end."""
        left = self._left
        return left[(len(left) - 1) // 2] if left else None

    @property
    def outcome(self) -> Outcome | None:
        """The result; `None` as long as there is something to test."""
        if self.next:
            return None
        good, bad = self._bounds
        return Outcome(self.candidates[good], self.candidates[bad], self.candidates[good + 1 : bad])

    @property
    def untested(self) -> int:
        """How many builds may still have to be tested."""
        return len(self._left)

    @property
    def steps(self) -> int:
        """How many tests it takes at most until the end, without skips."""
        return math.ceil(math.log2(self.untested + 1))

    def with_mark(self, digest: str, verdict: str) -> Search:
        """Returns the search with one more verdict.

        Raises:
            InvalidArgument: the digest is not a candidate, or the verdict contradicts what is known.
        """
        number = self._number(digest)
        good, bad = self._bounds
        known = GOOD if number <= good else BAD if number >= bad else None
        if known and verdict == known:
            return self
        if known:
            raise InvalidArgument(
                f"{digest} is {known}, by what was found so far. To search anew, use cgr-images bisect reset.", verdict
            )
        return replace(self, marks=(*self.marks, Mark(digest, verdict)))

    @property
    def bad(self) -> tuple[Candidate, ...]:
        """The builds that were found to be bad, oldest first, with the one given as bad."""
        marked = {mark.digest for mark in self.marks if mark.verdict == BAD}
        return tuple(each for each in self.candidates if each.digest in marked or each is self.candidates[-1])

    @property
    def _bounds(self) -> tuple[int, int]:
        """The numbers of the last good build and of the first bad one."""
        goods = [self._number(mark.digest) for mark in self.marks if mark.verdict == GOOD]
        bads = [self._number(mark.digest) for mark in self.marks if mark.verdict == BAD]
        return max(goods, default=0), min(bads, default=len(self.candidates) - 1)

    @property
    def _left(self) -> list[Candidate]:
        """The builds between the last good and the first bad one that were not skipped."""
        good, bad = self._bounds
        skipped = {mark.digest for mark in self.marks if mark.verdict == SKIP}
        return [each for each in self.candidates[good + 1 : bad] if each.digest not in skipped]

    def _number(self, digest: str) -> int:
        for number, candidate in enumerate(self.candidates):
            if candidate.digest == digest:
                return number
        raise InvalidArgument(f"{digest} is not one of the {len(self.candidates)} builds of this search.", "digest")


def candidates_of(intervals: Sequence[Interval], good: str, bad: str) -> tuple[Candidate, ...]:
    """Returns the candidates of a search, oldest first.

    Args:
        intervals: the intervals of the tag, oldest first.
        good: the digest that is good.
        bad: the digest that is bad.

    Raises:
        InvalidArgument: one of them is not in the intervals, they are the same, or the good build is not the older one.
    """
    first: dict[str, Candidate] = {}
    for interval in intervals:
        first.setdefault(interval.digest, Candidate(interval.digest, interval.updated_at))
    for name, digest in ((GOOD, good), (BAD, bad)):
        if digest not in first:
            raise InvalidArgument(f"{digest} is not in the tag's history, so it cannot be the {name} build.", name)
    if good == bad:
        raise InvalidArgument(f"{good} is both the good and the bad build; nothing is between them.", BAD)
    digests = list(first)
    begin, end = digests.index(good), digests.index(bad)
    if begin > end:
        raise InvalidArgument(
            f"the good build {good} is newer than the bad build {bad}. To find the build that fixed it, swap --good and --bad,"
            " and let the command exit with 0 where it fails.",
            GOOD,
        )
    return tuple(first[digest] for digest in digests[begin : end + 1])
