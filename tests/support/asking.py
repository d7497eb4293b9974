# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves the same images with the resolver, Pulumi, Ansible and the command, for tests that compare the outcomes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pulumi.dynamic.dynamic import serialize_provider

from pulumi_cgr.provider import ImageDigestProvider
from pulumi_cgr.resolver import CgrError, Resolver
from tests.engine.host import Host

from .environments import ROOT
from .faults import AT
from .programs import COMMAND, Running, start_script
from .shown import show, shown

FACES = ("resolver", "Pulumi", "Ansible", "command")
NO_RULE: Mapping[str, Any] = MappingProxyType({})

TASKS = [
    {
        "cgr.images.digest_info": "{{ item }}",
        "loop": "{{ queries[inventory_hostname] }}",
        "register": "found",
        "ignore_errors": True,
    },
    show("found.results"),
]
PLAY = [{"hosts": "all", "gather_facts": False, "tasks": TASKS}]
HOSTS = 6  # which wait for slow servers at the same time
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def image(number: int) -> str:
    return f"cgr.dev/chainguard/fault-{number}:latest"


def ask(
    face: str, urls: list[str], environ: dict[str, str], folder: Path, rule: Mapping[str, Any] = NO_RULE
) -> list[str]:
    """Resolves `image(number)` at each URL, and returns the digests, or the errors as text.

    Args:
        face: one of `FACES`.
        urls: the URLs of the registries, one for each image.
        environ: the environment variables.
        folder: an empty directory.
        rule: the parts of the rule beside `at`.
    """
    if face == "Ansible":
        return ask_ansible(urls, environ, folder, rule)
    asking = {"resolver": ask_resolver, "Pulumi": ask_pulumi, "command": ask_command}[face]
    return asking(urls, environ, rule)


def ask_resolver(urls: list[str], environ: dict[str, str], rule: Mapping[str, Any]) -> list[str]:
    def ask_one(number: int, url: str) -> str:
        try:
            return Resolver(registry=url, environment=environ).resolve(image(number), at=AT, **rule).digest
        except CgrError as error:
            return f"{error.error_code}: {error}"

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(ask_one, range(len(urls)), urls))


def ask_pulumi(urls: list[str], environ: dict[str, str], rule: Mapping[str, Any]) -> list[str]:
    provider = serialize_provider(ImageDigestProvider())

    def ask_at(url: str) -> dict[int, str]:
        answers = {}
        with Host({}, {**environ, "CGR_REGISTRY": url}) as host:
            for number, used in enumerate(urls):
                if used == url:
                    given = {"image": image(number), "at": AT, **rule, "__provider": provider}
                    checked, failures = host.check("urn", {}, given)
                    answers[number] = failures[0][1] if failures else checked["digest"]
        return answers

    with ThreadPoolExecutor(4) as threads:
        answers = {number: answer for each in threads.map(ask_at, set(urls)) for number, answer in each.items()}
    return [answers[number] for number in range(len(urls))]


def ask_ansible(urls: list[str], environ: dict[str, str], folder: Path, rule: Mapping[str, Any]) -> list[str]:
    queries = [{"image": image(number), "at": AT, "registry": url, **rule} for number, url in enumerate(urls)]
    hosts = [f"host{number}" for number in range(HOSTS)]
    shares = {host: queries[number::HOSTS] for number, host in enumerate(hosts)}
    (folder / "play.yaml").write_text(json.dumps(PLAY))
    (folder / "queries.json").write_text(json.dumps({"queries": shares, **LOCAL}))
    options = ["-e", "@queries.json", "-i", ",".join(hosts), "--forks", str(HOSTS)]
    command = [str(Path(sys.executable).with_name("ansible-playbook")), *options, "play.yaml"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    found = shown(done.stdout)
    results = [found[hosts[number % HOSTS]][number // HOSTS] for number in range(len(urls))]
    return [f"{r['error_code']}: {r['msg']}" if r.get("failed") else r["digest"] for r in results]


def ask_command(urls: list[str], environ: dict[str, str], rule: Mapping[str, Any]) -> list[str]:
    options = [
        f"--{name.replace('_', '-')}" if value is True else f"--{name.replace('_', '-')}={value}"
        for name, value in rule.items()
    ]
    runs = [["resolve", image(number), "--at", AT, "--registry", url, *options] for number, url in enumerate(urls)]
    with ThreadPoolExecutor(4) as threads:
        ended = list(threads.map(lambda run: _ended_with(start_script(COMMAND, run, ROOT, environ)), runs))
    answers = []
    for status, out, err in ended:
        assert (status == 0) == bool(out)
        answers.append(err.removeprefix("cgr-images: ").strip() if status else out.strip().partition("@")[2])
    return answers


def _ended_with(program: Running) -> tuple[int | None, str, str]:
    out, err = program.communicate()
    return program.returncode, out, err
