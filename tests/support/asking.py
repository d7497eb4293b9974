# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves the same images with the resolver, Pulumi, Ansible and the command, for tests that compare the outcomes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pulumi.dynamic.dynamic import serialize_provider

from pulumi_cgr.provider import ImageDigestProvider
from pulumi_cgr.resolver import CgrError, Resolver
from tests.engine.host import Host

from .environments import ROOT
from .faults import AT

FACES = ("resolver", "Pulumi", "Ansible", "command")

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


# Runs the command many times in one process.
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


def ask_resolver(urls: list[str], environ: dict[str, str]) -> list[str]:
    def ask(number: int, url: str) -> str:
        try:
            return Resolver(registry=url, environment=environ).resolve(image(number), at=AT).digest
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


def ask(face: str, urls: list[str], environ: dict[str, str], folder: Path) -> list[str]:
    """Resolves `image(number)` at each URL, and returns the digests, or the errors as text.

    Args:
        face: one of `FACES`.
        urls: the URLs of the registries, one for each image.
        environ: the environment variables.
        folder: an empty directory.
    """
    if face == "Ansible":
        return ask_ansible(urls, environ, folder)
    asking = {"resolver": ask_resolver, "Pulumi": ask_pulumi, "command": ask_command}[face]
    return asking(urls, environ)
