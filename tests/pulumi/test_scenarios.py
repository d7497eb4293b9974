# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Stories of programs in Python, each on the stand-in for the engine and on the real one; see also test_stories.py."""

from __future__ import annotations

import pytest

from pulumi_cgr.testing import Registry

from .conftest import A, B, C, MakeStack, rewrite

FOLLOWED = 'pin = cgr.ImageDigest("pin", image="cgr.dev/chainguard/python:latest")\npulumi.export("ref", pin.ref)\n'
FIXED = FOLLOWED.replace(":latest", ':latest", at="2024-05-20')
REF = "cgr.dev/chainguard/python:latest@"


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
