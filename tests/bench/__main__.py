# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Runs all benchmarks and writes the page: `make bench`."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tests.support.environments import ROOT

from . import page, plots
from .numbers import Numbers
from .work import changes, files, history, imports, latest, memory, platforms, playbook, preview, reading, signed

PARTS = (
    history.part,
    latest.part,
    platforms.part,
    signed.part,
    playbook.part,
    preview.part,
    imports.part,
    memory.part,
    files.part,
    reading.part,
    changes.part,
)
DOCS = ROOT / "docs/maintaining"


def main() -> None:
    """Runs the benchmarks and writes the page."""
    parts = []
    with tempfile.TemporaryDirectory(prefix="cgr-bench-") as folder:
        for part in PARTS:
            began = time.monotonic()
            parts.append(part(Path(folder)))
            for row in parts[-1].rows:
                for check in row.checks:
                    print(
                        f"{row.work}, against {row.against}: {check.measured}  ({check.goal or 'no goal'})", flush=True
                    )
            print(f"-- {part.__module__.rpartition('.')[2]}: {time.monotonic() - began:.0f} s", flush=True)
    write(Numbers.of(facts(), parts))


def write(numbers: Numbers, docs: Path = DOCS) -> None:
    """Writes the page, the plots and the numbers."""
    folder = docs / page.PLOTS
    numbers.save(folder / "numbers.json")
    (docs / "performance.md").write_text(page.rendered(numbers), encoding="utf-8")
    for plot in numbers.plots:
        (folder / f"{plot.name}.svg").write_bytes(plots.drawn(plot))


def facts() -> dict[str, str]:
    """Returns the versions of the measured programs, and the number of CPUs."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("requests", "ansible-core", "pulumi"))
    commands = {"curl": "--version", "jq": "--version", "crane": "version", "pulumi": "version"}
    return {
        "CPUs": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "Python": f"{platform.python_version()}, with {packages}",
        "commands": ", ".join(_version(name, flag) for name, flag in commands.items()),
    }


def _version(command: str, flag: str) -> str:
    if not shutil.which(command):
        return f"no {command}"
    printed = subprocess.run([command, flag], capture_output=True, text=True, check=False).stdout.split()
    numbers = [word for word in printed[:2] if any(sign.isdigit() for sign in word)]
    return f"{command} {numbers[0].removeprefix(f'{command}-')}" if numbers else command


if __name__ == "__main__":
    main()
