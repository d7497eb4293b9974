# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Asks the resolver, in a process of its own; prints the digests, the time it took and the most memory it needed.

python -m tests.bench.ask [--at INSTANT] [--memory] IMAGE…
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc

from pulumi_cgr.resolver import Resolver


def main() -> None:
    """Asks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("images", nargs="+")
    parser.add_argument("--at")
    parser.add_argument("--memory", action="store_true", help="trace memory, which takes time")
    options = parser.parse_args()
    if options.memory:
        import requests  # noqa: F401  (what it takes is not ours)

        tracemalloc.start()
    began = time.perf_counter()
    answers = Resolver().resolve_all({image: image for image in options.images}, at=options.at)
    seconds = time.perf_counter() - began
    peak = tracemalloc.get_traced_memory()[1] if options.memory else 0
    print(json.dumps({"digests": list(answers.digests.values()), "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()
