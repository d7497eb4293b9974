# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The command, run as a user runs it: a process of its own, against a registry over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_cgr.testing import Histories, Registry

from .command import Command


@pytest.fixture(scope="module")
def registry(recorded: Histories) -> Iterator[Registry]:
    """A registry with recorded histories."""
    with Registry(recorded) as registry:
        yield registry


@pytest.fixture
def cgr(registry: Registry, tmp_path: Path) -> Command:
    """The command, on a machine with nothing else on it, in a folder of its own."""
    return Command(tmp_path, registry.url)
