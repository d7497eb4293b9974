# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Differences between real builds, by the image configurations in the public repository of Chainguard's images."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.cgr.images.plugins.module_utils._changes.contents import (
    IMAGE_CONFIGURATION,
    SPDX,
    Contents,
    parse_predicate,
)
from ansible_collections.cgr.images.plugins.module_utils._changes.difference import BuildContents, Difference, compare
from tests.support.attestations import REAL, configuration, spdx

OLD, NEW = "sha256:" + 64 * "a", "sha256:" + 64 * "b"


def difference(old: Any, new: Any, kind: str = IMAGE_CONFIGURATION) -> Difference:
    before, after = (
        BuildContents(OLD, contents=parse_predicate(kind, old)),
        BuildContents(NEW, contents=parse_predicate(kind, new)),
    )
    return compare("cgr.dev/chainguard/web:1", "linux/amd64", before, after)


def real(name: str) -> dict[str, Any]:
    old, new = REAL[name]
    return difference(old, new).to_dict()


def test_a_renamed_library_is_removed_and_added() -> None:
    packages = real("php-fpm")["packages"]

    assert packages["removed"] == {
        "glibc": "2.43-r13",
        "glibc-locale-posix": "2.43-r13",
        "ld-linux": "2.43-r13",
        "libcrypt1": "2.43-r13",
    }
    assert packages["added"] == {
        "glibc-2.43": "2.43-r15",
        "glibc-2.43-locale-posix": "2.43-r15",
        "ld-linux-2.43": "2.43-r15",
        "libcrypt1-2.43": "2.43-r15",
    }
    assert packages["updated"]["libgcc"] == ["16.1.0-r4", "16.2.0-r0"]
    assert len(packages["updated"]) == 7
    assert packages["downgraded"] == []


def test_an_earlier_version_is_a_downgrade() -> None:
    packages = real("aspnet-runtime")["packages"]

    assert packages["updated"] == {"libcrypto3": ["3.6.3-r5", "3.6.3-r4"], "libssl3": ["3.6.3-r5", "3.6.3-r4"]}
    assert packages["downgraded"] == ["libcrypto3", "libssl3"]


def test_the_configuration_is_compared_part_by_part() -> None:
    config = real("pytorch")["config"]

    assert set(config) == {"entrypoint", "environment"}
    assert config["entrypoint"] == ["/usr/bin/python3.13", "/usr/bin/cuda-entrypoint.sh"]
    assert [len(variables) for variables in config["environment"]] == [4, 7]
    assert real("php-fpm")["config"] == {}


def test_swapped_builds_have_the_opposite_difference() -> None:
    for old, new in REAL.values():
        forward, back = difference(old, new).packages, difference(new, old).packages
        assert forward
        assert back
        assert (forward.added, forward.removed) == (back.removed, back.added)
        assert {name: versions[::-1] for name, versions in forward.updated.items()} == dict(back.updated)
        assert not set(forward.downgraded) & set(back.downgraded)


def test_spdx_has_the_same_packages_and_no_configuration() -> None:
    old, new = ({"curl": "8.21.0-r1", "libstdc++": "16.1.0-r4"}, {"curl": "8.21.0-r2", "libstdc++": "16.1.0-r4"})

    by_spdx = difference(spdx(old), spdx(new), SPDX)

    assert by_spdx.packages == difference(configuration(old), configuration(new)).packages
    assert by_spdx.config is None


@pytest.mark.parametrize(
    ("predicate", "problem"),
    [
        ([], "is not a JSON object"),
        ({}, "lists no packages"),
        ({"contents": {"packages": ["curl"]}}, "lists a package without one exact version"),
        ({"contents": {"packages": ["curl>=8"]}}, "lists a package without one exact version"),
        ({"contents": {"packages": ["curl=~8"]}}, None),
        ({"contents": {"packages": ["curl=1 2"]}}, "lists a package without one exact version"),
        ({"contents": {"packages": [f"curl={'1' * 5000}"]}}, "lists a package without one exact version"),
        ({"contents": {"packages": [None]}}, "lists a package without one exact version"),
        ({"contents": {"packages": ["curl=1-r0", "curl=2-r0"]}}, "lists a package with two versions"),
        ({"contents": {"packages": ["curl=1-r0@local", "curl=1-r0"]}}, None),
        ({"contents": [], "entrypoint": 5, "environment": "x", "accounts": None}, "lists no packages"),
    ],
)
def test_a_predicate_that_is_something_else_is_an_error(predicate: Any, problem: str | None) -> None:
    if problem is None:
        assert parse_predicate(IMAGE_CONFIGURATION, predicate).packages
        return
    with pytest.raises(ValueError, match=problem):
        parse_predicate(IMAGE_CONFIGURATION, predicate)


def test_contents_are_kept_as_json() -> None:
    for old, _new in REAL.values():
        contents = parse_predicate(IMAGE_CONFIGURATION, old)
        assert Contents.from_dict(contents.to_dict()) == contents
