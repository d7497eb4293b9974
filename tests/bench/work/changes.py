# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Lists what moved in a month in many images, compared with a loop of curl and jq over the whole histories."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ..measure import Cost, Done, Part, Row, at_most_requests, faster, measured
from ..served import Served, made_up, served
from .history import BY_HAND

IMAGES, RECORDS = 200, 200
OURS, LOOP = "cgr-images changes", "a loop of curl and jq, one image after another"


def part(folder: Path, images: int = IMAGES) -> Part:
    """Measures this kind of work."""
    names = [f"chainguard/image-{number:03}:latest" for number in range(images)]
    since = f"{datetime.now(timezone.utc) - timedelta(days=30):%Y-%m-%dT%H:%M:%S}.000Z"
    has_commands = bool(shutil.which("curl") and shutil.which("jq"))
    with served({name: made_up(name, RECORDS) for name in names}, folder / "changes") as registry:
        (registry.folder / "compose.yaml").write_text(
            "services:\n" + "".join(f"  {name[11:20]}:\n    image: cgr.dev/{name}\n" for name in names)
        )
        ways = {OURS: lambda: _listed(registry, names, since)}
        if has_commands:
            ways[LOOP] = lambda: _looped(registry, names, since)
        costs = measured(ways, 1, registry)
    ours, theirs = costs[OURS], costs.get(LOOP, Cost(0))
    checks = [at_most_requests(ours, 2 * images)]
    if has_commands:
        checks.append(faster(ours, theirs, 5))
    work = f"the moves of {images} images in a month, without packages"
    return Part([Row(work, LOOP if has_commands else "no curl and jq are here", checks, ours, theirs)])


def _listed(registry: Served, names: list[str], since: str) -> Done:
    """Returns the digests at the earlier instant, as our command lists them."""
    command = ["cgr-images", "changes", "compose.yaml", "--since", since, "--no-packages", "--json"]
    found = {image["image"]: image["old"] for image in json.loads(registry.run(command))["images"]}
    return Done([found[f"cgr.dev/{name}"] for name in names])


def _looped(registry: Served, names: list[str], since: str) -> Done:
    return Done(
        [word for name in names for word in registry.run([BY_HAND, *name.split(":"), since]).split()],
    )
