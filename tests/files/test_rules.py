# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which digest a file gets, and what the report says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_cgr.files import UNCHANGED, UPDATED, pin_files
from pulumi_cgr.lockfile.update import lock_images
from pulumi_cgr.resolver import InvalidRule, Resolver, SeveralFailed
from pulumi_cgr.testing import Registry

from .conftest import DB, LONG_AGO, OLD, RECENTLY, WEB, days_ago, digest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a.yaml"
    file.write_text(f"image: {WEB}\n")
    return file


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ({}, "web"),
        ({"at": days_ago(5)}, "old"),
        ({"min_age": "7d"}, "old"),
        ({"min_age": "1h"}, "web"),
        ({"builds_back": 1}, "old"),
        ({"exclude": [digest("web")]}, "old"),
        ({"at": None, "min_age": None}, "web"),
    ],
)
def test_the_rule_chooses(rule: dict[str, Any], name: str, file: Path, resolver: Resolver) -> None:
    pin_files(resolver, file, rule=rule)

    assert file.read_text() == f"image: {WEB}@{digest(name)}\n"


def test_with_min_age_no_pin_moves_back_in_any_file(
    file: Path, resolver: Resolver, registry: Registry, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.yaml"
    newer.write_text(f"image: {WEB}@{digest('web')}\n")
    unknown = tmp_path / "unknown.yaml"
    unknown.write_text(f"image: {WEB}@{digest('a build of long before')}\n")

    report = pin_files(resolver, tmp_path, rule={"min_age": "7d"})

    assert file.read_text() == f"image: {WEB}@{OLD}\n"
    assert newer.read_text() == f"image: {WEB}@{digest('web')}\n"
    assert unknown.read_text() == f"image: {WEB}@{OLD}\n"
    assert [row.status for row in report.rows] == ["pinned", UNCHANGED, UPDATED]
    assert "a pin never goes back in time" in report.rows[1].reason
    assert len([request for request in registry.requests if "history" in request.path]) <= 2


def test_an_excluded_pin_does_move_back(file: Path, resolver: Resolver) -> None:
    file.write_text(f"image: {WEB}@{digest('web')}\n")

    pin_files(resolver, file, rule={"min_age": "1h", "exclude": [digest("web")]})

    assert file.read_text() == f"image: {WEB}@{OLD}\n"


def test_the_report_names_digests_and_their_times(file: Path, resolver: Resolver) -> None:
    file.write_text(f"image: {WEB}@{OLD}\nother: {{image: {DB}}}\nthird: {{image: '{DB}{{{{ x }}}}'}}\n")

    report = pin_files(resolver, file)

    data = json.loads(json.dumps(report.to_dict()))
    assert data["changed"] is True
    assert data["at"]
    first, second, third = data["images"]
    assert first == {
        "file": str(file),
        "line": 1,
        "image": WEB,
        "status": "updated",
        "old_digest": OLD,
        "old_updated_at": LONG_AGO,
        "new_digest": digest("web"),
        "new_updated_at": RECENTLY,
        "reason": f"the latest build: the tag moved to it at {RECENTLY}",
    }
    assert (second["status"], second["old_digest"], second["new_digest"]) == ("pinned", None, digest("db"))
    assert (third["status"], third["new_digest"], third["reason"]) == ("skipped", None, "a template makes a part of it")
    heading, *lines = report.table().splitlines()
    assert heading.split() == ["FILE", "IMAGE", "OLD", "NEW", "REASON"]
    assert f"{OLD[:19]} {LONG_AGO}  {digest('web')[:19]} {RECENTLY}  the latest build" in lines[0]
    assert len({line.index(WEB if WEB in line else DB) for line in lines}) == 1


def test_all_images_are_looked_up_at_one_instant_and_progress_is_told(
    file: Path, resolver: Resolver, registry: Registry
) -> None:
    file.write_text(f"- image: {WEB}\n- image: {DB}\n- image: {WEB}\n")
    told: list[tuple[int, int]] = []

    report = pin_files(resolver, file, progress=lambda done, total, _image: told.append((done, total)))

    assert told == [(1, 2), (2, 2)]
    assert len(registry.requests) <= 4
    assert report.at


def test_images_on_mirrors_are_pinned_under_their_own_names(file: Path, registry: Registry) -> None:
    mirrors = {"registry.corp/cgr": "cgr.dev/acme.com", "docker.corp:5000": "cgr.dev"}
    resolver = Resolver(registry=registry.url, token="a-token", environment={}, mirrors=mirrors)
    file.write_text(
        "a: {image: registry.corp/cgr/web:1.2}\n"
        "b: {registry: 'docker.corp:5000', repository: acme.com/db, tag: '16', digest: ''}\n"
        "c: {image: registry.corp/other/web:1.2}\n"
    )
    dockerfile = file.with_name("Dockerfile")
    dockerfile.write_text("FROM docker.corp:5000/chainguard/static\n")

    pin_files(resolver, [file, dockerfile])

    assert file.read_text() == (
        f"a: {{image: registry.corp/cgr/web:1.2@{digest('web')}}}\n"
        f"b: {{registry: 'docker.corp:5000', repository: acme.com/db, tag: '16', digest: '{digest('db')}'}}\n"
        "c: {image: registry.corp/other/web:1.2}\n"
    )
    assert dockerfile.read_text() == f"FROM docker.corp:5000/chainguard/static:latest@{digest('static')}\n"


def test_with_a_lock_pins_come_from_it_without_a_request(file: Path, resolver: Resolver, registry: Registry) -> None:
    lock = file.with_name("cgr.lock.json")
    lock_images(lock, resolver, [resolver.parse_query(WEB, min_age="7d")])
    offline = Resolver(registry="http://127.0.0.1:9", environment={}, lock=lock)
    registry.requests.clear()

    report = pin_files(offline, file, rule={"min_age": "7d"})

    assert file.read_text() == f"image: {WEB}@{OLD}\n"
    assert report.rows[0].reason.startswith("locked in cgr.lock.json at ")
    assert registry.requests == []
    with pytest.raises(SeveralFailed, match=rf"a\.yaml:1: {WEB}: not in the lock file .* cgr-images lock {WEB}"):
        pin_files(offline, file)
    assert file.read_text() == f"image: {WEB}@{OLD}\n"


def test_rules_that_make_no_sense_for_files_are_refused(file: Path, resolver: Resolver) -> None:
    with pytest.raises(InvalidRule, match="'current' is not part of a rule for files"):
        pin_files(resolver, file, rule={"current": OLD})
    with pytest.raises(InvalidRule, match="min_age 'soon'"):
        pin_files(resolver, file, rule={"min_age": "soon"})


def test_a_warning_is_said_once(file: Path, resolver: Resolver) -> None:
    file.write_text(f"- image: {WEB}\n- image: {WEB}\n")

    report = pin_files(resolver, file, rule={"stale_after": "12h"})

    assert len(report.warnings) == 1
    assert "has not moved" in report.warnings[0]


def test_a_row_is_one_line_and_malformed_images_are_problems_of_their_file(file: Path, resolver: Resolver) -> None:
    file.write_text(
        f'- image: {WEB}\n- image: "{WEB}\n\n    x"\n- image: {WEB}@sha256:abcd\n- image: |\n    {DB}\n    more\n'
    )

    report = pin_files(resolver, file)

    assert file.read_text().startswith(f"- image: {WEB}@{digest('web')}\n")
    assert [(row.line, row.status) for row in report.rows] == [
        (1, "pinned"),
        (2, "skipped"),
        (5, "skipped"),
        (6, "skipped"),
    ]
    assert [problem.line for problem in report.problems] == [2, 5, 6]
    assert "malformed digest" in report.problems[1].reason
    assert not any("\n" in text for row in report.rows for text in (row.image, row.reason))
    assert len(report.table().splitlines()) == 1 + len(report.rows) + len(report.problems)


def test_a_digest_behind_a_tag_comes_with_what_charts_may_make_of_it(file: Path, resolver: Resolver) -> None:
    file.write_text(
        "a: {repository: cgr.dev/acme.com/web, tag: '1.2'}\nb: {repository: cgr.dev/acme.com/db, tag: '16', digest: ''}\n"
    )

    behind, apart = pin_files(resolver, file).rows

    assert (
        'some charts use as a label or version, too; where the chart knows a digest field, add an empty digest: ""'
        in behind.reason
    )
    assert "label" not in apart.reason


def test_arguments_that_double_each_other_are_not_followed_without_end(tmp_path: Path, resolver: Resolver) -> None:
    doubling = "".join(f"ARG A{number}=$A{number - 1}$A{number - 1}\n" for number in range(1, 17))
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(f"ARG A0={WEB}\n{doubling}FROM $A16\nFROM {DB}\n")

    report = pin_files(resolver, dockerfile)

    assert [(row.line, row.status) for row in report.rows] == [(1, "skipped"), (19, "pinned")]
    assert report.problems == ()
