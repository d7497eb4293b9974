# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pins the images in many files, compared with a shell loop of crane and sed, and measures memory."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from ..measure import Check, Cost, Done, Part, Row, exactly_requests, faster, measured
from ..served import Served, made_up, served

FILES, IMAGES, RECORDS = 1000, 200, 30
FEWER = 5
BOUND = 1.5
"""For five times as many files: the report keeps a row for each file, not its contents."""
OURS, LOOP = "cgr-images pin", "a loop of crane and sed"

_MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
spec:
  template:
    spec:
      containers:
        - name: web
          image: {image}
        - name: other
          image: docker.io/library/redis:7
"""
_PEAK = """
import sys, tracemalloc
import requests, yaml
from pulumi_cgr.files import pin_files
from pulumi_cgr.resolver import Resolver
tracemalloc.start()
pin_files(Resolver(), sys.argv[1], check=True)
print(tracemalloc.get_traced_memory()[1])
"""


def part(folder: Path, files: int = FILES, images: int = IMAGES) -> Part:
    """Measures this kind of work."""
    names = [f"chainguard/image-{number}:latest" for number in range(images)]
    with served({name: made_up(name, RECORDS) for name in names}, folder / "files") as registry:
        ways = {OURS: _way(registry, names, files, ["cgr-images", "pin", "deploy"])}
        if shutil.which("crane"):
            ways[LOOP] = _way(registry, names, files, ["sh", "-ec", _loop(registry, names)])
        costs = measured(ways, 1, registry)
        peaks = [_peak(registry, names, number) for number in (files // FEWER, files)]
    ours = costs[OURS]
    checks = [exactly_requests(ours, 2 * images)]
    if LOOP in costs:
        checks.append(faster(ours, costs[LOOP], 3))
    work = f"{files:,} files with {images} images, pinned"
    flat = Check(
        f"≤ {BOUND:g}×: rows are kept, files are not", f"{peaks[1] / peaks[0]:.2f}×", peaks[1] / peaks[0] <= BOUND
    )
    return Part(
        [
            Row(work, LOOP if LOOP in costs else "no crane is here", checks, ours, costs.get(LOOP, Cost(0))),
            Row(
                f"peak of memory, {files:,} files",
                f"{files // FEWER:,} files, the same images",
                [flat],
                Cost(0),
                Cost(0),
            ),
        ]
    )


def _written(folder: Path, names: list[str], files: int) -> Path:
    """Writes the files without digests."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(files):
        image = f"cgr.dev/{names[number % len(names)]}"
        (folder / f"{number}.yaml").write_text(_MANIFEST.format(number=number, image=image))
    return folder


def _way(registry: Served, names: list[str], files: int, command: list[str]) -> Callable[[], Done]:
    def run() -> Done:
        folder = _written(registry.folder / "deploy", names, files)
        began = time.perf_counter()
        registry.run(command)
        seconds = time.perf_counter() - began
        contents = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
        return Done(sha256(contents).hexdigest(), seconds)

    return run


def _loop(registry: Served, names: list[str]) -> str:
    host = registry.url.removeprefix("http://")
    return "; ".join(
        f"digest=$(crane digest --insecure {host}/{name});"
        f' grep -rlF "cgr.dev/{name}" deploy | xargs sed -i "s|cgr.dev/{name}$|&@$digest|"'
        for name in names
    )


def _peak(registry: Served, names: list[str], files: int) -> int:
    folder = _written(registry.folder / "peak", names, files)
    return int(registry.run([sys.executable, "-c", _PEAK, str(folder)]))
