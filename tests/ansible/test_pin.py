# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The filter pin changes exactly the references that the results name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.cgr.images.plugins.plugin_utils._pins import pinned, refs_of

DIGEST = "sha256:" + 64 * "a"
WEB = "cgr.dev/acme.com/web:1.2"
REF = f"{WEB}@{DIGEST}"
LATEST = {"image": "cgr.dev/acme.com/db", "ref": f"cgr.dev/acme.com/db:latest@{DIGEST}"}

PINNED = {
    "a reference": (WEB, REF),
    "a value": (f"image: {WEB}\n", f"image: {REF}\n"),
    "in quotes": (f"image: \"{WEB}\"\nother: '{WEB}'", f"image: \"{REF}\"\nother: '{REF}'"),
    "in a flow mapping": (f"{{name: a, image: {WEB}}}", f"{{name: a, image: {REF}}}"),
    "in a list": (f"- {WEB}\n- [{WEB}, {WEB}]", f"- {REF}\n- [{REF}, {REF}]"),
    "before a comment": (f"image: {WEB} # the web", f"image: {REF} # the web"),
    "with Windows line ends": (f"a: 1\r\nimage: {WEB}\r\n", f"a: 1\r\nimage: {REF}\r\n"),
    "behind a byte order mark": (f"\ufeffimage: {WEB}", f"\ufeffimage: {REF}"),
    "in several documents": (
        f"---\nimage: {WEB}\n---\nimage: {WEB}\n...\n",
        f"---\nimage: {REF}\n---\nimage: {REF}\n...\n",
    ),
    "in a script": (f"run: |\n  docker run {WEB} # now\n", f"run: |\n  docker run {REF} # now\n"),
    "as an option": (f"args: ['--image={WEB}']", f"args: ['--image={REF}']"),
    "of a build context": (f"- web=docker-image://{WEB}\n", f"- web=docker-image://{REF}\n"),
    "of a Compose volume": (f"- {{type: image, source: {WEB}}}\n", f"- {{type: image, source: {REF}}}\n"),
    "of a GitHub action": (f"uses: docker://{WEB}", f"uses: docker://{REF}"),
    "in a Dockerfile": (f"FROM {WEB} AS a\nRUN x # {WEB}\nENV A: b\n", f"FROM {REF} AS a\nRUN x # {WEB}\nENV A: b\n"),
    "in a Helm template": (
        f"{{{{- if .x }}}}\nimage: {WEB}\n{{{{ end }}}}",
        f"{{{{- if .x }}}}\nimage: {REF}\n{{{{ end }}}}",
    ),
    "without a tag": ("image: cgr.dev/acme.com/db\n", f"image: cgr.dev/acme.com/db:latest@{DIGEST}\n"),
}

UNTOUCHED = {
    "pinned already": f"image: {WEB}@sha256:{64 * 'b'}",
    "another tag": f"image: {WEB}.3",
    "another tag with a dash": f"image: {WEB}-dev",
    "no tag": "image: cgr.dev/acme.com/web",
    "another repository": "image: cgr.dev/acme.com/web/x:1.2",
    "another registry": f"image: registry.corp/{WEB}",
    "another scheme": f"url: https://{WEB}",
    "a template behind it": f"image: {WEB}{{{{ suffix }}}}",
    "a template that is its tag": "image: cgr.dev/acme.com/web:{{ tag }}",
    "a template before it": f"image: {{{{ mirror }}}}{WEB}",
    "a shell variable": f"image: {WEB}$SUFFIX",
    "a comment": f"# image: {WEB}\na: 1 # {WEB}",
    "upper case": f"image: {WEB.upper()}",
    "a key": f"{WEB}: 1",
}


@pytest.mark.parametrize("case", PINNED)
def test_it_pins(case: str) -> None:
    before, after = PINNED[case]
    pins = refs_of([REF, LATEST])
    assert pinned(before, pins) == after
    assert pinned(after, pins) == after


@pytest.mark.parametrize("case", UNTOUCHED)
def test_it_leaves(case: str) -> None:
    assert pinned(UNTOUCHED[case], refs_of([REF, LATEST])) == UNTOUCHED[case]


def test_it_pins_in_data_of_any_shape() -> None:
    data = {"spec": {"containers": [{"image": WEB}, {"image": "nginx"}]}, "replicas": 3, "on": True, "none": None}
    assert pinned(data, refs_of(REF)) == {
        "spec": {"containers": [{"image": REF}, {"image": "nginx"}]},
        "replicas": 3,
        "on": True,
        "none": None,
    }


def test_results_come_in_the_shapes_that_tasks_register() -> None:
    single = {"image": WEB, "ref": REF, "changed": False}
    several = {"images": [LATEST], "changed": False}
    loop = {"results": [single, several]}
    assert (
        refs_of(loop)
        == refs_of([single, several])
        == {WEB: REF, "cgr.dev/acme.com/db": LATEST["ref"], "cgr.dev/acme.com/db:latest": LATEST["ref"]}
    )


SET = {
    "images": {
        "web": {"image": WEB, "ref": REF},
        "old": {"image": f"cgr.dev/a/b@{DIGEST}", "ref": f"cgr.dev/a/b@{DIGEST}"},
    }
}


@pytest.mark.parametrize(
    "results",
    [
        SET,
        SET["images"],
        {"web": REF, "old": f"cgr.dev/a/b@{DIGEST}"},
        [REF, f"cgr.dev/a/b@{DIGEST}"],
        {"images": REF, "ref": REF},
        [{"web": REF}, {"results": [{"item": "web", "ref": REF}]}],
        f"{REF},{REF}",
    ],
    ids=["a set", "its images", "its refs", "a list of refs", "refs by odd keys", "a loop", "a lookup of several"],
)
def test_every_part_of_a_set_that_holds_references_can_be_pinned_to(results: Any) -> None:
    assert pinned(WEB, refs_of(results)) == REF


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        (WEB, "it must be repository:tag@digest"),
        ({"failed": True, "msg": "it is down"}, "a result without a ref cannot be pinned to: it is down"),
        ([REF, f"{WEB}@sha256:{64 * 'b'}"], f"two results pin {WEB} to different digests"),
        ({"results": [{"skipped": True, "item": "web"}]}, "its task was skipped. Leave it out"),
        (7, "int is not a result of digest_info"),
        ({"web": DIGEST}, "is a digest without its image"),
        ([DIGEST], "is a digest without its image"),
    ],
)
def test_what_holds_no_reference_is_an_error(results: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        refs_of(results)


pieces = st.sampled_from(
    [
        WEB,
        REF,
        "cgr.dev/acme.com/db",
        ":",
        "@",
        "-",
        ".",
        "/",
        " ",
        "\n",
        "\t",
        '"',
        "'",
        "#",
        " # ",
        "{{ x }}",
        "{",
        "}",
        "[",
        "]",
        "|\n  ",
        "image: ",
        "- ",
        "a",
        "é",
        "%",
        "&a ",
        "*a",
        "\r\n",
        "\ufeff",
        "\x00",
    ]
)
texts = st.lists(pieces, max_size=12).map("".join) | st.text()


@given(texts)
def test_only_references_change_and_pinning_twice_is_pinning_once(text: str) -> None:
    pins = refs_of([REF, LATEST])
    once = pinned(text, pins)
    assert pinned(once, pins) == once
    assert once.replace(f"cgr.dev/acme.com/db:latest@{DIGEST}", "cgr.dev/acme.com/db").replace(
        f"@{DIGEST}", ""
    ) == text.replace(f"@{DIGEST}", "")
