# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Support for the tests of checks: images, their histories, and a resolver without a registry."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from pulumi_cgr.resolver import MemoryCache, Resolver

from ..support.moves import days_ago

A, B, C, D, E, OLD, FORGED = ("sha256:" + 64 * letter for letter in "abcde0f")
WEB, WEB2, DB = "cgr.dev/chainguard/web:1", "cgr.dev/chainguard/web:2", "cgr.dev/chainguard/db:1"
LONG_AGO, LATELY = days_ago(8), days_ago(4)
HISTORIES = {
    image: [
        {"updateTimestamp": days_ago(days), "digest": digest}
        for days, digest in ((30, E), (20, D), (9, A), (6, B), (2, C))
    ]
    for image in ("chainguard/web:1", "chainguard/web:2", "chainguard/db:1")
}

Arguments = dict[str, Any]

# Everything a registry can be asked here is asked once, so examples cost nothing.
quickly = settings(deadline=None, max_examples=100)


OFFLINE = Resolver(registry="http://127.0.0.1:9", timeout=0.05, environment={}, run_cache=MemoryCache())
"""Its requests fail, and each of them once."""


def sticky(arguments: Arguments) -> bool:
    return "at" in arguments or "triggers" in arguments
