# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resources of the plugin, in the words of a program in TypeScript or YAML."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_cgr.plugin.wire import UNKNOWN
from pulumi_cgr.testing import Registry, Reply

from .client import IMAGE, SET, Plugin, secret, to_dict, urn
from .conftest import NGINX, PYTHON, A, B, C

REF = f"{PYTHON}@"


def test_a_preview_knows_the_digest_and_the_id(plugin: Plugin) -> None:
    inputs = plugin.checked({"image": PYTHON})
    created = plugin.create(inputs)

    assert inputs == to_dict(created.properties)
    assert inputs["ref"] == REF + B
    assert inputs["updatedAt"] == "2024-06-01T00:00:00.500Z"
    assert created.id == "cgr.dev/chainguard/python"


def test_a_tag_that_moved_shows_each_property_that_differs(plugin: Plugin, registry: Registry) -> None:
    before = plugin.checked({"image": PYTHON})
    registry.move("chainguard/python:latest", C)
    plugin.configure()

    after = plugin.checked({"image": PYTHON}, before)

    differs, replaces = plugin.diff(before, after)
    assert differs == dict.fromkeys(("digest", "ref", "updatedAt", "reason"), "UPDATE")
    assert replaces == []
    assert plugin.update(before, after)["digest"] == C


def test_nothing_differs_while_the_tag_does_not_move(plugin: Plugin) -> None:
    before = plugin.checked({"image": PYTHON, "minAge": "7d", "exclude": [C]})

    after = plugin.checked({"image": PYTHON, "minAge": "P7D", "exclude": [C]}, before)

    assert plugin.diff(before, after) == ({}, [])


def test_another_repository_is_another_resource(plugin: Plugin) -> None:
    before, after = plugin.checked({"image": PYTHON}), plugin.checked({"image": NGINX})

    differs, replaces = plugin.diff(before, after)

    assert differs["image"] == "UPDATE_REPLACE"
    assert differs["digest"] == "UPDATE"
    assert replaces == ["image"]


def test_an_argument_that_is_added_or_removed_is_shown_so(plugin: Plugin) -> None:
    bare, fixed = plugin.checked({"image": PYTHON}), plugin.checked({"image": PYTHON, "at": "2024-07-01"})

    assert plugin.diff(bare, fixed)[0]["at"] == "ADD"
    assert plugin.diff(fixed, bare)[0]["at"] == "DELETE"


def test_an_instant_is_looked_up_once(plugin: Plugin, registry: Registry) -> None:
    before = plugin.checked({"image": PYTHON, "at": "2024-05-20"})
    assert before["digest"] == A
    registry.interfere = lambda _request: Reply(500)
    plugin.configure()

    assert plugin.checked({"image": PYTHON, "at": "2024-05-20T00:00Z"}, before) == before


def test_a_pin_to_a_platform_has_the_index_and_keeps_it(plugin: Plugin, registry: Registry) -> None:
    index = registry.contents.push_index("chainguard/nginx", ["linux/amd64", "linux/arm64"])
    registry.move("chainguard/nginx:latest", index)

    inputs = plugin.checked({"image": NGINX, "platform": "arm64"})

    assert (inputs["platform"], inputs["index"]) == ("linux/arm64", index)
    assert inputs["ref"] == f"{NGINX}@{inputs['digest']}" != f"{NGINX}@{index}"
    assert plugin.diff(inputs, plugin.checked({"image": NGINX, "platform": "linux/arm64"}, inputs)) == ({}, [])


def test_an_unknown_image_has_an_unknown_digest(plugin: Plugin, registry: Registry) -> None:
    inputs = plugin.checked({"image": UNKNOWN})

    assert inputs["digest"] == inputs["ref"] == UNKNOWN
    assert plugin.create(inputs).id == ""
    assert not registry.requests


def test_a_set_has_the_keys_and_rules_of_the_user(plugin: Plugin) -> None:
    images = {"web_app": NGINX, "minAge": {"image": PYTHON, "buildsBack": 1}}

    inputs = plugin.checked({"images": images}, kind=SET)

    assert inputs["digests"] == {"web_app": C, "minAge": A}
    assert inputs["images"] == images
    assert set(inputs) == {"images", "digests", "refs", "reasons", "updatedAt"}
    assert plugin.create(inputs, SET).id == "images"
    assert plugin.diff(inputs, plugin.checked({"images": images}, inputs, SET), SET) == ({}, [])


@pytest.mark.parametrize(
    ("arguments", "at", "said"),
    [
        ({"image": PYTHON, "minAge": "a while"}, "minAge", "minAge 'a while' is not a duration"),
        ({"image": PYTHON, "minAge": "1d", "at": "2024-06-01"}, "minAge", "at and minAge cannot be combined"),
        ({"image": "python"}, "image", "python is an image of Docker Hub; did you mean cgr.dev/chainguard/python?"),
        ({"image": PYTHON, "minage": "7d"}, "", "ImageDigest has no argument minage; did you mean minAge?"),
        ({"image": PYTHON, "current": A}, "", "ImageDigest has no argument current."),
        ({"image": PYTHON, "triggers": {"a": 1}, "staleAfter": "7d"}, "staleAfter", "triggers and staleAfter cannot"),
        ({"image": f"{PYTHON}@{A}", "digest": B}, "digest", f"{PYTHON}@{A}: the image is already pinned to another"),
        ({}, "image", ""),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:20],
)
def test_a_wrong_argument_is_one_sentence_in_the_names_of_the_schema(
    plugin: Plugin, arguments: dict[str, Any], at: str, said: str
) -> None:
    found, sentence = plugin.failure(arguments)

    assert found == at
    assert said in sentence
    assert "_" not in sentence


def test_an_output_in_a_template_string_is_recognised(plugin: Plugin) -> None:
    text = "cgr.dev/chainguard/Calling [toString] on an [Output<T>] is not supported.\n\nTo get the value …"

    assert plugin.failure({"image": text}) == (
        "image",
        "image contains an Output that was formatted as text, as in `${output}`. Use pulumi.interpolate instead.",
    )


def test_without_the_registry_a_check_fails_on_the_image(plugin: Plugin, registry: Registry) -> None:
    registry.interfere = lambda _request: Reply(200, b"<html>Sign in</html>")

    found, sentence = plugin.failure({"image": PYTHON})

    assert found == "image"
    assert "it is a web page" in sentence


def test_a_digest_that_ignore_changes_brings_back_stays(plugin: Plugin, registry: Registry) -> None:
    before = plugin.checked({"image": PYTHON})
    registry.move("chainguard/python:latest", C)
    plugin.configure()

    frozen = plugin.checked({"image": PYTHON, "digest": before["digest"]}, before)

    assert frozen == before
    found, sentence = plugin.failure({"image": NGINX, "digest": before["digest"]}, before)
    assert found == "digest"
    assert "kept from before. Remove ignoreChanges or give another digest" in sentence


def test_all_that_is_derived_from_a_secret_image_is_secret(plugin: Plugin) -> None:
    inputs = plugin.checked({"image": secret(PYTHON), "minAge": "7d"})

    for name in ("image", "digest", "ref", "repository", "tag", "updatedAt", "reason"):
        assert inputs[name] == secret(inputs[name]["value"]), name
    assert inputs["minAge"] == "7d"
    assert to_dict(plugin.create(inputs).properties) == inputs
    assert plugin.diff(inputs, plugin.checked({"image": secret(PYTHON), "minAge": "7d"}, inputs)) == ({}, [])


def test_a_secret_trigger_makes_nothing_else_secret(plugin: Plugin) -> None:
    arguments = {"image": PYTHON, "triggers": {"password": secret("s3cret")}}
    inputs = plugin.checked(arguments)

    assert inputs["triggers"] == secret({"password": "s3cret"})
    assert inputs["digest"] == B
    found, sentence = plugin.failure({**arguments, "lock": "cgr.lock.json"})
    assert found == "", "the engine shows the value of the property that a failure names, even if it is a secret"
    assert sentence.startswith("triggers and a lock file cannot be combined")


def test_an_error_about_a_secret_image_shows_its_code_only(plugin: Plugin) -> None:
    found, sentence = plugin.failure({"image": secret("cgr.dev/chainguard/hidden:1")})

    assert found == ""
    assert "unknown_repository" in sentence
    assert "hidden" not in sentence


def test_a_warning_is_on_its_resource_once(plugin: Plugin) -> None:
    for name in ("web", "web", "api"):
        plugin.check({"image": PYTHON, "staleAfter": "30d"}, name=name)

    assert [where for where, _said in plugin.engine.warnings] == [urn(IMAGE, "web"), urn(IMAGE, "api")]
    assert all("which is more than 30d" in said for _where, said in plugin.engine.warnings)
    plugin.configure()
    plugin.check({"image": PYTHON, "staleAfter": "30d"})
    assert len(plugin.engine.warnings) == 3, "each run shows it again"


def test_a_refresh_returns_the_state_as_it_is(plugin: Plugin) -> None:
    inputs = plugin.checked({"image": secret(PYTHON)})

    response = plugin.read("cgr.dev/chainguard/python", inputs, {"image": secret(PYTHON), "digest": secret(B)})

    assert to_dict(response.properties) == inputs
    assert to_dict(response.inputs) == {"image": secret(PYTHON), "digest": secret(B)}


def test_an_import_takes_the_image_as_the_id(plugin: Plugin) -> None:
    response = plugin.read(PYTHON, {}, {})

    assert response.id == "cgr.dev/chainguard/python"
    assert to_dict(response.inputs) == {"image": PYTHON}, "all of them become arguments of the generated program"
    state = to_dict(response.properties)
    assert state["digest"] == B
    assert plugin.diff(state, plugin.checked({"image": PYTHON}, {"image": PYTHON})) == ({}, [])
