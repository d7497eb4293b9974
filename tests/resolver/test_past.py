# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The past of a tag: every stay between two instants and no other, over any source."""

from __future__ import annotations

from itertools import groupby, zip_longest

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.module_utils._resolver.history import stretch_since
from ansible_collections.cgr.images.plugins.module_utils._resolver.past import stays_of
from pulumi_cgr.resolver import DAY, Instant, Resolver, UntrustworthyAnswer
from pulumi_cgr.testing import Histories, Readings, Registry
from tests.resolver.test_history import NOW, Source, made, misdeeds, records

spans = st.integers(0, 400 * DAY)


@settings(max_examples=300, deadline=None)
@given(records, misdeeds, spans, spans | st.none(), st.data())
def test_every_stay_or_none_of_them(
    steps: list[tuple[int, str]], misdeed: str, back: int, until_back: int | None, chance: st.DataObject
) -> None:
    known = made(steps)
    until = None if until_back is None else Instant(NOW.nanoseconds - until_back, 9)
    since = Instant((until or NOW).nanoseconds - back, 9)
    source = Source(known, misdeed, chance)

    try:
        _start, stretch = stretch_since(source, since, until, NOW, lambda _done, _all: None)
    except UntrustworthyAnswer:
        assert misdeed != "none" or len(known) >= 100
        return
    found = [(stay.updated, stay.digest) for stay in stays_of(stretch, since, until)]

    if len({record.updated for record in known}) == len(known):  # else they have no order
        runs = [next(run) for _digest, run in groupby(known, lambda record: record.digest)]
        assert found == [
            (record.updated, record.digest)
            for record, end in zip_longest(runs, [later.updated for later in runs[1:]])
            if (until is None or record.updated <= until) and (end is None or end > since)
        ]


def test_many_years_are_read_in_pieces_of_fewer_than_a_hundred(recorded: Histories) -> None:
    image = "chainguard/crane:latest-dev"
    for readings in (Readings(), Readings(order="oldest", cap=100), Readings(order="shuffled", inclusive=False)):
        with Registry(recorded, readings=readings) as registry:
            past = Resolver(registry=registry.url, environment={}).history(f"cgr.dev/{image}", since="2020-01-01")
        moves = [move.digest for move in recorded.moves(image)]
        assert [stay.digest for stay in past.stays] == [digest for digest, _run in groupby(moves)]
        assert all("end" in request.query for request in registry.requests if "history" in request.path)


def test_a_stay_begins_with_the_move_there_not_with_one_that_confirms_it() -> None:
    moves = {400: "b", 300: "a", 40: "a", 5: "c"}
    history = [
        {"updateTimestamp": str(NOW + -days * DAY), "digest": f"sha256:{64 * letter}"} for days, letter in moves.items()
    ]
    with Registry({"chainguard/web:1": history}, now=lambda: NOW.nanoseconds / 1e9) as registry:
        past = Resolver(registry=registry.url, environment={}).history("cgr.dev/chainguard/web:1", since="20d")

    assert [str(stay.updated) for stay in past.stays] == [str(NOW + -300 * DAY), str(NOW + -5 * DAY)]
