# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resolver, the Pulumi provider and the Ansible module return the same result, or the same error, for the same query."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_cgr.resolver import CgrError, Instant, Resolver
from pulumi_cgr.testing import Histories, Readings, Registry
from tests.engine.host import Host
from tests.support import plain

from .support.environments import ROOT
from .support.shown import show, shown

MOVES = plain.load()
QUESTIONS = [
    (image, None if at is None else str(Instant.of(at)), plain.expected(moves, at))
    for image, moves in MOVES.items()
    for at in [None, *plain.instants(moves)[::29], *plain.instants(moves)[-3:]]
]
READINGS = [
    Readings("documented", True, 1000, 0, "404"),
    Readings("oldest", False, 100, 3, "[]"),
    Readings("shuffled", True, 100, 9, "{}"),
]

TASKS = [
    {
        "cgr.images.digest_info": {"image": "cgr.dev/{{ item[0] }}", "at": "{{ item[1] or omit }}"},
        "loop": "{{ questions }}",
        "register": "found",
        "ignore_errors": True,
        "no_log": True,
    },
    show("found.results"),
]
PLAY = [{"hosts": "localhost", "gather_facts": False, "tasks": TASKS}]


@pytest.mark.parametrize(
    "readings", [READINGS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in READINGS[1:])], ids=str
)
def test_every_face_gives_the_same_answer_or_refusal(recorded: Histories, readings: Readings, tmp_path: Path) -> None:
    with Registry(recorded, readings=readings, tokens=["t"]) as registry:
        environ = {**os.environ, "CGR_REGISTRY": registry.url, "CGR_TOKEN": "t"}
        of_resolver = ask_resolver(registry)
        of_pulumi = ask_pulumi(environ)
        of_ansible = ask_ansible(environ, tmp_path)

    for query, *answers in zip(QUESTIONS, of_resolver, of_pulumi, of_ansible, strict=True):
        digest = query[2]
        assert len(set(answers)) == 1, query
        assert answers[0] == digest or (digest is None and "is before the tag's first build" in answers[0])


def ask_resolver(registry: Registry) -> list[str]:
    resolver = Resolver(registry=registry.url, token="t", environment={})

    def ask(image: str, at: str | None) -> str:
        try:
            return resolver.resolve(f"cgr.dev/{image}", at=at).digest
        except CgrError as refusal:
            return str(refusal)

    return [ask(image, at) for image, at, _digest in QUESTIONS]


def ask_pulumi(environ: dict[str, str]) -> list[str]:
    from pulumi.dynamic.dynamic import serialize_provider

    from pulumi_cgr.provider import ImageDigestProvider

    provider = serialize_provider(ImageDigestProvider())
    answers = []
    with Host({}, environ) as host:
        for image, at, _digest in QUESTIONS:
            inputs = {"image": f"cgr.dev/{image}", "__provider": provider, **({"at": at} if at else {})}
            checked, failures = host.check("urn", {}, inputs)
            answers.append(failures[0][1] if failures else str(checked["digest"]))
    return answers


def ask_ansible(environ: dict[str, str], folder: Path) -> list[str]:
    (folder / "play.yaml").write_text(json.dumps(PLAY))
    (folder / "questions.json").write_text(json.dumps({"questions": QUESTIONS}))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-e", "@questions.json", "play.yaml"]
    environ = {**environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (results,) = shown(done.stdout).values()
    return [result["msg"] if result.get("failed") else result["digest"] for result in results]
