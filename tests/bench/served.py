# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry in its own process, so that its work is not measured, with generated histories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.support.environments import ROOT

DELAY = 0.05
"""The delay of every response, in seconds."""
NIGHTLY = timedelta(days=1)

Histories = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Served:
    """A running registry, and a directory for the work."""

    url: str
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables of a process that uses the registry, without credentials."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("CGR_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "CGR_REGISTRY": self.url,
        }

    def log(self) -> list[int]:
        """Returns the sizes of all responses so far, in bytes."""
        log = self.folder / "log"
        return [json.loads(line)["size"] for line in log.read_text().splitlines()] if log.exists() else []

    def run(self, command: list[str]) -> str:
        """Runs a command and returns what it printed.

        Raises:
            RuntimeError: the command failed.
        """
        done = subprocess.run(command, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)[:300]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, *arguments: str) -> dict[str, Any]:
        """Resolves images in a new Python process; see `ask.py`."""
        answer: dict[str, Any] = json.loads(self.run([sys.executable, "-m", "tests.bench.ask", *arguments]))
        return answer


@contextmanager
def served(histories: Histories, folder: Path, delay: float = DELAY) -> Iterator[Served]:
    """Serves histories (by `ORG/IMAGE:TAG`) until the block ends."""
    folder.mkdir()
    (folder / "histories.json").write_text(json.dumps(histories))
    command = [sys.executable, "-m", "pulumi_cgr.testing.registry", "--histories", str(folder / "histories.json")]
    command += ["--delay", str(delay), "--log", str(folder / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Served(process.stdout.readline().strip(), folder)
        finally:
            process.terminate()


def made_up(image: str, records: int, gap: timedelta = NIGHTLY) -> list[dict[str, str]]:
    """Generates a history that ended three hours ago, with a record in every `gap` before."""
    last = datetime.now(timezone.utc) - timedelta(hours=3)
    return [
        {
            "updateTimestamp": f"{last - gap * number:%Y-%m-%dT%H:%M:%S}.000Z",
            "digest": f"sha256:{sha256(f'{image} {number}'.encode()).hexdigest()}",
        }
        for number in reversed(range(records))
    ]
