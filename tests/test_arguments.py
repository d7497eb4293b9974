# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A rule and the settings are declared once; Pulumi, Ansible and the command take the same names, types and texts.

Most is derived from the declarations.  The parts that must be written down again, for tools or for type checkers, are compared
here.
"""

from __future__ import annotations

import typing
from dataclasses import fields
from typing import Any

import pytest
import yaml

from ansible_collections.cgr.images.plugins.doc_fragments import settings as settings_fragment
from ansible_collections.cgr.images.plugins.module_utils._changes_info import ARGUMENTS as CHANGES_ARGUMENTS
from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS
from ansible_collections.cgr.images.plugins.module_utils._resolver.settings import SECRET_NAMES, SettingsArguments
from ansible_collections.cgr.images.plugins.modules import changes_info, digest_info
from pulumi_cgr._bridge import PARTS, RULE_NAMES, SETTINGS, RuleArguments, Settings
from pulumi_cgr._pulumi.properties import NOT_FOR_RESOURCES
from pulumi_cgr._pulumi.rule_inputs import OutputRuleInputs, RuleInputs, RuleValues
from pulumi_cgr.resolver import InvalidArgument, InvalidRule, Resolver, Rule

from .support.documented import RESOLVER, attributes, documentation_of, module, one_line, options_of

RESOLUTION = attributes(module(f"{RESOLVER}/model/resolution.py")["Resolution"])
SPEC = ARGUMENTS["argument_spec"]
RETURN = yaml.safe_load(digest_info.RETURN)
SETTING_NAMES = {setting.name for setting in SETTINGS}
IMAGE = "cgr.dev/chainguard/python:latest"


def test_the_types_of_keywords_have_the_declared_names() -> None:
    names = set(RULE_NAMES)

    assert set(typing.get_type_hints(RuleArguments)) == names
    assert {"at", *_names(RuleInputs)} == names - NOT_FOR_RESOURCES, "the state holds what is deployed"
    assert {"at", *_names(OutputRuleInputs)} == {"at", *_names(RuleValues)} == names
    assert set(typing.get_type_hints(SettingsArguments)) == {name for setting in SETTINGS for name in setting.names}


def _names(kind: type) -> set[str]:
    return {*getattr(kind, "__required_keys__", ()), *getattr(kind, "__optional_keys__", ())}


def test_each_part_and_setting_says_what_it_means() -> None:
    texts = {each.name: each.text for each in PARTS} | {each.name: each.text for each in SETTINGS}
    for name, text in texts.items():
        assert text.endswith("."), name
    for setting in SETTINGS:
        if setting.default not in ("", None):
            said = f"{setting.default:g}" if isinstance(setting.default, float) else str(setting.default).lower()
            assert f"By default `{said}`." in setting.text


def test_ansible_takes_and_documents_every_part_and_setting() -> None:
    documented = options_of(digest_info.DOCUMENTATION)

    assert set(SPEC) == set(documented) == {"image", "images", "changes_from", *RULE_NAMES, *SETTING_NAMES}
    for name, spec in SPEC.items():
        kinds = ("type", "elements", "choices", "aliases")
        assert {kind: documented[name].get(kind) for kind in kinds} == {kind: spec.get(kind) for kind in kinds}
        assert "default" not in spec, "a default of the module would hide the environment variable"


@pytest.mark.parametrize("plugin", ["modules.pinned_files", "lookup.ref", "lookup.digest"])
def test_the_other_plugins_have_the_same_options(plugin: str) -> None:
    options, documented = options_of(documentation_of(plugin)), options_of(digest_info.DOCUMENTATION)

    # A file holds what is deployed: it is `current` by itself.  It has no place for details.
    for name in {*RULE_NAMES, *SETTING_NAMES} - (NOT_FOR_RESOURCES if plugin == "modules.pinned_files" else set()):
        sources = dict.fromkeys(("vars", "env"))
        assert {**options[name], **sources} == {**documented[name], **sources}


def test_changes_info_documents_its_options_and_all_settings() -> None:
    documented, spec = options_of(changes_info.DOCUMENTATION), CHANGES_ARGUMENTS["argument_spec"]

    assert set(documented) == set(spec)
    assert set(spec) >= SETTING_NAMES - set(RULE_NAMES)
    for name in set(spec) - SETTING_NAMES:
        for kind in ("type", "elements", "required", "default"):
            assert documented[name].get(kind) == spec[name].get(kind)


def test_a_setting_has_one_name_in_every_place() -> None:
    sources = yaml.safe_load(settings_fragment.ModuleDocFragment.LOOKUP)["options"]

    assert {name: source["vars"][0]["name"] for name, source in sources.items()} == {
        name: f"cgr_{name}" for name in SETTING_NAMES
    }
    assert {name: source["env"][0]["name"] for name, source in sources.items()} == {
        name: f"CGR_{name.upper()}" for name in SETTING_NAMES
    }


def test_what_is_secret_is_secret_everywhere() -> None:
    assert {"token", "password", "identity_token"} == SECRET_NAMES
    assert {name for name, spec in SPEC.items() if spec.get("no_log")} == SECRET_NAMES
    assert {each.name for each in fields(Settings) if not each.repr} - {"environment"} == SECRET_NAMES
    assert "s3cret" not in repr(
        Settings.read(dict.fromkeys(SECRET_NAMES, "s3cret") | {"username": "u", "identity": "i"}, {})
    )


@pytest.mark.parametrize("name", ["image", "repository", "tag", "digest", "ref", "updated_at", "at", "reason"])
def test_the_resolution_is_described_alike(name: str) -> None:
    described = RETURN[name]["description"]
    text = one_line(" ".join(described) if isinstance(described, list) else described)

    assert _plain(text).startswith(_plain(RESOLUTION[name].text))


def _plain(text: str) -> str:
    """Returns a text without the marks of Markdown and of Ansible."""
    for mark in ("C(", "V(", "O(", "RV(", ")", "`"):
        text = text.replace(mark, "")
    return text.rstrip(".").casefold()


def test_a_misspelt_keyword_is_an_error() -> None:
    resolver = Resolver(environment={})

    with pytest.raises(TypeError, match="'mni_age' is not part of a rule; the parts are at, min_age"):
        resolver.resolve(IMAGE, mni_age="7d")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'tokn' is not a setting; the settings are token, username"):
        Resolver(tokn="t")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("builds_back", float("inf")),
        ("builds_back", float("nan")),
        ("builds_back", 10**5000),
        ("min_age", 10**5000),
        ("builds_back", "9" * 5000),
        ("builds_back", "²"),
        ("builds_back", [1]),
        ("exclude", 5),
        ("exclude", {"a": 1}),
        ("exclude", b"sha256:"),
        ("exclude", [None]),
        ("min_age", 7),
        ("min_age", float("nan")),
        ("min_age", "9" * 5000 + "d"),
        ("stale_after", True),
        ("current", 5),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) or isinstance(value, bool) else "a number",
)
def test_a_wrong_value_is_an_error_about_that_part(name: str, value: Any) -> None:
    with pytest.raises(InvalidRule) as caught:
        Rule.parse(**{name: value})

    assert caught.value.argument == name
    assert str(caught.value).startswith(f"{name} ")
    assert len(str(caught.value)) < 400


def test_several_wrong_values_are_named_at_once() -> None:
    with pytest.raises(
        InvalidRule, match=r"^min_age 'soon' is not .* builds_back '-1' is not .* platform 'vax' is not "
    ):
        Rule.parse(min_age="soon", builds_back=-1, platform="vax")
    with pytest.raises(
        InvalidArgument, match=r"^registry_url 'x' is not .* timeout '-1' is not .*concurrency '0' is not "
    ):
        Resolver(registry_url="x", timeout=-1, concurrency=0, environment={})
