# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A program that takes the place of cosign on a machine without it: the independent verifier."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from . import independent_verifier


def make_stand_in(folder: Path, name: str = "cosign") -> Path:
    """Creates the program in a folder, and returns its path."""
    program = folder / name
    command = shlex.join([sys.executable, "-I", independent_verifier.__file__])
    program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    program.chmod(0o755)
    return program
