# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver import redaction
from pulumi_cgr.testing import Histories

from .support.environments import ROOT


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """How many tests run at the same time: more than there are cores, because many tests wait for time-outs."""
    return (os.cpu_count() or 1) * 3 // 2 or 1


@pytest.fixture(scope="session")
def recorded() -> Histories:
    """16 real tag histories."""
    return Histories.load(ROOT / "tests/data/recorded-histories.json")


@pytest.fixture(autouse=True)
def secrets_of_this_test() -> Iterator[None]:
    """Removes the secrets of a test, which would be hidden in the texts of the next ones in this process."""
    yield
    with redaction._lock:
        for known in (redaction._secrets, redaction._short, redaction._long):
            known.clear()
