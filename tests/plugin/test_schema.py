# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of the plugin is what the code declares, and the real engine makes packages of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pulumi_cgr._bridge import RULE_NAMES, SETTINGS
from pulumi_cgr._pulumi.properties import NOT_FOR_RESOURCES
from pulumi_cgr._pulumi.resource_type import IMAGE_DIGEST, IMAGE_DIGESTS
from pulumi_cgr.plugin.names import MAPS_OF_OBJECTS, OBJECTS, RESPELT, camel

from ..support.pages import compare
from ..support.plugin_schema import Schema, schema, schema_of

SCHEMA = schema()


@pytest.mark.page
def test_the_schema_is_what_the_code_declares() -> None:
    compare("pulumi_cgr/plugin/schema.json", json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n")


def test_every_part_of_a_rule_and_every_setting_is_in_it() -> None:
    image, images = (SCHEMA["resources"][f"cgr:index:{each}"] for each in ("ImageDigest", "ImageDigests"))
    function = SCHEMA["functions"]["cgr:index:getImageDigest"]["inputs"]["properties"]
    rule = {camel(name) for name in RULE_NAMES}

    assert rule <= function.keys()
    assert (
        rule - {camel(name) for name in NOT_FOR_RESOURCES}
        <= image["inputProperties"].keys() & images["inputProperties"].keys()
    )
    assert (
        rule - {camel(name) for name in NOT_FOR_RESOURCES}
        <= SCHEMA["types"]["cgr:index:ImageRule"]["properties"].keys()
    )
    assert SCHEMA["config"]["variables"].keys() == {camel(setting.name) for setting in SETTINGS}
    secret = {name for name, each in SCHEMA["config"]["variables"].items() if each.get("secret")}
    assert secret == {"token", "password", "identityToken"}


@pytest.mark.parametrize("kind", [IMAGE_DIGEST, IMAGE_DIGESTS], ids=lambda kind: kind.name)
def test_every_argument_that_a_resource_takes_is_in_it(kind: Any) -> None:
    found = SCHEMA["resources"][f"cgr:index:{kind.name}"]["inputProperties"].keys()

    assert {camel(name) for name in kind.arguments} - {"upstream"} == found, "the check adds upstream"


def test_every_property_with_an_object_below_it_is_renamed_below_it() -> None:
    described = [*SCHEMA["resources"].values(), *SCHEMA["functions"].values(), *SCHEMA["types"].values()]
    referring = {name for each in described for name, value in _properties(each) if "#/types/" in json.dumps(value)}

    assert referring == {camel(name) for name in (*OBJECTS, *MAPS_OF_OBJECTS)}


def _properties(described: Schema) -> list[tuple[str, Any]]:
    parts = [described, described.get("inputs", {}), described.get("outputs", {})]
    return [item for part in parts for key in ("properties", "inputProperties") for item in part.get(key, {}).items()]


def test_its_texts_have_no_names_of_python() -> None:
    texts = re.findall(r'"description": "((?:[^"\\\\]|\\\\.)*)"', json.dumps(SCHEMA))

    assert {word for text in texts for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text)} & RESPELT.keys() == set()


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("pulumi.Input[str | timedelta] | None", {"type": "string"}),
        ("bool | None", {"type": "boolean"}),
        ("pulumi.Input[Sequence[pulumi.Input[str]]] | None", {"type": "array", "items": {"type": "string"}}),
        ("dict[str, str | None]", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("str | bool | None", {"oneOf": [{"type": "string"}, {"type": "boolean"}]}),
        ("Mapping[str, Any] | Sequence[Any]", {"$ref": "pulumi.json#/Any"}),
    ],
)
def test_an_annotation_has_a_type_in_the_schema(annotation: str, kind: Schema) -> None:
    assert schema_of(annotation) == kind
