# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a private Sigstore, a stranger's, and the programs that verify."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.signature.cosign import Cosign

from ..support.signed_images import SignedImages
from ..support.sigstore import Sigstore
from ..support.stand_in import make_stand_in


@pytest.fixture(scope="session")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture(scope="session")
def stranger() -> Sigstore:
    return Sigstore()


@pytest.fixture(scope="session")
def root(sigstore: Sigstore) -> bytes:
    """The trusted root of the private Sigstore."""
    return json.dumps(sigstore.trusted_root()).encode()


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that takes the place of cosign."""
    return make_stand_in(tmp_path_factory.mktemp("cosign"))


@pytest.fixture(scope="session", params=["cosign", "independent verifier"])
def cosign(request: pytest.FixtureRequest, stand_in: Path) -> Cosign:
    """The program that verifies: cosign itself, and the independent verifier."""
    if request.param != "cosign":
        return Cosign(str(stand_in), dict(os.environ), 60)
    if shutil.which("cosign") is None:
        pytest.skip("cosign is not on PATH: the independent verifier takes its place")
    return Cosign("cosign", dict(os.environ), 60)


@pytest.fixture
def images(tmp_path: Path, sigstore: Sigstore) -> Iterator[SignedImages]:
    """A registry with signed images, and a machine that asks it; the independent verifier takes the place of cosign."""
    made = SignedImages.make(tmp_path, sigstore)
    with made.registry:
        yield made
