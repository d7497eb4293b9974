# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Resolves images in a new process; prints the digests, the times and the peak of memory.

python -m tests.bench.ask [--at INSTANT] [--platform PLATFORM] [--memory] IMAGE…
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc

from pulumi_cgr.resolver import Resolver


def main() -> None:
    """Resolves the images."""
    parser = argparse.ArgumentParser()
    parser.add_argument("images", nargs="+")
    parser.add_argument("--at")
    parser.add_argument("--platform")
    parser.add_argument("--memory", action="store_true", help="trace memory, which takes time")
    options = parser.parse_args()
    resolver = Resolver()  # the first one imports the rest of the resolver
    began, worked = time.perf_counter(), time.process_time()
    import requests  # noqa: F401  (the resolver imports it with the first request)

    imported = time.perf_counter() - began
    if options.memory:
        tracemalloc.start()
    answers = resolver.resolve_all({image: image for image in options.images}, at=options.at, platform=options.platform)
    seconds = time.perf_counter() - began
    processor = time.process_time() - worked
    peak = tracemalloc.get_traced_memory()[1] if options.memory else 0
    times = {"seconds": seconds, "imported": imported, "processor": processor}
    print(json.dumps({"digests": list(answers.digests.values()), **times, "peak": peak}))


if __name__ == "__main__":
    main()
