# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The machines of users that the tests of credentials, bounds and secrets share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.elsewhere import Proxy, elsewhere
from tests.support.machine import Machine, made


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A user's machine, with a registry on it."""
    machine = made(tmp_path)
    with machine.registry:
        yield machine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Machine, Proxy]]:
    """A machine for which hosts of any name lead, through a proxy, to one registry."""
    machine = made(tmp_path)
    with elsewhere(machine.registry, tmp_path) as (proxy, environ):
        machine.environ = {**environ, "CGR_REGISTRY": ""}
        yield machine, proxy
