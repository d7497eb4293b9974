# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual environments for tests that need another Python, or only what a user installs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NO_SUCH_PYTHON = 77


def environment(name: str, python: str, *arguments: str) -> Path:
    """Returns the directory of a virtual environment, which is created if it does not exist; see `.ci/environment`.

    Args:
        name: the name of the directory; each set of requirements needs its own name.
        python: a version such as `3.11`, or `any`; if the machine does not have it, the test is skipped.
        arguments: the arguments of `pip install`, which runs in the root of the project.
    """
    command = [str(ROOT / ".ci/environment"), name, python, *arguments]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode == NO_SUCH_PYTHON:
        pytest.skip(made.stderr.strip())
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.strip())
