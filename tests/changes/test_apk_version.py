# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Versions of packages are in apk's order.

`tests/data/changes/apk-versions.txt` has 3,300 versions as `apk_version_compare` of apk-tools 3 sorts them, the earliest first,
with those that it takes for equal in one line: 2,141 of packages in Chainguard's public images, and variants of them.
"""

from __future__ import annotations

import random

import pytest

from ansible_collections.cgr.images.plugins.module_utils._changes.apk_version import is_downgrade, version_key
from tests.support.environments import ROOT

RANKS = [line.split() for line in (ROOT / "tests/data/changes/apk-versions.txt").read_text().splitlines()]


def test_versions_sort_as_apk_sorts_them() -> None:
    versions = [(version, rank) for rank, line in enumerate(RANKS) for version in line]
    assert len(versions) >= 3000
    random.Random(1).shuffle(versions)

    ordered = sorted(versions, key=lambda each: version_key(each[0]))

    assert [rank for _version, rank in ordered] == sorted(rank for _version, rank in versions)
    for line in RANKS:
        assert len({version_key(version) for version in line}) == 1, line


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("1.9", "1.10"),  # numbers are numbers
        ("1.2", "1.2.1"),  # the longer one is later
        ("1.010", "1.9"),  # after a dot, a leading zero makes it text
        ("8.2.0", "8.2.001"),
        ("1.2", "1.2b"),
        ("1.2b", "1.2.1"),
        ("1.0_alpha", "1.0_beta"),
        ("1.0_beta", "1.0_pre"),
        ("1.0_pre", "1.0_rc"),
        ("1.0_rc", "1.0"),
        ("1.0_rc", "1.0_rc1"),
        ("1.0", "1.0_cvs"),
        ("1.0_cvs", "1.0_svn"),
        ("1.0_svn", "1.0_git"),
        ("1.0_git", "1.0_hg"),
        ("1.0_hg", "1.0_p"),
        ("1.0_p9", "1.0_p10"),
        ("0.1.0_alpha_pre2", "0.1.0_alpha"),
        ("1.0~1234", "1.0~2345"),
        ("1.0~1234-r1", "1.0~2345-r0"),
        ("8.21.0-r1", "8.21.0-r2"),
        ("8.21.0-r9", "8.21.0-r10"),
        ("6.6.20260808-r0", "6.6.20260815-r0"),
        ("1.0", "1.0bc"),  # malformed from 'c' on
        ("nothing", "0"),
    ],
)
def test_a_rule_of_the_order(earlier: str, later: str) -> None:
    assert is_downgrade(later, earlier)
    assert not is_downgrade(earlier, later)
    assert not is_downgrade(later, later)
