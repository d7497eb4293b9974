# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the code blocks of a page of documentation in order, in one directory, as a reader would.

- A block whose first line is a comment with a file name is written to that file; TypeScript is only written.
- Python is run; a program with `pulumi.export` is previewed, and so is one in YAML, with the plugin.  `# refused` is the first line of a program that must fail.
- YAML that is a list of tasks is run as a playbook; adjacent ones are one playbook.
- Shell is run; the registry for tests is stopped after it has printed its URL.
- `text` shows the output of the block before it, and a comment after `print` or `pulumi.export` shows its value.  `…` matches any text.
- `# not run: REASON` is the first line of a block that cannot run.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.engine import Stack

from . import yaml_program
from .environments import ROOT
from .programs import fast_commands

FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:#|//) ([\w./-]+\.\w+|Dockerfile)(?: .*)?\n")
NOT_RUN = re.compile(r"# not run: (.+)\n")
PRINTED = re.compile(r"print\(.*\)  # (.+)")
EXPORTED = re.compile(r'pulumi\.export\("(\w+)", .*\)  # (.+)')
ELSEWHERE = {
    "docker ": "it needs Docker, and a network",
    "ansible-galaxy ": "tests/test_packages.py installs the collection",
    "make ": "the tests of this checkout run it, or are it",
    "go mod ": "it needs Go, and a network",
    "pip install ": "tests/test_packages.py installs the packages",
    "pipx install ": "tests/test_packages.py installs the packages",
    "pulumi ": "tests/pulumi has the scenarios, on the real engine where there is one",
}
REFUSED = "# refused\n"
SERVER = "pulumi_cgr.testing.registry"


@dataclass(frozen=True)
class Block:
    """A block of a page, and its first line."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name of the file that it is written to, if any."""
        named = FILE.match(self.text)
        return named[1] if named else None

    @property
    def reason(self) -> str | None:
        """Why it is not run, or `None`."""
        marked = NOT_RUN.match(self.text)
        return marked[1] if marked else None

    @property
    def is_program(self) -> bool:
        """Whether it is a Pulumi program."""
        return self.language == "python" and "pulumi.export(" in self.text

    @property
    def is_yaml_program(self) -> bool:
        """Whether it is a Pulumi program in YAML."""
        return self.language == "yaml" and yaml_program.is_program(self.text)

    @property
    def is_tasks(self) -> bool:
        """Whether it is a list of Ansible tasks."""
        return self.language == "yaml" and self.text.startswith("- ") and "hosts:" not in self.text


def blocks(page: Path) -> list[Block]:
    """Returns the blocks of a page."""
    text = page.read_text()
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(FENCE.findall(text)), "a block names no language"
    return [Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2]) for found in FENCE.finditer(text)]


class Reader:
    """A reader who runs the blocks of a page, in a directory and with a registry; `environ` has more of the environment."""

    def __init__(self, folder: Path, registry: str, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environ = {
            "PATH": f"{fast_commands()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "CGR_REGISTRY": registry,
            **(environ or {}),
        }
        self.printed = ""

    def read(self, page: Path) -> None:
        """Runs the blocks of a page."""
        found = [block for block in blocks(page) if block.reason is None and block.language != "mermaid"]
        for block in found:
            if block.file:
                self._write(block.file, block.text)
        for block in _joined([block for block in found if not block.file or block.is_program or block.is_yaml_program]):
            self._try(block)

    def _try(self, block: Block) -> None:
        where = f"{block.page.relative_to(ROOT)}:{block.line}"
        if block.language == "text":
            assert_shows(self.printed, block.text.splitlines(), where)
            return
        if block.is_program:
            self.printed = self._preview(block, where)
        elif block.is_yaml_program:
            self._preview_yaml(block, where)
        elif block.language == "python":
            self.printed = self._run([sys.executable, self._write("script.py", block.text)], where)
        elif block.is_tasks:
            play = "- hosts: localhost\n  gather_facts: false\n  tasks:\n" + indent(block.text, "    ")
            self.printed = self._run(["ansible-playbook", self._write("play.yaml", play)], where)
        elif block.language == "sh":
            script = ["bash", "-euo", "pipefail", "-c", here(block.text)]
            self.printed = self._first_line(script) if SERVER in block.text else self._run(script, where)
        else:
            raise AssertionError(f"{where}: blocks of {block.language} cannot be run")
        assert_shows(self.printed, PRINTED.findall(block.text), where)

    def _preview(self, block: Block, where: str) -> str:
        program = self.folder / self._write(f"program_{block.line}.py", block.text)
        preview = Stack(program, environ=self.environ).preview()
        assert preview.ok != block.text.startswith(REFUSED), f"{where}: {preview.diagnostics}"
        for name, shown in EXPORTED.findall(block.text):
            value = preview.outputs[name]
            assert_shows(value if isinstance(value, str) else json.dumps(value, sort_keys=True), [shown], where)
        return preview.render()

    def _preview_yaml(self, block: Block, where: str) -> None:
        outputs = yaml_program.outputs_of(block.text, {"CGR_REGISTRY": self.environ["CGR_REGISTRY"]})
        for name, shown in yaml_program.OUTPUT.findall(block.text):
            assert_shows(outputs[name], [shown], where)

    def _write(self, name: str, text: str) -> str:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return name

    def _run(self, command: list[str], where: str) -> str:
        done = subprocess.run(command, **self._surroundings, check=False)
        assert done.returncode == 0, f"{where} failed:\n{done.stdout}"
        return str(done.stdout)

    def _first_line(self, command: list[str]) -> str:
        with subprocess.Popen(command, **self._surroundings, start_new_session=True) as server:
            assert server.stdout is not None
            line = server.stdout.readline()
            os.killpg(server.pid, signal.SIGTERM)
        return str(line)

    @property
    def _surroundings(self) -> dict[str, Any]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return {"cwd": self.folder, "env": self.environ, "text": True, **pipes}


def here(script: str) -> str:
    """Returns a shell script without the lines that other tests cover."""
    return "".join(line for line in script.splitlines(keepends=True) if not line.startswith(tuple(ELSEWHERE)))


def assert_shows(printed: str, lines: list[str], where: str) -> None:
    """Asserts that lines were printed in this order; `…` matches any text."""
    pattern = ".*?".join(re.escape(line.strip()).replace("…", r"[^\n]*?") for line in lines)
    assert re.search(pattern, printed, re.DOTALL), f"{where} shows\n{chr(10).join(lines)}\nbut there came\n{printed}"


def _joined(found: list[Block]) -> Iterator[Block]:
    """Yields blocks; adjacent blocks of tasks are joined."""
    for are_tasks, group in groupby(found, lambda block: block.is_tasks):
        if are_tasks:
            first, *others = group
            yield replace(first, text="\n".join([first.text, *(block.text for block in others)]))
        else:
            yield from group
