# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which build is chosen, over any history and any source: the right one, or none."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import MAX_REQUESTS, fetch_until
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import choose
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import Build, Page
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import SECOND
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import Rule
from pulumi_cgr.resolver import Instant, UntrustworthyAnswer

NOW = Instant.parse("2026-11-01")
DIGESTS = ["sha256:" + 64 * letter for letter in "abc"]

gaps = st.one_of(st.integers(0, 3), st.integers(0, 3600 * SECOND), st.integers(0, 40 * 86400 * SECOND))
records = st.lists(st.tuples(gaps, st.sampled_from(DIGESTS)), max_size=150)
misdeeds = st.sampled_from(
    ["none", "ignores start", "ignores end", "ignores both", "any hundred of many", "cuts the newest", "repeats"]
)


@dataclass
class Source:
    """A source that has its own way with the truth; of fewer than 100 records, it leaves out none."""

    records: list[Build]
    misdeed: str
    chance: st.DataObject
    requests: int = field(default=0)

    def between(self, start: Instant, end: Instant | None) -> Page:
        self.requests += 1
        ignores_start = self.misdeed in ("ignores start", "ignores both")
        ignores_end = self.misdeed in ("ignores end", "ignores both")
        found = [
            r
            for r in self.records
            if (ignores_start or r.updated_at >= start) and (ignores_end or not end or r.updated_at <= end)
        ]
        if self.misdeed == "cuts the newest":
            found = found[:100]
        if self.misdeed == "any hundred of many" and len(found) > 100:
            found = self.chance.draw(st.permutations(found))[:100]
        if self.misdeed == "repeats":
            found = found * 2
        if self.chance.draw(st.booleans()):
            found = found[::-1]
        return Page(tuple(found), NOW)


def made(steps: list[tuple[int, str]]) -> list[Build]:
    moment = NOW.nanoseconds - SECOND
    found = []
    for gap, digest in steps:
        moment -= gap
        found.append(Build(Instant(moment, 9), digest))
    return found[::-1]


@settings(max_examples=400, deadline=None)
@given(records, misdeeds, st.integers(-5, 100 * 86400 * SECOND) | st.none(), st.data())
@example([(1, DIGESTS[0]), (1, DIGESTS[1]), (1, DIGESTS[0])], "none", 0, None)
def test_the_right_build_or_none(
    steps: list[tuple[int, str]], misdeed: str, back: int | None, chance: st.DataObject | None
) -> None:
    known = made(steps)
    at = None if back is None else Instant(NOW.nanoseconds - max(back, 0), 9)
    source = Source(known, misdeed, chance) if chance else Source(known, misdeed, _Never())  # type: ignore[arg-type]

    try:
        choice = choose(fetch_until(source, at, NOW), Rule(at=at))
    except UntrustworthyAnswer:
        choice = None
        last = [r for r in known if at is None or r.updated_at <= at]
        tie = {r.digest for r in last if r.updated_at == last[-1].updated_at} if last else set()
        assert misdeed != "none" or len(tie) > 1 or len(known) >= 100
    else:
        plain = max((r for r in known if at is None or r.updated_at <= at), key=lambda r: r.updated_at, default=None)
        assert (choice and choice.build) == plain

    assert source.requests <= MAX_REQUESTS


class _Never:
    def draw(self, _strategy: object) -> bool:
        return False
