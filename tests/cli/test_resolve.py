# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images resolve`."""

from __future__ import annotations

from pulumi_cgr.testing import Registry

from .command import Command

PYTHON = "cgr.dev/chainguard/python:latest-dev"
NGINX = "cgr.dev/chainguard/nginx"
JUNE = "sha256:c7afe78f15c543c9936151640ce819e4d6cd2cf0f027ac5749d3cda369079675"
BEFORE = "sha256:f7f6bb2206231aeaeb047d42747ae3d08a102fbcd5b1b9bb8e5809ad34562970"


def test_it_prints_what_to_deploy_and_nothing_else(cgr: Command) -> None:
    done = cgr("resolve", PYTHON, "--at", "2024-06-01")

    assert (done.status, done.out, done.err) == (0, f"{PYTHON}@{JUNE}\n", "")


def test_the_rule_is_that_of_the_resolver(cgr: Command) -> None:
    back = cgr("resolve", PYTHON, "--at", "2024-06-01", "--builds-back", "1")
    excluded = cgr("resolve", PYTHON, "--at", "2024-06-01", "--exclude", JUNE, "--exclude", "sha256:abc")
    other = cgr("resolve", PYTHON, "--at", "2024-06-01", "--exclude", JUNE)
    kept = cgr("resolve", PYTHON, "--min-age", "900d", "--current", BEFORE)

    assert back.out == other.out == f"{PYTHON}@{BEFORE}\n"
    assert excluded.status == 2
    assert kept.status == 0


def test_a_person_is_told_why(cgr: Command) -> None:
    shown = cgr.on_a_terminal("resolve", PYTHON, "--at", "2024-06-01").out

    assert f"{PYTHON}@{JUNE}" in shown
    assert "the build at 2024-06-01T00:00:00Z" in shown


def test_several_are_answered_at_one_instant(cgr: Command, registry: Registry) -> None:
    done = cgr("resolve", PYTHON, NGINX, "--json")

    first, second = done.json["images"]
    assert first["at"] == second["at"] is None
    assert done.json["at"].startswith("20")
    assert [first["image"], second["image"]] == [PYTHON, NGINX]
    assert cgr("resolve", PYTHON, NGINX).out == f"{first['ref']}\n{second['ref']}\n"


def test_json_is_the_answer_of_the_resolver(cgr: Command) -> None:
    (answer,) = cgr("resolve", PYTHON, "--at", "2024-06-01", "--json").json["images"]

    assert answer["digest"] == JUNE
    assert answer["updated_at"] == answer["at"] == "2024-06-01T00:00:00Z"
    assert answer["previous"]["digest"] == BEFORE
    assert answer["warnings"] == []


def test_warnings_go_to_standard_error(cgr: Command) -> None:
    done = cgr("resolve", PYTHON, "--stale-after", "30d")

    assert done.status == 0
    assert done.out.startswith(PYTHON)
    assert done.err.startswith(f"cgr-images: warning: {PYTHON}: the tag has not moved since")
