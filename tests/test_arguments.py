# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What both faces take and answer is written once: in `Resolver.resolve`, `Settings` and `Resolution`.

The faces repeat it where their tools look for it, Ansible in literal YAML and Pulumi in docstrings: the same names, the same
types, and the same text first.  More may follow, about what is so with one face only.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from ansible_collections.cgr.images.plugins.doc_fragments import access
from ansible_collections.cgr.images.plugins.lookup import digest, ref
from ansible_collections.cgr.images.plugins.module_utils._digest_info import ARGUMENTS
from ansible_collections.cgr.images.plugins.modules import digest_info, pinned_files
from pulumi_cgr._bridge import RULES, SETTINGS, Settings

from .support.documented import RESOLVER, Documented, arguments, attributes, module, one_line, options_of, unwrapped

RESOLVE = module(f"{RESOLVER}/resolver.py")["Resolver"]
RULE = arguments(RESOLVE["resolve"])
SETTING = {
    name: each for name, each in attributes(module(f"{RESOLVER}/settings.py")["Settings"]).items() if name in SETTINGS
}
ANSWER = attributes(module(f"{RESOLVER}/model/resolution.py")["Resolution"])

SPEC = ARGUMENTS["argument_spec"]
OPTIONS = options_of(digest_info.DOCUMENTATION)
SOURCES = yaml.safe_load(access.ModuleDocFragment.LOOKUP)["options"]
RETURN = yaml.safe_load(digest_info.RETURN)

FUNCTIONS = module("pulumi_cgr/functions.py")
RESOURCE = module("pulumi_cgr/image_digest.py")["ImageDigest"]
RESOURCES = module("pulumi_cgr/image_digests.py")["ImageDigests"]
PULUMI = {
    "ImageDigest": arguments(RESOURCE["__init__"]),
    "ImageDigests": arguments(RESOURCES["__init__"]),
    "get_image_digest": arguments(FUNCTIONS["get_image_digest"]),
}
OF_PULUMI_ALONE = {"resource_name", "images", "triggers", "digest", "opts"}

ANSIBLE_TYPES = {
    "str": {"str", "path"},
    "AtLike": {"raw"},
    "int": {"int"},
    "float": {"float"},
    "Iterable[str]": {"list"},
    "Mapping[str, str]": {"dict", "raw"},
}


def plain(text: str | list[str]) -> str:
    """Returns a text without the marks of reStructuredText and of Ansible, for comparison."""
    joined = one_line(" ".join(text) if isinstance(text, list) else text)
    unmarked = re.sub(r"\b(?:C|V|O|RV)\(([^()]*)\)", r"\1", joined)
    return unmarked.replace("`", "").replace("…", "...").rstrip(".").casefold()


def says(text: str | list[str], once: Documented) -> bool:
    """Whether a text begins with what is written once, or points to where it is repeated."""
    return bool(once.text) and (plain(text).startswith(plain(once.text)) or plain(text).startswith("see imagedigest"))


def is_of(kind: str, once: Documented) -> bool:
    """Whether a type of Ansible is right for one of Python."""
    bare = once.type.removesuffix(" | None")
    return kind in ANSIBLE_TYPES.get(bare, {"list", "dict", "raw"})


def test_the_names_are_the_same_everywhere() -> None:
    assert tuple(RULE) == ("image", *RULES)
    assert tuple(SETTING) == SETTINGS
    assert set(SPEC) == set(OPTIONS) == {"images", *RULE, *SETTING}
    assert set(SOURCES) == set(SETTING)
    assert set(SETTING) <= set(arguments(RESOLVE["__init__"]))
    # A setting like the others, and an argument of each pin, too.
    assert set(PULUMI["get_image_digest"]) == {*RULE, "lock"}
    assert set(arguments(FUNCTIONS["get_image_digest_output"])) == {*RULE, "lock"}
    for resource in ("ImageDigest", "ImageDigests"):
        # The state holds what is deployed: it is `current` by itself.
        assert set(PULUMI[resource]) - OF_PULUMI_ALONE == {*RULE, "lock"} - {"current"} - (
            {"image"} if resource == "ImageDigests" else set()
        )


@pytest.mark.parametrize("once", [*RULE.values(), *SETTING.values()], ids=lambda once: once.name)
def test_ansible_says_what_is_written_once(once: Documented) -> None:
    spec, option = SPEC[once.name], OPTIONS[once.name]

    assert says(option["description"], once), plain(once.text)
    assert {name: option.get(name) for name in ("type", "elements", "choices")} == {
        name: spec.get(name) for name in ("type", "elements", "choices")
    }
    assert is_of(spec["type"], once)
    assert "default" not in spec, "a default of the module would hide the environment variable"


@pytest.mark.parametrize("plugin", [pinned_files, ref, digest], ids=lambda plugin: plugin.__name__.rpartition(".")[2])
def test_the_other_plugins_have_the_same_options(plugin: Any) -> None:
    options = options_of(plugin.DOCUMENTATION)

    # A file holds what is deployed: it is `current` by itself.
    for name in {*RULES, *SETTINGS} - ({"current"} if plugin is pinned_files else set()):
        assert {**options[name], **dict.fromkeys(("vars", "env"))} == {
            **OPTIONS[name],
            **dict.fromkeys(("vars", "env")),
        }


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_one_name_in_every_place(name: str) -> None:
    field: Any = Settings.__dataclass_fields__[name]

    assert SOURCES[name] == {"vars": [{"name": f"cgr_{name}"}], "env": [{"name": f"CGR_{name.upper()}"}]}
    assert bool(SPEC[name].get("no_log")) == (not field.repr), "what is secret is secret in both"
    if field.default not in ("", None) and not isinstance(field.default, type(lambda: None)):
        said = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        assert f"By default `{said}`." in SETTING[name].text


@pytest.mark.parametrize("place", PULUMI)
def test_pulumi_says_what_a_lock_is(place: str) -> None:
    assert says(PULUMI[place]["lock"].text, SETTING["lock"]), plain(SETTING["lock"].text)


@pytest.mark.parametrize("name", RULE)
@pytest.mark.parametrize("place", PULUMI)
def test_pulumi_says_what_is_written_once(place: str, name: str) -> None:
    if name in PULUMI[place]:
        assert says(PULUMI[place][name].text, RULE[name]), plain(RULE[name].text)
        assert unwrapped(PULUMI[place][name].type).replace("Sequence[", "Iterable[") == RULE[name].type
        assert PULUMI[place][name].default == RULE[name].default


@pytest.mark.parametrize("name", ["image", "repository", "tag", "digest", "ref", "updated_at", "at", "reason"])
def test_the_answer_is_described_alike(name: str) -> None:
    assert says(RETURN[name]["description"], ANSWER[name]), plain(ANSWER[name].text)
    assert says(attributes(RESOURCE)[name].text, ANSWER[name]), plain(ANSWER[name].text)


@pytest.mark.parametrize("name", attributes(FUNCTIONS["GetImageDigestResult"]))
def test_a_function_answers_what_the_module_does(name: str) -> None:
    assert says(RETURN[name]["description"], ANSWER[name]), plain(ANSWER[name].text)
    assert says(attributes(FUNCTIONS["GetImageDigestResult"])[name].text, ANSWER[name]), plain(ANSWER[name].text)
