# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Stacks that deploy from a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_cgr.lockfile.rollback import rollback
from pulumi_cgr.lockfile.update import FileUses, lock_images, remove, update_all
from pulumi_cgr.resolver import Resolver
from pulumi_cgr.testing import Registry

from .conftest import A, B, C, MakeStack, rewrite

PYTHON, NGINX = "cgr.dev/chainguard/python:latest", "cgr.dev/chainguard/nginx:latest"
PROGRAM = f"""
web = cgr.ImageDigest("web", image="{PYTHON}", lock="cgr.lock.json")
aged = cgr.ImageDigest("aged", image="{NGINX}", min_age="7d", lock="cgr.lock.json")
fixed = cgr.ImageDigest("fixed", image="{PYTHON}", at="2024-05-20", lock="cgr.lock.json")
release = cgr.ImageDigests("release", images={{"web": "{PYTHON}", "db": {{"image": "{NGINX}", "min_age": "7d"}}}}, lock="cgr.lock.json")
got = cgr.get_image_digest("{PYTHON}", lock="cgr.lock.json")
out = cgr.get_image_digest_output(web.image, lock="cgr.lock.json")
pulumi.export("refs", [web.ref, aged.ref, fixed.ref, release.refs["web"], release.refs["db"], got.ref, out.ref])
"""


@pytest.fixture
def resolver(registry: Registry) -> Resolver:
    return Resolver(registry=registry.url, environment={})


@pytest.fixture
def path(resolver: Resolver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock, beside the program; from here on nobody can be asked."""
    path = tmp_path / "cgr.lock.json"
    queries = [
        resolver.parse_query(PYTHON),
        resolver.parse_query(NGINX, min_age="7d"),
        resolver.parse_query(PYTHON, at="2024-05-20"),
    ]
    lock_images(path, resolver, queries)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No registry, no credentials, and an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    for name, value in {
        "CGR_REGISTRY": "http://127.0.0.1:9",
        "HOME": str(home),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def test_a_preview_from_a_committed_lock_needs_no_network(make_stack: MakeStack, path: Path, offline: None) -> None:
    stack = make_stack(PROGRAM)

    preview, up = stack.preview(), stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs["refs"] == [
        f"{PYTHON}@{B}",
        f"{NGINX}@{C}",
        f"{PYTHON}@{A}",
        f"{PYTHON}@{B}",
        f"{NGINX}@{C}",
        f"{PYTHON}@{B}",
        f"{PYTHON}@{B}",
    ]
    assert preview.outputs == up.outputs
    assert stack.preview().changes == {}
    assert "locked in cgr.lock.json at 20" in stack.exported()
    assert str(path.parent) not in stack.exported(), "nothing of this machine gets into the state"


def test_a_tag_that_moved_changes_nothing_until_it_is_locked_and_then_exactly_its_pins(
    make_stack: MakeStack, registry: Registry, resolver: Resolver, path: Path
) -> None:
    stack = make_stack(PROGRAM)
    stack.up()
    registry.move("chainguard/python:latest", C)
    asked = len(registry.requests)
    assert stack.preview().changes == {}
    assert len(registry.requests) == asked

    (change,) = [each for each in update_all(path, resolver) if each.is_change]
    preview = stack.preview()

    assert (change.entry.image, change.entry.rule, change.entry.digest) == (PYTHON, {}, C)
    assert preview.changes == {"web": "update", "release": "update"}
    diffs = {step.name: step.diff for step in preview.steps}
    assert diffs["web"]["digest"] == (B, C)
    assert diffs["release"]["digests"] == ({"web": B, "db": C}, {"web": C, "db": C})
    assert stack.up().outputs["refs"][0] == f"{PYTHON}@{C}"


def test_a_rollback_of_the_lock_is_one_of_the_stack(make_stack: MakeStack, resolver: Resolver, path: Path) -> None:
    stack = make_stack(PROGRAM)
    stack.up()

    rollback(path, resolver, resolver.parse_query(PYTHON))

    assert stack.up().outputs["refs"][0] == f"{PYTHON}@{A}"


def test_even_a_pin_to_an_instant_is_the_locks_and_not_the_states(
    make_stack: MakeStack, resolver: Resolver, path: Path
) -> None:
    rule = 'at="2024-06-05", lock="cgr.lock.json"'
    stack = make_stack(
        f'pulumi.export("pin", cgr.ImageDigest("pin", image="{PYTHON}", {rule}).digest)\n'
        f'pulumi.export("set", cgr.ImageDigests("set", images={{"web": "{PYTHON}"}}, {rule}).digests["web"])\n'
    )
    query = resolver.parse_query(PYTHON, at="2024-06-05")
    lock_images(path, resolver, [query])
    assert stack.up().outputs == {"pin": B, "set": B}

    rollback(path, resolver, query)

    assert stack.up().outputs == {"pin": A, "set": A}


@pytest.mark.parametrize("place", ["configuration", "environment"])
def test_the_configuration_names_the_lock_once_for_all(
    make_stack: MakeStack, path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    registry.move("chainguard/python:latest", C)
    program = PROGRAM.replace(', lock="cgr.lock.json"', "")
    own = f'pulumi.export("own", cgr.ImageDigest("own", image="{PYTHON}", lock="").ref)\n'
    stack = make_stack(program + own)
    if place == "configuration":
        stack.config["cgr:lock"] = "cgr.lock.json"
    else:
        monkeypatch.setenv("CGR_LOCK", "cgr.lock.json")

    outputs = stack.up().outputs

    assert outputs["refs"][:3] == [f"{PYTHON}@{B}", f"{NGINX}@{C}", f"{PYTHON}@{A}"]
    assert outputs["own"] == f"{PYTHON}@{C}"


def test_what_the_lock_lacks_is_one_sentence_with_the_command_that_adds_it(
    make_stack: MakeStack, path: Path, resolver: Resolver, offline: None
) -> None:
    stack = make_stack(PROGRAM)
    stack.up()
    before = stack.exported()
    remove(path, FileUses())

    up = stack.up()

    assert not up.ok
    said = "\n".join(up.diagnostics)
    assert "not in the lock file cgr.lock.json" in said
    assert "Add it: cgr-images lock cgr.dev/chainguard/" in said
    assert "Traceback" not in said
    assert stack.exported().count(B) == before.count(B)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            f'"a", image="{NGINX}", lock="cgr.lock.json"',
            f"{NGINX}: not in the lock file cgr.lock.json. Add it: cgr-images lock",
        ),
        (
            f'"a", image="{NGINX}", lock="none.json"',
            "Add it: cgr-images lock cgr.dev/chainguard/nginx:latest --lock none.json",
        ),
        (f'"a", image="{NGINX}", lock="program.py"', "program.py: it is not JSON"),
        (f'"a", image="{PYTHON}", lock="cgr.lock.json", triggers=[1]', "triggers and a lock file cannot be combined"),
        (
            f'"a", image="{PYTHON}", lock="cgr.lock.json", stale_after="9d"',
            "stale_after and a lock file cannot be combined",
        ),
    ],
    ids=["not locked", "no lock", "no JSON", "triggers", "stale_after"],
)
def test_nonsense_is_one_sentence_on_the_resource(make_stack: MakeStack, path: Path, arguments: str, said: str) -> None:
    preview = make_stack(f"cgr.ImageDigest({arguments})").preview()

    assert not preview.ok
    (diagnostic, end) = preview.diagnostics
    assert said in diagnostic
    assert end == "a has no digest, for the reason shown."


def test_a_digest_that_is_given_or_frozen_wins_over_the_lock(
    make_stack: MakeStack, path: Path, resolver: Resolver, registry: Registry
) -> None:
    frozen = 'opts=pulumi.ResourceOptions(ignore_changes=["digest"])'
    stack = make_stack(
        f'pulumi.export("given", cgr.ImageDigest("given", image="{PYTHON}", digest="{C}", lock="cgr.lock.json").digest)\n'
        f'pulumi.export("frozen", cgr.ImageDigest("frozen", image="{PYTHON}", lock="cgr.lock.json", {frozen}).digest)\n'
    )
    stack.up()
    registry.move("chainguard/python:latest", C)
    update_all(path, resolver)

    assert stack.up().outputs == {"given": C, "frozen": B}


def test_a_pin_that_was_followed_is_the_locks_from_then_on(
    make_stack: MakeStack, path: Path, registry: Registry
) -> None:
    registry.move("chainguard/python:latest", C)
    program = f'pulumi.export("pin", cgr.ImageDigest("pin", image="{PYTHON}").digest)'
    stack = make_stack(program)
    assert stack.up().outputs == {"pin": C}

    rewrite(stack, program.replace('latest"', 'latest", lock="cgr.lock.json"'))

    assert stack.up().outputs == {"pin": B}


@pytest.mark.parametrize("first", ["", ', lock="cgr.lock.json"'], ids=["the registry", "the lock"])
def test_ignore_changes_of_the_lock_keeps_where_pins_come_from(
    make_stack: MakeStack, path: Path, registry: Registry, first: str
) -> None:
    registry.move("chainguard/python:latest", C)
    program = (
        f'one = cgr.ImageDigest("one", image="{PYTHON}" LOCK, opts=pulumi.ResourceOptions(ignore_changes=["lock"]))\n'
        f'all = cgr.ImageDigests("all", images={{"a": "{PYTHON}"}} LOCK, opts=pulumi.ResourceOptions(ignore_changes=["lock"]))\n'
        'pulumi.export("pins", [one.digest, all.digests["a"]])\n'
    )
    stack = make_stack(program.replace(" LOCK", first))
    found = B if first else C
    assert stack.up().outputs == {"pins": [found, found]}

    rewrite(stack, program.replace(" LOCK", "" if first else ', lock="cgr.lock.json"'))

    assert stack.preview().changes == {}
    assert stack.up().outputs == {"pins": [found, found]}
