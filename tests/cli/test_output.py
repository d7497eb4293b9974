# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Output: terminals, colours, closed and full outputs, narrow terminals, and encodings."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from pulumi_cgr._bridge import VERSION
from pulumi_cgr.testing import Registry
from tests.support.environments import ROOT

from .command import ENTRY_POINT, Command

WEB = "cgr.dev/chainguard/web:1"
A, B, C = ("sha256:" + 64 * letter for letter in "abc")
MOVES = [
    {"updateTimestamp": "2026-01-01T00:00:00Z", "digest": A},
    {"updateTimestamp": "2026-01-11T00:00:00Z", "digest": B},
    {"updateTimestamp": "2026-01-16T06:00:00Z", "digest": A},
    {"updateTimestamp": "2026-01-29T00:00:00Z", "digest": C},
]
HISTORY = ["history", WEB, "--since", "2026-01-05", "--until", "2026-02-01", "--at", "2026-01-20", "--current", B]


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry({"chainguard/web:1": MOVES}) as registry:
        yield registry


def shell(cgr: Command, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in which `cgr` is the command."""
    env = {**cgr.environment, "PATH": f"{Path(ENTRY_POINT).parent}:{cgr.environment['PATH']}"}
    command = ["bash", "-c", script.replace("cgr ", "cgr-images ")]
    return subprocess.run(command, cwd=cgr.folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "environ", [{"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "TERM": "xterm-256color"}, {"CLICOLOR": "1"}]
)
def test_what_programs_read_stays_the_same_where_colour_is_forced(environ: dict[str, str], cgr: Command) -> None:
    (cgr.folder / "web.yaml").write_text(f"image: {WEB}\n")
    cgr.environ |= environ

    resolved = cgr("resolve", WEB)
    done = shell(
        cgr,
        "cgr pin web.yaml --check --diff > all.diff; sed '/^[0-9]* pinned/,$d' all.diff | patch -p1 && cat web.yaml",
    )

    assert resolved.out == f"{WEB}@{C}\n"
    assert resolved.err == "", "no progress bar goes into a log"
    assert done.stdout.endswith(f"image: {WEB}@{C}\n"), done.stdout + done.stderr


def test_colour_is_that_of_the_environment(cgr: Command) -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*m")

    assert not coloured.search(cgr(*HISTORY).out)
    cgr.environ["FORCE_COLOR"] = "1"
    assert coloured.search(cgr(*HISTORY).out)
    cgr.environ["NO_COLOR"] = "1"
    assert not coloured.search(cgr(*HISTORY).out)
    assert not coloured.search(cgr.on_a_terminal(*HISTORY).out)
    del cgr.environ["NO_COLOR"], cgr.environ["FORCE_COLOR"]
    assert coloured.search(cgr.on_a_terminal(*HISTORY).out)
    assert not coloured.search(cgr.on_a_terminal(*HISTORY, TERM="dumb").out)


@pytest.mark.parametrize("command", [f"cgr resolve {WEB}", f"cgr history {WEB} --json", "cgr --help", "cgr --version"])
@pytest.mark.parametrize(
    ("to", "said"),
    [
        (">/dev/full", "standard output cannot be written: No space left on device."),
        (">&-", "standard output is closed, so nothing was done."),
    ],
)
def test_a_full_or_closed_output_is_one_sentence_with_a_status_of_its_own(
    command: str, to: str, said: str, cgr: Command
) -> None:
    done = shell(cgr, f"{command} {to}")

    assert (done.returncode, done.stderr) == (74, f"cgr-images: {said}\n")


def test_without_any_output_the_status_says_it(cgr: Command) -> None:
    assert shell(cgr, f"cgr resolve {WEB} 2>&-").stdout == f"{WEB}@{C}\n"
    assert shell(cgr, f"cgr resolve {WEB} >&- 2>&-").returncode == 74
    assert shell(cgr, "cgr resolve web 2>&-").returncode == 2


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        (200, ["moved at", "age", "stood", "digest"]),
        (80, ["moved at", "age", "stood", "digest"]),
        (64, ["moved at", "stood", "digest"]),
        (52, ["moved at", "digest"]),
        (40, ["moved at", "digest"]),
    ],
)
def test_a_narrow_terminal_drops_the_columns_that_are_needed_least(
    columns: int, titles: list[str], cgr: Command
) -> None:
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", cgr.on_a_terminal(*HISTORY, columns=columns, NO_COLOR="1").out)
    lines = shown[shown.index("moved at") :].splitlines()

    assert re.split(r" {2,}", lines[0].strip()) == titles
    assert max(map(len, lines)) <= columns
    assert "current" in lines[2]
    assert "chosen" in lines[3]
    assert all("2026-01-" in line for line in lines[1:5])


@pytest.mark.parametrize(("encoding", "signs"), [("ascii", "*@:v^-'~"), ("cp1252", "•@:v^-'…"), ("cp437", "*@:v^─'~")])
def test_an_encoding_without_our_signs_has_signs_of_its_own(encoding: str, signs: str, cgr: Command) -> None:
    env = {**cgr.environment, "PYTHONIOENCODING": encoding}

    def run(*arguments: str) -> str:
        done = subprocess.run([ENTRY_POINT, *arguments], cwd=cgr.folder, env=env, capture_output=True, check=True)
        return done.stdout.decode(encoding)

    ours, unicode = run(*HISTORY), cgr(*HISTORY).out

    assert "\\u" not in ours
    assert len(ours) == len(unicode), "everything is in its column"
    assert all(sign in ours for sign in signs)
    assert "\\u" not in run("resolve", "--help")
    assert "  > sha256:" in run("lock", WEB)


def test_the_version_is_that_of_the_package_the_collection_and_the_requests(cgr: Command, registry: Registry) -> None:
    cgr("resolve", WEB)

    assert cgr("--version").out == f"cgr-images {VERSION}\n"
    assert version("pulumi-cgr") == VERSION
    assert yaml.safe_load((ROOT / "ansible_collections/cgr/images/galaxy.yml").read_text())["version"] == VERSION
    assert {request.headers["user-agent"] for request in registry.requests} == {f"pulumi-cgr/{VERSION}"}
