# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The provider of the plugin: its configuration, its function, lookups ahead, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pulumi_cgr._bridge import VERSION
from pulumi_cgr.testing import Registry, Reply

from .client import SET, Plugin, secret, serving, to_dict, to_struct
from .conftest import NGINX, PYTHON, A, B, C

WEB = "cgr.dev/acme.com/web:1"


def config_of(plugin: Plugin, **settings: Any) -> Any:
    return plugin.stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(settings)))


def test_the_settings_are_used_and_a_token_is_secret_even_if_it_was_not(plugin: Plugin, registry: Registry) -> None:
    checked = to_dict(config_of(plugin, token="the-secret-token", timeout="30").inputs)
    assert checked == {"token": secret("the-secret-token"), "timeout": "30"}
    assert plugin.failure({"image": WEB})[1].startswith(WEB)

    plugin.configure(**checked)

    assert plugin.checked({"image": WEB})["digest"] == C
    assert registry.requests[-1].headers["authorization"] == "Bearer the-secret-token"


@pytest.mark.parametrize(
    ("settings", "at", "said"),
    [
        ({"timeout": "soon"}, "timeout", "timeout 'soon' is not a number of seconds"),
        ({"registryUrl": "cgr.dev"}, "registryUrl", "registryUrl 'cgr.dev' is not the URL of a server"),
        ({"identityToken": "t"}, "", "identityToken and identity belong together"),
        ({"mirrors": '{"a": 1'}, "mirrors", "is not JSON"),
    ],
)
def test_a_wrong_setting_is_one_sentence(plugin: Plugin, settings: dict[str, str], at: str, said: str) -> None:
    (failure,) = config_of(plugin, **settings).failures

    assert failure.property == at
    assert said in failure.reason


def test_mirrors_may_be_the_text_of_an_object_as_sdks_send_it(plugin: Plugin, registry: Registry) -> None:
    plugin.configure(mirrors=json.dumps({"registry.corp/cgr": "cgr.dev/chainguard"}))

    inputs = plugin.checked({"image": "registry.corp/cgr/nginx:latest"})

    assert inputs["ref"] == f"registry.corp/cgr/nginx:latest@{C}"
    assert plugin.create(inputs).id == "cgr.dev/chainguard/nginx"


@pytest.mark.parametrize(
    ("key", "near"), [("concurency", "concurrency"), ("regstryUrl", "registryUrl"), ("regstry_url", "registryUrl")]
)
def test_a_misspelt_setting_is_warned_about(plugin: Plugin, key: str, near: str) -> None:
    config_of(plugin, **{key: "2", "version": "1.2.3", "__internal": {}})

    assert plugin.engine.warnings == [
        ("", f"The configuration key cgr:{key} is not a setting; did you mean cgr:{near}?")
    ]


def test_a_failure_names_no_secret_setting_whose_value_the_engine_would_show(plugin: Plugin) -> None:
    (failure,) = config_of(plugin, username="pull").failures

    assert failure.property == ""
    assert failure.reason.startswith("username and password belong together")


@pytest.mark.parametrize(("name", "is_read"), [("default", False), ("default_1_2_3", False), ("acme", True)])
def test_in_a_project_named_cgr_the_keys_of_the_configuration_are_the_project_s(
    plugin: Plugin, name: str, is_read: bool
) -> None:
    where = f"urn:pulumi:stack::cgr::pulumi:providers:cgr::{name}"
    request = provider_pb2.CheckRequest(urn=where, news=to_struct({"lock": "the front door", "version": "1"}))
    response = plugin.stub.CheckConfig(request)

    assert ("lock" in response.inputs) == is_read
    assert (
        [said for _where, said in plugin.engine.warnings] == []
        if is_read
        else [
            "The configuration key cgr:lock belongs to this project, whose name is cgr, and is not read as a setting. For a setting,"
            " use the environment or a provider resource."
        ]
    )


def test_a_setting_may_be_spelled_as_in_python(plugin: Plugin, registry: Registry) -> None:
    plugin.configure(registry_url=registry.url, identity_token_file="")

    assert plugin.checked({"image": PYTHON})["digest"] == B


def test_other_settings_never_replace_a_resource(plugin: Plugin) -> None:
    request = provider_pb2.DiffRequest(olds=to_struct({"timeout": "30"}), news=to_struct({"timeout": "60"}))
    response = plugin.stub.DiffConfig(request)

    assert (response.changes, list(response.diffs), list(response.replaces)) == (2, ["timeout"], [])


def test_the_function_returns_the_builds_around_it(plugin: Plugin) -> None:
    result = to_dict(getattr(plugin.invoke(image=PYTHON, buildsBack=1), "return"))

    assert result["digest"] == A
    assert result["next"] == {"digest": B, "updatedAt": "2024-06-01T00:00:00.500Z"}
    assert result["activeSeconds"] == 2678400
    assert "previous" not in result


def test_the_result_for_a_secret_image_is_secret(plugin: Plugin) -> None:
    result = to_dict(getattr(plugin.invoke(image=secret(NGINX)), "return"))

    assert result["digest"] == secret(C)
    (failure,) = plugin.invoke(image=secret("cgr.dev/chainguard/hidden")).failures
    assert "hidden" not in failure.reason


@pytest.mark.parametrize(
    ("arguments", "at", "said"),
    [
        ({"image": PYTHON, "buildsBack": -1}, "buildsBack", "buildsBack '-1' is not a whole number"),
        ({"image": PYTHON, "triggers": {}}, "", "getImageDigest has no argument triggers."),
    ],
)
def test_a_failure_of_the_function_is_one_sentence(
    plugin: Plugin, arguments: dict[str, Any], at: str, said: str
) -> None:
    (failure,) = plugin.invoke(**arguments).failures

    assert failure.property == at
    assert said in failure.reason


def test_a_followed_pin_is_read_ahead_and_asked_for_once(plugin: Plugin, registry: Registry) -> None:
    inputs = plugin.checked({"image": PYTHON})
    assert plugin.create(inputs).refresh_before_update
    registry.move("chainguard/python:latest", C)
    plugin.configure()
    registry.requests.clear()

    response = plugin.read("cgr.dev/chainguard/python", inputs, inputs)

    assert response.refresh_before_update
    assert to_dict(response.properties) == inputs, "a refresh moves no pin"
    assert plugin.checked({"image": PYTHON}, inputs)["digest"] == C
    asked = [request.path for request in registry.requests if "history" in request.path]
    assert len(asked) == 1


def test_a_set_is_read_ahead_in_whatever_order_its_images_are(plugin: Plugin, registry: Registry) -> None:
    images = {f"key{number}": [PYTHON, NGINX][number % 2] for number in range(20)}
    inputs = plugin.checked({"images": images}, kind=SET)
    once = len(registry.requests)
    plugin.configure()

    assert plugin.read("images", inputs, inputs, SET).refresh_before_update
    plugin.checked({"images": dict(reversed(images.items()))}, inputs, SET)

    assert len(registry.requests) == 2 * once, "the check asks for nothing again"


@pytest.mark.parametrize(
    "arguments",
    [{"at": "2024-06-01"}, {"triggers": ["a"]}, {"digest": C}, {"image": f"{PYTHON}@{C}"}],
    ids=lambda each: next(iter(each)),
)
def test_a_pin_that_stays_is_not_read_ahead(plugin: Plugin, arguments: dict[str, Any]) -> None:
    inputs = plugin.checked({"image": PYTHON, **arguments})

    assert not plugin.create(inputs).refresh_before_update
    assert not plugin.read("cgr.dev/chainguard/python", inputs, inputs).refresh_before_update


def test_an_engine_that_cannot_read_ahead_is_not_asked_to(registry: Registry) -> None:
    with serving({"CGR_REGISTRY": registry.url}) as plugin:
        inputs = plugin.checked({"image": PYTHON})

        assert not plugin.create(inputs).refresh_before_update


def test_a_set_cannot_be_imported(plugin: Plugin) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.read("images", {}, {}, SET)

    assert caught.value.details() == (
        "ImageDigests cannot be imported, because a set has no id of its own: declare it instead."
    )


def test_a_cancel_ends_a_check_that_waits_for_the_registry(plugin: Plugin, stalled: threading.Event) -> None:
    """The test ends only if the check does: the registry does not answer before the end of the test."""
    waiting = threading.Thread(target=lambda: said.append(plugin.failure({"image": PYTHON})))
    said: list[tuple[str, str]] = []
    waiting.start()
    stalled.wait()

    plugin.stub.Cancel(empty_pb2.Empty())
    waiting.join()

    assert said == [("image", "Cancelled before the registry answered; nothing was changed.")]


@pytest.fixture
def stalled(registry: Registry) -> Iterator[threading.Event]:
    """A registry that does not answer; the event says that it was asked."""
    asked, ends = threading.Event(), threading.Event()

    def wait(_request: Any) -> Reply:
        asked.set()
        ends.wait()
        return Reply(500)

    registry.interfere = wait
    yield asked
    ends.set()


def test_what_nobody_expected_is_one_sentence_too(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_cgr.plugin.resources.reject_unknown", lambda *_all: 1 / 0)

    with pytest.raises(grpc.RpcError) as caught:
        plugin.check({"image": PYTHON})

    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details().startswith("ZeroDivisionError 'division by zero'. This is a bug of pulumi-cgr")


def test_the_schema_has_the_version_of_the_package(plugin: Plugin) -> None:
    schema = json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    assert schema["version"] == plugin.stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
