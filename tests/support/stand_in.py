# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A program that takes the place of cosign on a machine without it: the independent verifier."""

from __future__ import annotations

from pathlib import Path

from . import independent_verifier
from .programs import write_fast_command


def make_stand_in(folder: Path, name: str = "cosign") -> Path:
    """Creates the program in a folder, and returns its path."""
    return write_fast_command(folder / name, independent_verifier.__file__)
