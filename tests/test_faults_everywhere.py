# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Every fault meets every face: the right answer, or one clear sentence, the same for all; and docs/reference/failure-modes.md says so.

`make docs` writes that page; these tests compare it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_cgr.provider import ImageDigestProvider
from pulumi_cgr.resolver import CgrError, Resolver
from pulumi_cgr.testing import Registry, Reply, Request
from tests.engine.host import Host

from .support.environments import ROOT
from .support.faults import ANSWER, AT, AUTHORITY, BELOW_HTTP, RECORD, A, faults
from .support.pages import compare, table
from .support.servers import server

INTRODUCTION = """\
# Failure modes

What each face answers when the registry, or something before it, misbehaves. Written by `make docs` from a run of
`tests/test_faults_everywhere.py`. A word such as `unavailable` is that of an [error](errors.md). IMAGE stands
for the image, and 127.0.0.1:5000 for the registry's host.

"""
FACES = ("resolver", "Pulumi", "Ansible", "command")
TIMEOUT = "2"
NAMES = [*(fault.name for fault in faults(Registry({}))), *BELOW_HTTP]

Outcomes = dict[str, dict[str, str]]
"""For each fault, what each face answered: a digest, or a word and a sentence."""

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - cgr.images.digest_info: {image: "{{ item.image }}", at: "{{ item.at }}", registry: "{{ item.registry }}"}
      loop: "{{ questions }}"
      register: found
      ignore_errors: true
    - ansible.builtin.copy: {content: "{{ found.results | to_json }}", dest: "{{ playbook_dir }}/found.json"}
"""


# The command many times over, without starting Python for each.
COMMANDS = """
import contextlib, io, json, sys
from pulumi_cgr.cli.app import run
for arguments in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        status = run(arguments)
    print(json.dumps([status, out.getvalue(), err.getvalue()]))
"""


def image(number: int) -> str:
    return f"cgr.dev/chainguard/fault-{number}:latest"


class World:
    """A registry that plays each fault for a repository of its own, servers below HTTP, and a registry nobody should ask."""

    def __init__(self, stack: ExitStack) -> None:
        self.other = stack.enter_context(Registry({}))
        self.faults = faults(self.other)
        histories = {f"chainguard/fault-{number}:latest": [RECORD] for number in range(len(NAMES))}
        # A host that answered 429 is asked less often from then on, so such a host is another.
        self.registry, self.slow = (stack.enter_context(Registry(histories)) for _each in range(2))
        self.registry.interfere = self.slow.interfere = self.interfere
        below = [
            played if isinstance(played, str) else stack.enter_context(server(*played))
            for played in BELOW_HTTP.values()
        ]
        playing = [self.slow if "Retry-After longer" in fault.name else self.registry for fault in self.faults]
        self.urls = [*(registry.url for registry in playing), *below]

    def interfere(self, request: Request) -> Reply | None:
        found = re.search(r"chainguard/fault-(\d+)", request.path + request.query.get("scope", ""))
        assert found
        return self.faults[int(found[1])].interfere(request)


def ask_resolver(urls: list[str]) -> list[str]:
    def ask(number: int, url: str) -> str:
        try:
            return Resolver(registry=url, timeout=TIMEOUT, environment={}).resolve(image(number), at=AT).digest
        except CgrError as error:
            return f"{error.error_code}: {error}"

    return [ask(number, url) for number, url in enumerate(urls)]


def ask_pulumi(urls: list[str], environ: dict[str, str]) -> list[str]:
    provider = serialize_provider(ImageDigestProvider())
    answers = {}
    for url in set(urls):
        with Host({}, {**environ, "CGR_REGISTRY": url}) as host:
            for number, used in enumerate(urls):
                if used == url:
                    checked, failures = host.check(
                        "urn", {}, {"image": image(number), "at": AT, "__provider": provider}
                    )
                    answers[number] = failures[0][1] if failures else checked["digest"]
    return [answers[number] for number in range(len(urls))]


def ask_ansible(urls: list[str], environ: dict[str, str], folder: Path) -> list[str]:
    queries = [{"image": image(number), "at": AT, "registry": url} for number, url in enumerate(urls)]
    (folder / "play.yaml").write_text(PLAY)
    (folder / "questions.json").write_text(json.dumps({"questions": queries}))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-e", "@questions.json", "play.yaml"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    results = json.loads((folder / "found.json").read_text())
    return [f"{r['error_code']}: {r['msg']}" if r.get("failed") else r["digest"] for r in results]


def ask_command(urls: list[str], environ: dict[str, str]) -> list[str]:
    runs = [["resolve", image(number), "--at", AT, "--registry", url] for number, url in enumerate(urls)]
    command = [sys.executable, "-c", COMMANDS]
    done = subprocess.run(
        command, input=json.dumps(runs), cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = []
    for status, out, err in map(json.loads, done.stdout.splitlines()):
        assert (status == 0) == bool(out)
        answers.append(err.removeprefix("cgr-images: ").strip() if status else out.strip().partition("@")[2])
    return answers


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    folder = tmp_path_factory.mktemp("faults")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "CGR_TIMEOUT": TIMEOUT}
    environ["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT)
    AUTHORITY.cert_pem.write_to_path(str(folder / "authority.pem"))
    environ["REQUESTS_CA_BUNDLE"] = str(folder / "authority.pem")
    faces: dict[str, list[str]] = {}
    for face in FACES:
        with ExitStack() as stack:
            world = World(stack)
            if face == "resolver":
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("REQUESTS_CA_BUNDLE", environ["REQUESTS_CA_BUNDLE"])
                    faces[face] = ask_resolver(world.urls)
            elif face == "Pulumi":
                faces[face] = ask_pulumi(world.urls, environ)
            elif face == "command":
                faces[face] = ask_command(world.urls, environ)
            else:
                faces[face] = ask_ansible(world.urls, environ, folder)
            assert not world.other.requests, "a request went to another host"
            # Each face has its registry on a port of its own.
            faces[face] = [re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:5000", text) for text in faces[face]]
    return {name: {face: faces[face][number] for face in FACES} for number, name in enumerate(NAMES)}


@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_ends_in_the_right_answer_or_one_sentence(outcomes: Outcomes, fault: str) -> None:
    comes = {each.name: each.comes for each in faults(Registry({}))}.get(fault, "unavailable")
    said = outcomes[fault]

    assert said["resolver"] == said["Ansible"]
    word, _colon, sentence = said["resolver"].partition(": ")
    if comes.startswith("sha") or comes == ANSWER:
        assert said["resolver"] == said["Pulumi"] == said["command"] == (A if comes == ANSWER else comes)
    else:
        assert word == comes
        assert sentence == said["Pulumi"] == said["command"]
        assert sentence.isprintable()
        assert sentence.startswith("cgr.dev/chainguard/fault-")


@pytest.mark.page
def test_the_page_of_faults_is_true(outcomes: Outcomes) -> None:
    rows = [(fault, *_cells(said)) for fault, said in outcomes.items()]

    compare("docs/reference/failure-modes.md", INTRODUCTION + table(["fault", *FACES], rows))


def _cells(said: dict[str, str]) -> list[str]:
    first = _cell(said["resolver"])
    sentence = first.partition(": ")[2] or first
    return [first, *("the same" if _cell(said[face]) in (first, sentence) else _cell(said[face]) for face in FACES[1:])]


def _cell(said: str) -> str:
    if re.fullmatch(r"sha\d+:[0-9a-f]+", said):
        return "the right digest"
    text = re.sub(r"^(\w+): cgr", r"`\1`: cgr", said)
    text = re.sub(r"cgr\.dev/chainguard/fault-\d+(:latest)?", "IMAGE", text)
    return re.sub(r"the registry's clock says \S+", "the registry's clock says …", text)
