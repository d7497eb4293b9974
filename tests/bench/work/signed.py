# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves many signed images and verifies their signatures, compared with a loop of `cosign verify`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.environments import ROOT
from tests.support.signature_cases import IDENTITY, ISSUER

from ..measure import Cost, Done, Part, Row, exactly_requests, faster, measured
from ..served import DELAY, Served
from ..signed_registry import name

IMAGES = 100
REQUESTS = 5
"""For each image: a token, the history, the referrers, the tag of the signature, and its payload."""
OURS = "signed images, latest"
LOOP = "a loop of cosign verify, for digests that are known"
WITHOUT = "the same without signatures"


@dataclass(frozen=True)
class SignedImagesServed(Served):
    """A registry with signed images; `signed` says whether their signatures are verified."""

    digests: dict[str, str]
    signed: bool = True

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables of a process that uses the registry."""
        signed = {"CGR_SIGNED": "true", "CGR_TRUSTED_ROOT": str(self.root)} if self.signed else {}
        return {**super().environ, **signed}

    @property
    def root(self) -> Path:
        """The file with the trusted root."""
        return self.folder / "trusted_root.json"


def part(folder: Path, images: int = IMAGES, repeat: int = 1) -> Part:
    """Measures this kind of work; without cosign, nothing."""
    if not shutil.which("cosign"):
        return Part([])
    asked = [f"cgr.dev/{name(number)}:latest" for number in range(images)]
    with _served(folder / "signed", images) as registry:
        plain = SignedImagesServed(registry.url, registry.folder, registry.digests, signed=False)
        loop = "\n".join(_verify(registry, each) for each in registry.digests)
        ways = {
            OURS: lambda: Done(registry.ask(*asked)["digests"]),
            WITHOUT: lambda: Done(plain.ask(*asked)["digests"]),
            LOOP: lambda: Done(registry.run(["sh", "-ec", loop]) and None),
        }
        costs = measured(ways, repeat, registry)
    return Part([_row(images, costs)])


def _row(images: int, costs: dict[str, Cost]) -> Row:
    ours, theirs = costs[OURS], costs[LOOP]
    where = (
        f"Without signatures, it takes {costs[WITHOUT].seconds:.1f} s; the rest is cosign, one process for each image."
    )
    checks = [faster(ours, theirs, 2), exactly_requests(ours, REQUESTS * images)]
    return Row(f"{images} {OURS}", LOOP, checks, ours, theirs, where)


def _verify(registry: SignedImagesServed, image: str) -> str:
    host = registry.url.removeprefix("http://")
    options = f"--certificate-identity={IDENTITY} --certificate-oidc-issuer={ISSUER} --trusted-root={registry.root}"
    return f"cosign verify {options} {host}/{image}@{registry.digests[image]}"


@contextmanager
def _served(folder: Path, images: int) -> Iterator[SignedImagesServed]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.signed_registry", str(folder), str(images), str(DELAY)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            url, digests = process.stdout.readline().strip(), process.stdout.readline()
            yield SignedImagesServed(url, folder, json.loads(digests))
        finally:
            process.terminate()
