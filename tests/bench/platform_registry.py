# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry with images for several platforms, in a process of its own: prints its URL."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from pulumi_cgr._bridge import HOUR
from pulumi_cgr.resolver import Instant
from pulumi_cgr.testing import Registry


def main(folder: str, images: str, delay: str) -> None:
    """Serves images until the process ends."""
    lately = Instant(time.time_ns() - 3 * HOUR).with_digits(3)
    with Registry({}, delay=float(delay), log=Path(folder, "log")) as registry:
        for number in range(int(images)):
            registry.publish(f"chainguard/image-{number}:latest", created=str(lately), updated_at=lately)
        print(registry.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
