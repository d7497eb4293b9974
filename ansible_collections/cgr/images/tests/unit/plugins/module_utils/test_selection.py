# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build of a history a rule chooses, on every Python that a target may have."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.history.reader import FOREVER
from ansible_collections.cgr.images.plugins.module_utils._resolver.history.selection import choose
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.build import BEGINNING, Build, HistoryRange
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.instant import Instant
from ansible_collections.cgr.images.plugins.module_utils._resolver.model.rule import Rule

A, B, C = ("sha256:" + 64 * letter for letter in "abc")
MOVES = [("2026-11-01", A), ("2026-11-03", B), ("2026-11-05", A), ("2026-11-24T12:00:00.5Z", C)]
NOW = Instant.parse("2026-11-25")


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ({}, C),
        ({"at": "2026-11-04"}, B),
        ({"at": "2026-11-24T12:00:00.499999999Z"}, A),
        ({"at": "2026-11-24T13:00:00.5+01:00"}, C),
        ({"min_age": "7d"}, A),
        ({"min_age": "7d", "current": C}, C),
        ({"builds_back": 2}, B),
        ({"exclude": [C, A]}, B),
        ({"at": "2026-10-31"}, None),
    ],
)
def test_the_build_that_a_rule_chooses(rule: dict[str, Any], chosen: str | None) -> None:
    records = tuple(Build(Instant.parse(moved), digest) for moved, digest in MOVES)
    history = HistoryRange(records, BEGINNING, FOREVER, NOW)

    choice = choose(history, Rule.parse(**rule))

    assert (choice.build.digest if choice else None) == chosen
