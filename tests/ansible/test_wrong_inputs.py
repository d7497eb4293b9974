# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Wrong inputs: each leads to one sentence, with what was written and where it belongs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from ansible import constants
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.template import Templar

from ansible_collections.cgr.images.plugins.action.digest_info import ActionModule as DigestInfo
from ansible_collections.cgr.images.plugins.action.pinned_files import ActionModule as PinnedFiles
from ansible_collections.cgr.images.plugins.filter.pin import FilterModule
from ansible_collections.cgr.images.plugins.lookup.digest import LookupModule as Digest
from ansible_collections.cgr.images.plugins.lookup.ref import LookupModule as Ref
from pulumi_cgr.testing import Registry

from .conftest import Controller
from .test_playbooks import JRE, PRIVATE, info, say

DIGEST = "sha256:" + 64 * "a"
REF = f"cgr.dev/acme.com/web:1@{DIGEST}"
NAIVE = datetime(2024, 6, 1)
NO_CONNECTION = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None), become=None)


class Case(NamedTuple):
    """An input, where it was written, and the sentence about it.

    `code` is the error code of a task.  `extra` holds variables, or environment variables if their names are in upper case.
    """

    place: str
    written: Any
    sentence: str
    code: str = ""
    extra: Any = {}  # noqa: RUF012  (never changed)


def module(sentence: str, code: str, extra: Any = None, **arguments: Any) -> Case:
    return Case("digest_info", arguments, sentence, code, extra or {})


def lookup(sentence: str, *terms: Any, extra: Any = None, **options: Any) -> Case:
    return Case("lookup", (list(terms), options), sentence, "", extra or {})


def setting(name: str, value: Any, sentence: str) -> list[Case]:
    """A wrong setting, written in each place where one can be; the sentence is about the name that stands there."""
    said, code = sentence.format, "invalid"
    variable = {f"cgr_{name}": value}
    cases = [
        module(said(name), code, image=JRE, **{name: value}),
        lookup(said(name), JRE, **{name: value}),
        module(said(f"cgr_{name}"), code, variable, image=JRE),
        lookup(said(f"cgr_{name}"), JRE, extra=variable),
        Case("pinned_files", {"paths": ["."]}, said(f"cgr_{name}"), code, variable),
    ]
    if isinstance(value, str):
        environ = {f"CGR_{name.upper()}": value}
        cases += [
            module(said(f"CGR_{name.upper()}"), code, environ, image=JRE),
            lookup(said(f"CGR_{name.upper()}"), JRE, extra=environ),
        ]
    return cases


def rule(sentence: str, code: str, **parts: Any) -> list[Case]:
    """A wrong part of a rule, written in each place where one can be."""
    return [
        module(sentence, code, image=JRE, **parts),
        module(
            f"images[0].{sentence}" if "empty" in sentence or "time zone" in sentence else sentence,
            code,
            images=[{"image": JRE, **parts}],
        ),
        lookup(sentence, JRE, **parts),
    ]


def image(value: Any, sentence: str) -> list[Case]:
    """A value that is not an image, written in each place where one can be."""
    return [
        module(f"image{sentence}", "invalid_image", image=value),
        module(f"images[0]{sentence}", "invalid_image", images=[value]),
        module(f"images[web].image{sentence}", "invalid_image", images={"web": {"image": value}}),
        lookup(f"term{sentence}", value),
    ]


CASES = [
    *image(None, " is null: write cgr.dev/ORG/IMAGE:TAG"),
    *image("", " is empty: write cgr.dev/ORG/IMAGE:TAG"),
    *image("  ", " is empty: write cgr.dev/ORG/IMAGE:TAG"),
    *image(5, " is '5', not text"),
    *image('["a", "b"]', " is the JSON text '[\"a\", \"b\"]'. Write several images in 'images'"),
    *image('{"image": "a"}', " is the JSON text"),
    *image([JRE], " is a list. Write several images in 'images'")[:3:2],
    *image({"a": JRE}, " is a dictionary. Write an image that has its own rule in 'images'")[::3],
    module("images is the JSON text '[\"a\"]'. Write a list or a dictionary; the filter from_json", "invalid_image", images='["a"]'),
    module("images is '5': write a list or a dictionary", "invalid_image", images=5),
    module("images is empty: name at least one image", "invalid_rule", images=[]),
    module("images is empty: name at least one image", "invalid_rule", images={}),
    module("images[0] is empty", "invalid_image", images=""),
    module("images[1] is empty", "invalid_image", images=f"{JRE},"),
    module("'age' is not part of a rule; the parts are image, at, min_age", "invalid_rule", images=[{"image": JRE, "age": "7d"}]),
    module("images[0] has no image: write cgr.dev/ORG/IMAGE:TAG", "invalid_image", images=[{"min_age": "7d"}]),
    lookup("no image is given: write lookup('cgr.images.ref'"),
    lookup("no image is given", []),
    *[
        case
        for value, sentence in {
            "chainguard/python": "chainguard/python is an image of Docker Hub; did you mean cgr.dev/chainguard/python?",
            "ghcr.io/a/b": "only cgr.dev keeps a tag history",
            "{{ image }}": "template",
        }.items()
        for case in (module(sentence, "invalid_image", image=value), lookup(sentence, value))
    ],
    *rule("at is empty: give it a value, or leave it out", "invalid_at", at=None),
    *rule("at is empty: give it a value, or leave it out", "invalid_at", at=""),
    *rule("min_age is empty: give it a value, or leave it out", "invalid_rule", min_age=None),
    *rule("exclude is empty: give it a value, or leave it out", "invalid_rule", exclude=""),
    *rule("at '2024-06-01 00:00:00' has no time zone, and may be local time: write now(utc=true, fmt=", "invalid_at", at=NAIVE),
    *rule("at 'yesterday' is not an instant; write it like 2026-01-31T12:00:00Z or 2026-01-31", "invalid_at", at="yesterday"),
    *rule("at '2024' is not an instant", "invalid_at", at=2024),
    *rule("min_age 'a week' is not a duration; write it like 7d", "invalid_rule", min_age="a week"),
    *rule("builds_back '-1' is not a whole number from 0", "invalid_rule", builds_back=-1),
    *rule("builds_back 'two' is not a whole number from 0", "invalid_rule", builds_back="two"),
    *rule("exclude contains 'latest', which is not a digest", "invalid_rule", exclude=["latest"]),
    module("at and min_age cannot be combined", "invalid_rule", image=JRE, at="2024-06-01", min_age="7d"),
    lookup("at and min_age cannot be combined", JRE, at="2024-06-01", min_age="7d"),
    module("current requires min_age", "invalid_rule", image=JRE, current=DIGEST),
    lookup("current requires min_age", JRE, current=DIGEST),
    module("mutually exclusive: images|current", "invalid", images=[JRE], current=DIGEST, min_age="7d"),
    *setting("timeout", "soon", "{} 'soon' is not a number of seconds from 0 to 3600"),
    *setting("timeout", -1, "{} '-1' is not a number of seconds from 0 to 3600"),
    *setting("concurrency", "0", "{} '0' is not a whole number from 1 to 64"),
    *setting("credentials", "none", "{} has an unknown value: write 'anonymous', or omit it"),
    *setting("registry_url", "http://registry.example.com", "{} 'http://registry.example.com' is not the URL of a server"),
    *setting("registry", "cgr.dev", "{} 'cgr.dev' is not the URL of a server"),
    *setting("issuer", "issuer.enforce.dev", "{} 'issuer.enforce.dev' is not the URL of a server"),
    *setting("username", "me", "username and password belong together: give both of a pull token, or neither"),
    module("unsupported parameters: att.", "invalid", image=JRE, att="2020-01-01"),
    module("unsupported parameters: imag.", "invalid", imag=JRE),
    lookup("unsupported options: att. Supported options are: at, min_age", JRE, att="2020-01-01"),
    module("parameters are mutually exclusive: image|images", "invalid", image=JRE, images=[JRE]),
    module("one of the following is required: image, images", "invalid"),
    module("the lock file none.json does not exist", "invalid_lock", image=JRE, lock="none.json"),
    lookup("the lock file", JRE, lock="none.json"),
    module("the lock file none.json does not exist", "invalid_lock", {"cgr_lock": "none.json"}, image=JRE, lock=None),
    lookup("the lock file", JRE, lock=None, extra={"cgr_lock": "none.json"}),
    Case("pinned_files", {"paths": ["."]}, "the lock file none.json does not exist", "invalid_lock", {"CGR_LOCK": "none.json"}),
    module("cgr_at 'noon' is not an instant", "invalid_at", {"cgr_at": "noon"}, image=JRE),
    module("cgr_at is empty: give an instant, or leave it out", "invalid_at", {"cgr_at": ""}, image=JRE),
    module("cgr_at '2024-06-01 00:00:00' has no time zone", "invalid_at", {"cgr_at": NAIVE}, image=JRE),
    lookup("cgr_at 'noon' is not an instant", JRE, extra={"cgr_at": "noon"}),
    module("or omit 'cgr_at'", "invalid_at", {"cgr_at": "2999-01-01"}, image=JRE),
    Case("pinned_files", {}, "missing required arguments: paths", "invalid"),
    Case("pinned_files", {"paths": ["."], "current": DIGEST}, "unsupported parameters: current.", "invalid"),
    Case("pinned_files", {"paths": ["."], "min_age": None}, "min_age is empty", "invalid_rule"),
    Case("pinned_files", {"paths": ["."], "at": NAIVE}, "has no time zone", "invalid_at"),
    Case("pin", ("x", JRE), "is not a reference to pin to: it must be repository:tag@digest"),
    Case("pin", ("x", {"web": DIGEST}), "is a digest without its image: give references repository:tag@digest, such as 'refs'"),
    Case("pin", ("x", None), "NoneType is not a result of digest_info"),
    Case("pin", ("x", {"failed": True, "msg": "it is down"}), "a result without a ref cannot be pinned to: it is down"),
    Case("pin", ("x", {"skipped": True}), "its task was skipped. Leave it out"),
    Case("pin", ("x", [REF, REF.replace("a" * 64, "b" * 64)]), "two results pin cgr.dev/acme.com/web:1 to different digests"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shared_registry(recorded: Any) -> Iterator[Registry]:
    with Registry(recorded, tokens=["a-token"]) as registry:
        yield registry


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.place}: {case.sentence[:40]}")
def test_a_wrong_input_is_one_sentence(
    case: Case, shared_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CGR_REGISTRY_URL", shared_registry.url)
    for name, value in case.extra.items():
        if name.isupper():
            monkeypatch.delenv("CGR_REGISTRY_URL")
            monkeypatch.setenv(name, value)
    variables = {name: value for name, value in case.extra.items() if not name.isupper()}

    sentence, code = said_about(case, variables)

    assert case.sentence in sentence
    assert sentence.count(case.sentence) == 1
    assert code == case.code
    assert "Traceback" not in sentence


def said_about(case: Case, variables: dict[str, Any]) -> tuple[str, str]:
    """Returns the sentence about an input, and its error code."""
    loader = DataLoader()
    templar = Templar(loader=loader, variables=variables)
    if case.place == "pin":
        with pytest.raises(AnsibleError) as failed:
            FilterModule().filters()["pin"](*case.written)
        return str(failed.value), ""
    if case.place == "lookup":
        terms, options = case.written
        sentences = set()
        for kind in (Ref, Digest):
            with pytest.raises(AnsibleError) as failed:
                kind(loader=loader, templar=templar).run(terms, variables, **options)
            sentences.add(str(failed.value))
        (sentence,) = sentences
        return sentence, ""
    task = Task()
    task.action, task.args = f"cgr.images.{case.place}", case.written
    kind = DigestInfo if case.place == "digest_info" else PinnedFiles
    action = kind(task, NO_CONNECTION, PlayContext(), loader, templar, None)
    result = action.run(task_vars=variables)
    assert result["failed"]
    return result["msg"], result["error_code"]


REAL = [
    (info(image=None), "image is null: write cgr.dev/ORG/IMAGE:TAG"),
    (
        info(image="chainguard/python"),
        "chainguard/python is an image of Docker Hub; did you mean cgr.dev/chainguard/python?",
    ),
    (info(image=JRE, at="{{ now() }}"), "has no time zone, and may be local time: write now(utc=true, fmt="),
    (info(images=[{"image": JRE, "at": None}]), "images[0].at is empty"),
    (info(image=JRE, at="2020-01-01"), "is before the tag's first build, which is from 2023-07-11T20:25:14.070Z"),
    (info(image="cgr.dev/chainguard/jre:none"), "has no tag 'none' in cgr.dev/chainguard/jre"),
    (info(image=PRIVATE, token="wrong"), "the credentials from the token that was given were refused"),
    (info(image=JRE, timeout="soon"), "timeout 'soon' is not a number of seconds"),
    (info(image=JRE) | {"vars": {"cgr_timeout": "soon"}}, "cgr_timeout 'soon' is not a number of seconds"),
    (info(image=JRE, lock="none.json"), "the lock file none.json does not exist"),
    (
        info(image=JRE) | {"delegate_to": "builder", "vars": {"cgr_at": "2024-06-01"}},
        "cgr_at counts on the controller only: remove delegate_to, or give 'at'",
    ),
    (say("{{ lookup('cgr.images.ref', none) }}"), "term is null"),
    (say("{{ lookup('cgr.images.ref', '" + JRE + "', at=none) }}"), "at is empty"),
    (say("{{ lookup('cgr.images.ref', '" + JRE + "', att='2020') }}"), "unsupported options: att"),
    (say("{{ lookup('cgr.images.ref', 'python:3', timeout='soon') }}"), "timeout 'soon' is not a number of seconds"),
    (say("{{ 'x' | cgr.images.pin('" + JRE + "') }}"), "it must be repository:tag@digest"),
    (say("{{ 'x' | cgr.images.pin([result_0]) }}"), "a result without a ref cannot be pinned to: image is null"),
]


def test_a_playbook_shows_the_sentence(controller: Controller) -> None:
    results = controller.results([dict(task) for task, _sentence in REAL])

    for (task, sentence), result in zip(REAL, results, strict=True):
        assert result["failed"], task
        assert sentence in result["msg"], task
        assert result["msg"].count(sentence) == 1, task
        assert "Traceback" not in json.dumps(result)


@pytest.mark.parametrize("prefix", ["/usr", "/home/me/.local/pipx/venvs/ansible-core"])
def test_a_missing_library_names_host_interpreter_and_command(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setitem(sys.modules, "requests", None)

    sentence, code = said_about(module("", "", image=JRE), {})

    assert code == "missing_dependency"
    assert f"The Python library requests is missing on {os.uname().nodename} for {sys.executable}." in sentence
    command = f"{sys.executable} -m pip install requests" if prefix == "/usr" else "pipx inject ansible-core requests"
    assert sentence.endswith(f"Install it there: {command}")
