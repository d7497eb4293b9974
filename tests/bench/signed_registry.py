# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with signed images, in a process of its own: prints its URL, and then the digests as JSON."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from pulumi_cgr._bridge import HOUR
from pulumi_cgr.resolver import Instant
from tests.support.signed_images import SignedImages
from tests.support.sigstore import Sigstore


def name(number: int) -> str:
    """Returns the name of a repository."""
    return f"chainguard/image-{number}"


def main(folder: str, images: str, delay: str) -> None:
    """Serves images until the process ends."""
    made = SignedImages.make(Path(folder), Sigstore())
    lately = Instant(time.time_ns() - 3 * HOUR).with_digits(3)
    digests = {}
    for number in range(int(images)):
        digests[name(number)] = made.push(name(number), "latest", lately)
        made.sign_legacy(digests[name(number)], name=name(number))
    made.registry.delay = float(delay)
    made.registry._log = Path(folder, "log")
    with made.registry as registry:
        print(registry.url, json.dumps(digests), sep="\n", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
