# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual environments for tests that need another Python, or nothing but what a user would have installed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"


def environment(name: str, python: str | None, *requirements: str) -> Path:
    """Returns the folder of a virtual environment, made where it is not there yet.

    Args:
        name: the name of the folder; another set of requirements needs another name.
        python: a version such as `3.11`, or `None` for the one this project prefers; without it the test is skipped.
        requirements: what pip installs.
    """
    folder = BUILD / name
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([_interpreter(python), "-m", "venv", folder], check=True)
            install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*install, *requirements], check=True)
            (folder / ".ready").touch()
    return folder


def _interpreter(python: str | None) -> str:
    command = [str(ROOT / ".ci/python"), *([python] if python else [])]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"this machine has no Python {python}")
    return found.stdout.strip()
