# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials in playbooks, in Pulumi programs and for the command: every source works in each, and no secret leaks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr.testing import Reply
from tests.engine import Stack

from .support.environments import ROOT
from .support.machine import BASIC, CONFIGS, GOOD, HELPER, IMAGE, PASSWORD, PUBLIC, A, Machine, issue, made

PROGRAM = f"""
import pulumi, pulumi_cgr as cgr
followed = cgr.ImageDigest("followed", image="{IMAGE}")
fixed = cgr.ImageDigest("fixed", image="{IMAGE}", at="2026-02-01")
pulumi.export("refs", [followed.ref, fixed.ref])
"""
TASKS = f"""
- hosts: localhost
  gather_facts: false
  tasks:
    - cgr.images.digest_info: {{image: "{IMAGE}"}}
      register: found
    - ansible.builtin.copy:
        content: "{{{{ found.ref }}}} {{{{ lookup('cgr.images.ref', '{IMAGE}', at='2026-02-01') }}}}"
        dest: "{{{{ playbook_dir }}}}/rendered"
"""
REF = f"{IMAGE}@{A}"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = made(tmp_path)
    with machine.registry:
        yield machine


def prepare(machine: Machine, source: str) -> dict[str, str]:
    """Puts credentials on the machine, and returns additional settings."""
    machine.registry.interfere = issue
    if source == "token":
        return {"token": GOOD}
    if source == "pull token":
        return {"username": "acme/pull", "password": PASSWORD}
    if source == "identity, by a token file":
        path = machine.write("oidc", "the-oidc-secret")
        return {"identity": "acme/ci", "identity_token_file": str(path), "issuer": machine.registry.url}
    if source == "identity, by a variable":
        return {"identity": "acme/ci", "identity_token": "the-oidc-secret", "issuer": machine.registry.url}
    if source == "identity, in GitHub Actions":
        url = f"{machine.registry.url}/github?run=7"
        machine.environ = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "the-job-secret"}
        return {"identity": "acme/ci", "issuer": machine.registry.url}
    if source == "Docker":
        machine.write(".docker/config.json", CONFIGS["auth"])
    if source == "Docker, with a helper":
        machine.program("docker-credential-cgr", HELPER)
        machine.write(".docker/config.json", CONFIGS["credHelpers"])
    if source == "Podman":
        machine.write(".config/containers/auth.json", CONFIGS["a namespace"])
    if source == "chainctl, kept":
        machine.write(".cache/chainguard/cgr.dev/oidc-token", GOOD)
    if source == "chainctl":
        machine.program("chainctl", f"echo {GOOD}")
    return {}


SOURCES = [
    "token",
    "identity, by a token file",
    "identity, by a variable",
    "Docker",
    "Podman",
    "chainctl, kept",
    "chainctl",
]
FEW = ["pull token", "identity, in GitHub Actions", "Docker, with a helper"]
SECRETS = [GOOD, PASSWORD, "the-oidc-secret", "the-job-secret", BASIC]


def environ(machine: Machine, settings: dict[str, str]) -> dict[str, str]:
    """Returns the environment of a user of the machine, with nothing of this process except its Python."""
    path = f"{machine.home}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    given = {f"CGR_{name.upper()}": value for name, value in settings.items()}
    return {**machine.environment, **given, "PATH": path, "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(ROOT)}


def play(
    machine: Machine, settings: dict[str, str], tasks: str = TASKS, *options: str
) -> subprocess.CompletedProcess[str]:
    machine.write("play.yaml", tasks)
    command = ["ansible-playbook", *options, "play.yaml"]
    env = environ(machine, settings)
    return subprocess.run(command, cwd=machine.home, env=env, capture_output=True, text=True, check=False)


def command(machine: Machine, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    resolve = ["cgr-images", "resolve", IMAGE, "--verbose", "--json"]
    env = environ(machine, settings)
    return subprocess.run(resolve, cwd=machine.home, env=env, capture_output=True, text=True, check=False)


class Alone(Stack):
    """A stack whose program and provider do not inherit the environment of this process."""

    @property
    def environment(self) -> dict[str, str]:
        kept = {"PULUMI_PROJECT", "PULUMI_STACK", "PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS", *self.environ}
        return {name: value for name, value in super().environment.items() if name in kept}


def stack(
    machine: Machine, settings: dict[str, str], program: str = PROGRAM, secrets: dict[str, str] | None = None
) -> Stack:
    return Alone(machine.write("program.py", program), environ=environ(machine, settings), secrets=secrets or {})


@pytest.mark.parametrize("source", [*FEW, *(pytest.param(each, marks=pytest.mark.slow) for each in SOURCES)])
def test_every_source_works_everywhere(machine: Machine, source: str) -> None:
    settings = prepare(machine, source)

    played = play(machine, settings)
    up = stack(machine, settings).up()
    resolved = command(machine, settings)

    assert played.returncode == 0, played.stdout + played.stderr
    assert (machine.home / "rendered").read_text() == f"{REF} {REF}"
    assert up.ok, up.diagnostics
    assert up.outputs == {"refs": [REF, REF]}
    assert json.loads(resolved.stdout)["images"][0]["ref"] == REF, resolved.stderr


@pytest.mark.parametrize(
    "source",
    ["pull token", *(pytest.param(each, marks=pytest.mark.slow) for each in ("token", "identity, by a token file"))],
)
def test_settings_come_from_variables_and_configuration_too(machine: Machine, source: str) -> None:
    settings = prepare(machine, source)
    variables = {f"cgr_{name}": value for name, value in settings.items()}
    machine.write("vars.json", variables)

    played = play(machine, {}, TASKS, "-e", "@vars.json")
    configured = stack(machine, {}, secrets={f"cgr:{name}": value for name, value in settings.items()})
    up = configured.up()

    assert played.returncode == 0, played.stdout + played.stderr
    assert up.ok, up.diagnostics
    assert up.outputs == {"refs": [REF, REF]}
    assert not any(secret in configured.exported() for secret in SECRETS)


def test_without_any_both_say_where_they_looked_and_what_to_type(machine: Machine) -> None:
    played = play(machine, {}, TASKS, "-vvv")
    preview = stack(machine, {}).preview()

    said = played.stdout + played.stderr
    assert played.returncode != 0
    assert f"{IMAGE}: credentials: {machine.home}/.docker/config.json: the file does not exist" in said
    assert f"{IMAGE}: credentials: chainctl: it is not signed in, and chainctl is not installed" in said
    for text in (said, "\n".join(preview.diagnostics)):
        assert (
            "Sign in: chainctl auth configure-docker, or set CGR_TOKEN to what `chainctl auth token --audience cgr.dev`"
            in text.replace("\n", " ")
        )
        assert "Traceback" not in text
    assert not (machine.home / "rendered").exists()


SCRIPT = f"""
import logging; logging.basicConfig(level=0)
from pulumi_cgr.resolver import Resolver
try: print(Resolver(trace=print).resolve("{IMAGE}"))
except Exception: logging.exception("refused")
"""


def all_that_comes_out(machine: Machine, settings: dict[str, str]) -> str:
    """Runs Pulumi, Ansible, the command and the resolver at their highest debug level, and returns all that they print and keep."""
    pins = stack(machine, settings)
    up = pins.up()
    played = play(machine, settings, TASKS, "-vvvvvv")
    env = {**environ(machine, settings), "PYTHONPATH": str(ROOT)}
    script = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=False)
    asked = command(machine, settings)
    runs = [text for run in (played, script, asked) for text in (run.stdout, run.stderr)]
    return "\n".join([*runs, repr(up), pins.exported()])


@pytest.mark.parametrize(
    ("is_refused", "chosen"),
    [
        (True, "identity"),
        (False, "pull token"),
        *(pytest.param(False, each, marks=pytest.mark.slow) for each in ("identity", "none")),
        *(pytest.param(True, each, marks=pytest.mark.slow) for each in ("pull token", "none")),
    ],
)
def test_no_secret_comes_out_of_any_face(machine: Machine, is_refused: bool, chosen: str) -> None:
    """With secrets in every place, full debug output and a registry that rejects them, no secret appears."""
    identity = prepare(machine, "identity, in GitHub Actions")
    prepare(machine, "Docker, with a helper")
    machine.write(".config/containers/auth.json", CONFIGS["auth"])
    prepare(machine, "chainctl, kept")
    pull_token = {**identity, "username": "acme/pull", "password": PASSWORD}
    settings = {"none": {}, "identity": {**identity, "username": "", "password": ""}, "pull token": pull_token}[chosen]
    echo = Reply(403, f"no: Bearer {GOOD} Basic {BASIC} {BASIC}".encode())
    machine.registry.interfere = machine.refusing(echo, issue) if is_refused else issue

    everything = all_that_comes_out(machine, settings)

    assert f"{IMAGE}: credentials: " in everything
    assert not [secret[:6] for secret in SECRETS if secret in everything]
    written = [
        path
        for path in machine.home.rglob("*")
        if path.is_file() and path.name in ("rendered", "play.yaml", "program.py")
    ]
    assert not any(secret in path.read_text() for path in written for secret in SECRETS)


def test_twenty_pins_keep_their_digests_when_credentials_are_lost(machine: Machine) -> None:
    pins = "".join(
        f'cgr.ImageDigest("fixed-{n}", image="{IMAGE}", at="2026-02-01")\ncgr.ImageDigest("followed-{n}", image="{IMAGE}")\n'
        for n in range(10)
    )
    twenty = stack(machine, {"token": GOOD}, "import pulumi_cgr as cgr\n" + pins)
    assert twenty.up().ok
    before = twenty.exported()
    assert before.count(f'"digest": "{A}"') == 40  # in the inputs and the outputs of each

    for loss in ({"CGR_TOKEN": "lost"}, {"CGR_REGISTRY": "http://127.0.0.1:9"}):
        twenty.environ = {**environ(machine, {}), **loss}
        up = twenty.up()
        assert not up.ok
        assert up.diagnostics
        assert all("followed-" in line and "Traceback" not in line for line in up.diagnostics)
        preview = twenty.preview()
        assert not preview.ok
        assert "The same for 10 pins: followed-0, " in "\n".join(preview.diagnostics)
        after = json.loads(twenty.exported())
        assert {urn: resource["outputs"]["digest"] for urn, resource in after.items()} == dict.fromkeys(after, A)
        assert len(after) == 20


def test_refused_credentials_of_a_public_image_are_warned_of(machine: Machine) -> None:
    program = PROGRAM.replace(IMAGE, PUBLIC)

    up = stack(machine, {"token": "wrong"}, program).up()

    assert up.ok, up.diagnostics
    assert any(
        "was resolved without credentials, because the available ones do not work" in line for line in up.diagnostics
    )
