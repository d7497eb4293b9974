# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Stories of stacks that every provider tells alike: the dynamic resource of Python programs, and the plugin of all languages.

Each runs on the stand-in for the engine and on the real one.
"""

from __future__ import annotations

import pytest

from pulumi_cgr.testing import Registry, Reply

from .conftest import A, B, C, Host
from .programs import Pin, Program, program

PYTHON, NGINX = "cgr.dev/chainguard/python:latest", "cgr.dev/chainguard/nginx:latest"
FOLLOWED = program(image=PYTHON)
FIXED = program(image=PYTHON, at="2024-05-20")
FROZEN = Program((Pin("pin", {"image": PYTHON}, ignored=("digest",)),))
NOWHERE = "http://127.0.0.1:9"
REF = f"{PYTHON}@"


def test_a_first_preview_knows_the_digest_downstream(host: Host) -> None:
    stack = host.make(FOLLOWED)

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert preview.changes == {"pin": "create"}
    assert preview.outputs == {"pin": REF + B}
    assert stack.up().outputs == {"pin": REF + B}


def test_nothing_changes_while_the_tag_does_not_move(host: Host) -> None:
    stack = host.make(FOLLOWED)
    stack.up()

    preview, up = stack.preview(), stack.up()

    assert preview.changes == up.changes == {}
    assert up.outputs == {"pin": REF + B}


def test_a_tag_that_moved_shows_old_and_new_digest(host: Host, registry: Registry) -> None:
    stack = host.make(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)

    preview = stack.preview()

    assert preview.changes == {"pin": "update"}
    (step,) = [step for step in preview.steps if step.op == "update"]
    assert step.diff["digest"] == (B, C)
    assert step.diff["ref"] == (REF + B, REF + C)
    assert {name.replace("updatedAt", "updated_at") for name in step.diff} == {"digest", "ref", "updated_at", "reason"}
    assert stack.up().outputs == {"pin": REF + C}


def test_a_pin_to_an_instant_needs_the_registry_once(host: Host, registry: Registry) -> None:
    stack = host.make(FIXED)
    assert stack.up().outputs == {"pin": REF + A}
    registry.move("chainguard/python:latest", C)
    requests = len(registry.requests)
    registry.interfere = lambda _request: Reply(500)

    preview, up = stack.preview(), stack.up()

    assert preview.ok
    assert up.ok
    assert preview.changes == up.changes == {}
    assert up.outputs == {"pin": REF + A}
    assert len(registry.requests) == requests


def test_the_same_rule_in_other_words_is_no_change(host: Host, registry: Registry) -> None:
    stack = host.make(program(image=PYTHON, min_age="14d"))
    stack.up()

    host.write(stack, program(image=PYTHON, min_age="P2W"))

    assert stack.preview().changes == {}


def test_another_instant_is_another_answer(host: Host) -> None:
    stack = host.make(FIXED)
    stack.up()
    host.write(stack, program(image=PYTHON, at="2024-06-20"))

    assert stack.preview().outputs == {"pin": REF + B}
    assert stack.up().outputs == {"pin": REF + B}


def test_a_set_has_a_digest_for_each_key(host: Host, registry: Registry) -> None:
    images = {"app": {"image": PYTHON, "builds_back": 1}, "web": NGINX}
    stack = host.make(program(Pin("release", {"images": images}, "ImageDigests")))

    up = stack.up()
    preview = stack.preview()

    assert up.outputs == {"release": {"app": REF + A, "web": f"{NGINX}@{C}"}}
    assert preview.changes == {}
    registry.move("chainguard/python:latest", C)
    assert stack.preview().outputs == {"release": {"app": REF + B, "web": f"{NGINX}@{C}"}}


def test_triggers_keep_a_digest_until_they_change(host: Host, registry: Registry) -> None:
    stack = host.make(program(image=PYTHON, triggers={"release": "1"}))
    stack.up()
    registry.move("chainguard/python:latest", C)
    assert stack.preview().changes == {}

    host.write(stack, program(image=PYTHON, triggers={"release": "2"}))

    assert stack.preview().outputs == {"pin": REF + C}


def test_ignore_changes_freezes_a_followed_digest(host: Host, registry: Registry) -> None:
    stack = host.make(FROZEN)
    assert stack.up().outputs == {"pin": REF + B}
    registry.move("chainguard/python:latest", C)

    assert stack.preview().changes == {}
    assert stack.up().outputs == {"pin": REF + B}
    host.write(stack, FOLLOWED)
    assert stack.preview().outputs == {"pin": REF + C}


@pytest.mark.parametrize("image", [NGINX, "cgr.dev/chainguard/python:3.12"], ids=["repository", "tag"])
def test_a_frozen_digest_is_not_carried_into_another_image(host: Host, image: str) -> None:
    stack = host.make(FROZEN)
    stack.up()
    host.write(stack, Program((Pin("pin", {"image": image}, ignored=("digest",)),)))

    preview = stack.preview()

    assert not preview.ok
    assert any("is that of cgr.dev/chainguard/python:latest, kept from before" in line for line in preview.diagnostics)
    host.write(stack, Program((Pin("pin", {"image": f"{image}@{B}"}, ignored=("digest",)),)))
    assert stack.preview().ok


def test_a_digest_that_is_given_needs_no_registry(host: Host, registry: Registry) -> None:
    stack = host.make(program(image=PYTHON, digest=C))

    assert stack.up().outputs == {"pin": REF + C}
    assert not registry.requests
    host.write(stack, FIXED)
    assert stack.up().outputs == {"pin": REF + A}


def test_an_image_that_is_pinned_already_needs_no_registry(host: Host, registry: Registry) -> None:
    stack = host.make(program(image=f"{PYTHON}@{C}"))

    assert stack.up().outputs == {"pin": REF + C}
    assert stack.preview().changes == {}
    assert not registry.requests


def test_another_repository_is_another_resource(host: Host) -> None:
    stack = host.make(FOLLOWED)
    stack.up()
    host.write(stack, program(image=NGINX))

    assert stack.preview().changes == {"pin": "replace"}
    assert stack.up().outputs == {"pin": f"{NGINX}@{C}"}
    assert stack.preview().changes == {}


def test_without_the_registry_every_pin_stays_what_it_was(host: Host, registry: Registry) -> None:
    stack = host.make(program(*FOLLOWED.pins, Pin("fixed", FIXED.pins[0].arguments)))
    stack.up()
    before = stack.exported()
    registry.interfere = lambda request: Reply(200, b"<html>Sign in</html>") if "history" in request.path else None

    up = stack.up()

    assert not up.ok
    problems = [line for line in up.diagnostics if "has a problem" in line]
    assert len(problems) == 1
    assert "tag history: it is a web page" in problems[0]
    assert "Traceback" not in "\n".join(up.diagnostics)
    assert all(digest in stack.exported() for digest in (A, B))
    assert stack.exported().count(B) == before.count(B)


def test_without_the_registry_a_new_stack_stays_empty(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = host.make(FOLLOWED)
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    preview = stack.preview()

    assert not preview.ok
    assert any(
        "Connection refused. Check the network and the proxy, then try again." in line for line in preview.diagnostics
    )
    assert "ImageDigest" not in stack.exported()


def test_an_update_reports_a_failure_at_its_property(host: Host) -> None:
    up = host.make(program(image=NGINX, at="soon")).up()

    assert not up.ok
    assert any("property at value {" in line and "at 'soon' is not an instant" in line for line in up.diagnostics)
    assert "Traceback" not in "\n".join(up.diagnostics)


def test_a_refresh_moves_nothing(host: Host, registry: Registry) -> None:
    stack = host.make(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)

    assert stack.refresh().ok

    assert stack.preview().changes == {"pin": "update"}


def test_destroy_needs_no_registry(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = host.make(FOLLOWED)
    stack.up()
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    assert stack.destroy().changes == {"pin": "delete"}
    assert "ImageDigest" not in stack.exported()


def test_an_update_keeps_to_its_plan_or_does_nothing(host: Host, registry: Registry) -> None:
    stack = host.make(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)
    _preview, plan = stack.planned()
    registry.move("chainguard/python:latest", A)

    up = stack.up(plan)

    assert not up.ok
    assert any("violates plan" in line for line in up.diagnostics)
    assert B in stack.exported()
    assert A not in stack.exported()


def test_a_secret_token_is_used_and_kept_nowhere(host: Host, registry: Registry) -> None:
    image = "cgr.dev/acme.com/web:1"
    pins = program(Pin("pin", {"image": image}), Pin("at", {"image": image, "at": "2024-06-01"}))
    stack = host.make(pins, token="the-secret-token")

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs == dict.fromkeys(("pin", "at"), f"{image}@{C}")
    assert {request.headers["authorization"] for request in registry.requests} == {"Bearer the-secret-token"}
    assert "the-secret-token" not in stack.exported() + "\n".join(up.diagnostics) + repr(up.steps)
