# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Rules, sticky pins and sets in users' stacks, each on the stand-in for the engine and on the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pulumi_cgr.testing import Registry, Reply

from ..support.moves import days_ago
from .conftest import A, B, C, MakeStack, rewrite

IMAGE = "cgr.dev/chainguard/python:latest"
REF = f"{IMAGE}@"
D = "sha256:" + 64 * "d"


HISTORIES = {
    "chainguard/python:latest": [
        {"updateTimestamp": days_ago(days), "digest": digest} for days, digest in ((9, A), (6, B), (2, C))
    ],
    "chainguard/nginx:latest": [{"updateTimestamp": days_ago(3), "digest": A}],
}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry(HISTORIES) as registry:
        yield registry


def pin(arguments: str, kind: str = "ImageDigest", output: str = "ref") -> str:
    return f'pin = cgr.{kind}("pin", {arguments})\npulumi.export("{output}", pin.{output})\n'


@pytest.mark.parametrize(
    ("rule", "digest"),
    [
        ('min_age="4d"', B),
        ("builds_back=1", B),
        (f'exclude=["{C}", "{B}"]', A),
        (f'at="{days_ago(5)}", builds_back=1', A),
    ],
    ids=["min_age", "builds_back", "exclude", "at and builds_back"],
)
def test_a_rule_chooses_and_a_second_preview_shows_no_change(make_stack: MakeStack, rule: str, digest: str) -> None:
    stack = make_stack(pin(f'image="{IMAGE}", {rule}'))

    assert stack.preview().outputs == {"ref": REF + digest}
    assert stack.up().outputs == {"ref": REF + digest}
    assert stack.preview().changes == {}
    assert stack.preview().changes == {}


def test_a_move_changes_the_pins_that_follow_it_and_no_other(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(
        f'cgr.ImageDigest("followed", image="{IMAGE}")\n'
        f'cgr.ImageDigest("aged", image="{IMAGE}", min_age="4d")\n'
        f'cgr.ImageDigest("sticky", image="{IMAGE}", triggers={{"release": 1}})\n'
        f'cgr.ImageDigest("fixed", image="{IMAGE}", at="{days_ago(5)}")\n'
        'cgr.ImageDigest("other", image="cgr.dev/chainguard/nginx:latest")\n'
        f'cgr.ImageDigests("set", images={{"python": "{IMAGE}", "nginx": "cgr.dev/chainguard/nginx:latest"}})\n'
        f'cgr.ImageDigests("aged set", images={{"python": "{IMAGE}"}}, min_age="4d")\n'
    )
    stack.up()
    assert stack.preview().changes == {}
    registry.move("chainguard/python:latest", D)

    preview = stack.preview()

    assert preview.changes == {"followed": "update", "set": "update"}
    (step,) = [step for step in preview.steps if step.name == "set"]
    assert step.diff["digests"] == ({"python": C, "nginx": A}, {"python": D, "nginx": A})


def test_an_aged_pin_never_goes_back_in_time(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin(f'image="{IMAGE}"'))
    assert stack.up().outputs == {"ref": REF + C}
    rewrite(stack, pin(f'image="{IMAGE}", min_age="4d"'))

    up = stack.up()

    assert up.outputs == {"ref": REF + C}
    assert "a pin never goes back in time" in stack.exported()
    assert stack.preview().changes == {}
    rewrite(stack, pin(f'image="{IMAGE}", min_age="4d", exclude=["{C}"]'))
    assert stack.up().outputs == {"ref": REF + B}


def test_an_aged_pin_that_is_unknown_is_replaced_with_a_warning(make_stack: MakeStack) -> None:
    stack = make_stack(pin(f'image="{IMAGE}", digest="{D}"'))
    stack.up()
    rewrite(stack, pin(f'image="{IMAGE}", min_age="4d"'))

    up = stack.up()

    assert up.outputs == {"ref": REF + B}
    assert any(f"the current pin {D} is not in the tag's history" in line for line in up.diagnostics)


def test_a_sticky_pin_needs_the_registry_once(make_stack: MakeStack, registry: Registry) -> None:
    program = pin(f'image="{IMAGE}", triggers={{"release": [1, "one"]}}')
    stack = make_stack(program)
    assert stack.up().outputs == {"ref": REF + C}
    registry.move("chainguard/python:latest", D)
    asked = len(registry.requests)

    assert stack.preview().changes == {}
    assert stack.up().outputs == {"ref": REF + C}
    assert len(registry.requests) == asked
    rewrite(stack, program.replace("[1", "[2"))
    assert stack.preview().changes == {"pin": "update"}
    assert stack.up().outputs == {"ref": REF + D}


def test_a_sticky_pin_is_looked_up_anew_when_it_is_replaced(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin(f'image="{IMAGE}", triggers=[]'))
    stack.up()
    registry.move("chainguard/python:latest", D)
    assert stack.up().outputs == {"ref": REF + C}

    assert stack.up(replace="pin").outputs == {"ref": REF + D}


def test_a_trigger_that_is_unknown_leaves_the_digest_unknown(make_stack: MakeStack, registry: Registry) -> None:
    given = f'given = cgr.ImageDigest("given", image="{IMAGE}", digest="{A}")\n'
    stack = make_stack(given + pin(f'image="{IMAGE}", triggers={{"id": given.id}}'))

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert not registry.requests
    assert stack.up().outputs == {"ref": REF + C}
    assert stack.preview().changes == {}


def test_a_tag_that_stands_still_is_worth_a_warning(make_stack: MakeStack) -> None:
    preview = make_stack(pin(f'image="{IMAGE}", stale_after="36h"')).preview()

    assert preview.ok
    assert any(f"{IMAGE}: the tag has not moved since" in line for line in preview.diagnostics)
    assert not make_stack(pin(f'image="{IMAGE}", stale_after="9d"')).preview().diagnostics


SET = f'images={{"python": "{IMAGE}", "nginx": "cgr.dev/chainguard/nginx:latest"}}'


def test_a_set_is_pinned_by_the_users_keys(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin(SET, "ImageDigests", "refs"))

    refs = {"python": REF + C, "nginx": f"cgr.dev/chainguard/nginx:latest@{A}"}
    assert stack.preview().outputs == {"refs": refs}
    assert stack.up().outputs == {"refs": refs}
    assert len(registry.requests) == 8
    rewrite(stack, pin(SET.replace('"nginx":', '"web":'), "ImageDigests", "refs"))
    assert set(stack.up().outputs["refs"]) == {"python", "web"}


@pytest.mark.parametrize("rule", [f'at="{days_ago(5)}"', "triggers={}"], ids=["at", "triggers"])
def test_a_set_that_stays_needs_the_registry_once(make_stack: MakeStack, registry: Registry, rule: str) -> None:
    image = SET.replace('"cgr.dev/chainguard/nginx:latest"', f'{{"image": "{IMAGE}", "builds_back": 1}}')
    stack = make_stack(pin(f"{image}, {rule}", "ImageDigests", "digests") + 'pulumi.export("at", pin.at)\n')
    outputs = stack.up().outputs
    registry.move("chainguard/python:latest", D)
    asked = len(registry.requests)

    up = stack.up()

    assert up.outputs == outputs
    assert outputs["at"]
    assert outputs["digests"] == ({"python": B, "nginx": A} if "at" in rule else {"python": C, "nginx": B})
    assert len(registry.requests) == asked


def test_a_set_is_pinned_whole_or_not_at_all(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(pin(SET, "ImageDigests", "digests"))
    stack.up()
    before = stack.exported().count(C)
    registry.move("chainguard/python:latest", D)
    registry.interfere = lambda request: Reply(403) if "nginx" in request.path else None

    up = stack.up()

    assert not up.ok
    said = "\n".join(up.diagnostics)
    assert "1 of 2 images cannot be resolved, so none is:\n- nginx: cgr.dev/chainguard/nginx" in said
    assert "Traceback" not in said
    assert stack.exported().count(C) == before
    assert D not in stack.exported()


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        (pin(f'image="{IMAGE}", min_age="a week"'), "property min_age: min_age 'a week' is not a span of time"),
        (pin(f'image="{IMAGE}", min_age="7d", at="2024-06-01"'), "at and min_age cannot be combined"),
        (pin(f'image="{IMAGE}", builds_back=-1'), "builds_back '-1' is not a whole number"),
        (pin(f'image="{IMAGE}", exclude=["latest"]'), "exclude contains 'latest', which is not a digest"),
        (pin(f'image="{IMAGE}", exclude=5'), "exclude '5' is not a list of digests"),
        (pin(f'image="{IMAGE}", stale_after="30"'), "property stale_after: stale_after '30'"),
        (pin(f'image="{IMAGE}", stale_after="30d", triggers=[1]'), "triggers and stale_after cannot be combined"),
        (pin('images={"a": "python", "b": 3}', "ImageDigests", "refs"), "2 of 2 images cannot be resolved"),
        (pin(f'images={{"a": None, "b": "{IMAGE}"}}', "ImageDigests", "refs"), "1 of 2 images cannot be resolved"),
        (pin(f'images=["{IMAGE}"]', "ImageDigests", "refs"), "images must be a mapping from keys to images"),
        (pin("images={}", "ImageDigests", "refs"), "images is empty: name at least one image"),
        (pin(SET + ', min_age="soon"', "ImageDigests", "refs"), "min_age 'soon' is not a duration"),
    ],
)
def test_a_malformed_argument_is_one_sentence(
    make_stack: MakeStack, registry: Registry, declaration: str, said: str
) -> None:
    preview = make_stack(declaration).preview()

    assert not preview.ok
    (diagnostic, end) = preview.diagnostics
    assert said in diagnostic
    assert end == "pin has no digest, for the reason shown."
    assert not registry.requests


def test_the_same_question_is_asked_once(make_stack: MakeStack, registry: Registry) -> None:
    pins = "".join(f'cgr.ImageDigest("pin-{number}", image="{IMAGE}")\n' for number in range(20))
    functions = f'cgr.get_image_digest("{IMAGE}")\ncgr.get_image_digest_output("{IMAGE}")\n'
    stack = make_stack(functions + pins)

    assert len(stack.preview().changes) == 20
    assert len(registry.requests) == 2


def test_functions_know_the_rules_and_the_neighbours(make_stack: MakeStack) -> None:
    preview = make_stack(
        f'got = cgr.get_image_digest("{IMAGE}", min_age="4d", current="{A}")\n'
        'pulumi.export("digest", got.digest)\n'
        'pulumi.export("around", [got.previous.digest, got.next.digest, got.active_seconds])\n'
        f'pulumi.export("back", cgr.get_image_digest_output("{IMAGE}", builds_back=2).previous)\n'
    ).preview()

    assert preview.outputs["digest"] == B
    assert preview.outputs["around"][:2] == [A, C]
    assert preview.outputs["around"][2] in (4 * 86400, 4 * 86400 - 1)
    assert preview.outputs.get("back") is None
