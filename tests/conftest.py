# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures for all tests."""

from __future__ import annotations

import pytest

from pulumi_cgr.testing import Histories

from .support.environments import ROOT


@pytest.fixture(scope="session")
def recorded() -> Histories:
    """16 real tag histories."""
    return Histories.load(ROOT / "tests/data/recorded-histories.json")
