# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Stories of stacks, each on the stand-in for the engine and on the real one."""

from __future__ import annotations

import pytest

from pulumi_cgr.testing import Registry, Reply

from .conftest import A, B, C, MakeStack, rewrite

FOLLOWED = 'pin = cgr.ImageDigest("pin", image="cgr.dev/chainguard/python:latest")\npulumi.export("ref", pin.ref)\n'
FIXED = FOLLOWED.replace(":latest", ':latest", at="2024-05-20')
FROZEN = FOLLOWED.replace('latest")', 'latest", opts=pulumi.ResourceOptions(ignore_changes=["digest"]))')
NOWHERE = "http://127.0.0.1:9"
REF = "cgr.dev/chainguard/python:latest@"


def test_a_first_preview_knows_the_digest_downstream(make_stack: MakeStack) -> None:
    stack = make_stack(FOLLOWED)

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert preview.changes == {"pin": "create"}
    assert preview.outputs == {"ref": REF + B}
    assert stack.up().outputs == {"ref": REF + B}


def test_nothing_changes_while_the_tag_stands(make_stack: MakeStack) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()

    preview, up = stack.preview(), stack.up()

    assert preview.changes == up.changes == {}
    assert up.outputs == {"ref": REF + B}


def test_a_tag_that_moved_shows_old_and_new_digest(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)

    preview = stack.preview()

    assert preview.changes == {"pin": "update"}
    (step,) = [step for step in preview.steps if step.op == "update"]
    assert step.diff["digest"] == (B, C)
    assert step.diff["ref"] == (REF + B, REF + C)
    assert set(step.diff) == {"digest", "ref", "updated_at", "reason"}
    assert stack.up().outputs == {"ref": REF + C}


def test_a_pin_to_an_instant_needs_the_registry_once(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FIXED)
    assert stack.up().outputs == {"ref": REF + A}
    registry.move("chainguard/python:latest", C)
    requests = len(registry.requests)
    registry.interfere = lambda _request: Reply(500)

    preview, up = stack.preview(), stack.up()

    assert preview.ok
    assert up.ok
    assert preview.changes == up.changes == {}
    assert up.outputs == {"ref": REF + A}
    assert len(registry.requests) == requests


def test_the_same_instant_in_other_words_is_no_change(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FIXED)
    stack.up()
    requests = len(registry.requests)
    for words in (
        '"2024-05-20T02:00:00+02:00"',
        "__import__('datetime').date(2024, 5, 20)",
        'pulumi.Output.from_input("2024-05-20T00:00Z")',
    ):
        rewrite(stack, FIXED.replace('"2024-05-20"', words))
        assert stack.preview().changes == {}
    assert len(registry.requests) == requests


def test_another_instant_is_another_answer(make_stack: MakeStack) -> None:
    stack = make_stack(FIXED)
    stack.up()
    rewrite(stack, FIXED.replace("2024-05-20", "2024-06-20"))

    assert stack.preview().outputs == {"ref": REF + B}
    assert stack.up().outputs == {"ref": REF + B}


def test_ignore_changes_freezes_a_followed_digest(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FROZEN)
    assert stack.up().outputs == {"ref": REF + B}
    registry.move("chainguard/python:latest", C)

    assert stack.preview().changes == {}
    assert stack.up().outputs == {"ref": REF + B}
    rewrite(stack, FOLLOWED)
    assert stack.preview().outputs == {"ref": REF + C}


@pytest.mark.parametrize(("old", "new"), [("python", "nginx"), (":latest", ":3.12")], ids=["repository", "tag"])
def test_a_frozen_digest_is_not_carried_into_another_image(make_stack: MakeStack, old: str, new: str) -> None:
    stack = make_stack(FROZEN)
    stack.up()
    moved = FROZEN.replace(old, new)
    rewrite(stack, moved)

    preview = stack.preview()

    assert not preview.ok
    assert any("is that of cgr.dev/chainguard/python:latest, kept from before" in line for line in preview.diagnostics)
    image = f"cgr.dev/chainguard/{'nginx' if old == 'python' else 'python'}:{'latest' if old == 'python' else '3.12'}"
    rewrite(stack, moved.replace(image, f"{image}@{B}"))
    assert stack.preview().ok


def test_a_digest_that_is_given_needs_no_registry(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FOLLOWED.replace('latest"', f'latest", digest="{C}"'))

    assert stack.up().outputs == {"ref": REF + C}
    assert not registry.requests
    rewrite(stack, FIXED)
    assert stack.up().outputs == {"ref": REF + A}


def test_an_image_that_is_pinned_already_needs_no_registry(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FOLLOWED.replace("latest", f"latest@{C}"))

    assert stack.up().outputs == {"ref": REF + C}
    assert stack.preview().changes == {}
    assert not registry.requests


def test_what_is_unknown_stays_unknown_and_asks_nothing(make_stack: MakeStack, registry: Registry) -> None:
    tag = 'given = cgr.ImageDigest("given", image="cgr.dev/chainguard/nginx:latest", digest=os.environ["GIVEN"])\n'
    unknown = 'pin = cgr.ImageDigest("pin", image=given.id.apply(lambda _: "cgr.dev/chainguard/python:latest"))\n'
    stack = make_stack(tag.replace('os.environ["GIVEN"]', f'"{C}"') + unknown + 'pulumi.export("ref", pin.ref)\n')

    preview = stack.preview()

    assert preview.ok, preview.diagnostics
    assert preview.changes == {"given": "create", "pin": "create"}
    assert preview.outputs.get("ref") in (None, "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "")
    assert not registry.requests
    assert stack.up().outputs == {"ref": REF + B}


def test_another_repository_is_another_resource(make_stack: MakeStack) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()
    rewrite(stack, FOLLOWED.replace("python", "nginx"))

    assert stack.preview().changes == {"pin": "replace"}
    assert stack.up().outputs == {"ref": "cgr.dev/chainguard/nginx:latest@" + C}
    assert stack.preview().changes == {}


def test_without_the_registry_every_pin_stays_what_it_was(make_stack: MakeStack, registry: Registry) -> None:
    both = FIXED.replace("pin", "fixed", 2).replace('export("ref", pin', 'export("fixed", fixed') + FOLLOWED
    stack = make_stack(both)
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


def test_without_the_registry_a_new_stack_stays_empty(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = make_stack(FOLLOWED)
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    preview = stack.preview()

    assert not preview.ok
    assert any(
        "Connection refused. Check the network and the proxy, then try again." in line for line in preview.diagnostics
    )
    assert "ImageDigest" not in stack.exported()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('image="python"', "property image: python is an image of Docker Hub; did you mean cgr.dev/chainguard/python?"),
        ('image="cgr.dev/chainguard/nginx", at="soon"', "property at: at 'soon' is not an instant"),
        ('image="cgr.dev/chainguard/nginx", at=""', "property at: at '' is empty; omit it"),
        ('image="cgr.dev/chainguard/nginx", at=2024', "property at: at '2024' is not an instant"),
        ('image="cgr.dev/chainguard/nginx", builds_back=-5', "builds_back '-5' is not a whole number"),
        (
            'image="cgr.dev/chainguard/nginx", digest="latest"',
            "property digest: cgr.dev/chainguard/nginx: digest 'latest'",
        ),
        (
            f'image="cgr.dev/chainguard/nginx@{A}", digest="{B}"',
            f"property digest: cgr.dev/chainguard/nginx@{A}: the image is already pinned to another digest",
        ),
    ],
)
def test_a_malformed_argument_is_one_sentence_in_a_preview(make_stack: MakeStack, arguments: str, said: str) -> None:
    preview = make_stack(f'cgr.ImageDigest("pin", {arguments})\n').preview()

    assert not preview.ok
    (diagnostic, end) = preview.diagnostics
    assert said in diagnostic
    assert end == "pin has no digest, for the reason shown."


def test_an_output_in_an_f_string_is_recognised(make_stack: MakeStack) -> None:
    preview = make_stack(
        'cgr.ImageDigest("pin", image=f"cgr.dev/chainguard/{pulumi.Output.from_input(1)}")\n'
    ).preview()

    assert not preview.ok
    assert any(
        line.startswith("property image: image contains an Output that was formatted as text")
        for line in preview.diagnostics
    )


def test_an_update_reports_a_failure_at_its_property(make_stack: MakeStack) -> None:
    up = make_stack('cgr.ImageDigest("pin", image="cgr.dev/chainguard/nginx", at="soon")\n').up()

    assert not up.ok
    assert any("property at value {" in line and "at 'soon' is not an instant" in line for line in up.diagnostics)
    assert "Traceback" not in "\n".join(up.diagnostics)


def test_a_refresh_moves_nothing(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)

    assert stack.refresh().ok

    assert stack.preview().changes == {"pin": "update"}


def test_destroy_needs_no_registry(make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()
    monkeypatch.setenv("CGR_REGISTRY", NOWHERE)

    assert stack.destroy().changes == {"pin": "delete"}
    assert "ImageDigest" not in stack.exported()


def test_an_update_keeps_to_its_plan_or_does_nothing(make_stack: MakeStack, registry: Registry) -> None:
    stack = make_stack(FOLLOWED)
    stack.up()
    registry.move("chainguard/python:latest", C)
    _preview, plan = stack.planned()
    registry.move("chainguard/python:latest", A)

    up = stack.up(plan)

    assert not up.ok
    assert any("violates plan" in line for line in up.diagnostics)
    assert B in stack.exported()
    assert A not in stack.exported()


def test_a_secret_token_is_used_and_kept_nowhere(make_stack: MakeStack, registry: Registry) -> None:
    program = FOLLOWED.replace("chainguard/python:latest", "acme.com/web:1")
    program += 'cgr.ImageDigest("at", image="cgr.dev/acme.com/web:1", at="2024-06-01")\n'
    stack = make_stack(program, {"cgr:token": "the-secret-token"})

    up = stack.up()

    assert up.ok, up.diagnostics
    assert up.outputs == {"ref": "cgr.dev/acme.com/web:1@" + C}
    assert {request.headers["authorization"] for request in registry.requests} == {"Bearer the-secret-token"}
    assert "the-secret-token" not in stack.exported() + "\n".join(up.diagnostics) + repr(up.steps)


FUNCTIONS = """
got = cgr.get_image_digest("cgr.dev/chainguard/python:latest", at="2024-05-20")
out = cgr.get_image_digest_output(image=pulumi.Output.from_input("cgr.dev/chainguard/nginx:latest"))
async def awaited():
    return (await cgr.get_image_digest("cgr.dev/chainguard/python:latest")).updated_at
pulumi.export("got", got.ref)
pulumi.export("out", out.digest)
pulumi.export("whole", out)
pulumi.export("awaited", awaited())
"""


def test_functions_answer_without_a_resource(make_stack: MakeStack) -> None:
    preview = make_stack(FUNCTIONS).preview()

    assert preview.ok, preview.diagnostics
    assert preview.outputs["got"] == REF + A
    assert preview.outputs["out"] == preview.outputs["whole"]["digest"] == C
    assert preview.outputs["awaited"] == "2024-06-01T00:00:00.500Z"


@pytest.mark.parametrize("call", ['cgr.get_image_digest("python:3")', 'cgr.get_image_digest_output("python:3")'])
def test_a_function_without_an_answer_ends_the_program_in_one_sentence(make_stack: MakeStack, call: str) -> None:
    preview = make_stack(call + "\n").preview()

    said = "\n".join(preview.diagnostics)
    assert not preview.ok
    assert "python:3 is an image of Docker Hub; did you mean cgr.dev/chainguard/python:3?" in said
    assert "Traceback" not in said
