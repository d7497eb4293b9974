# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual environments for tests that need another Python, or nothing but what a user would have installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NO_SUCH_PYTHON = 77


def environment(name: str, python: str, *arguments: str) -> Path:
    """Returns the folder of a virtual environment, made where it is not there yet; see `.ci/environment`.

    Args:
        name: the name of the folder; another set of requirements needs another name.
        python: a version such as `3.11`, or `any`; where the machine has none, the test is skipped.
        arguments: what `pip install` gets, in the root of the project.
    """
    command = [str(ROOT / ".ci/environment"), name, python, *arguments]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode == NO_SUCH_PYTHON:
        pytest.skip(made.stderr.strip())
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.strip())
