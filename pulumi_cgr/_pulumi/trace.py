# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Traces of a resolver in the engine's log (`pulumi --debug`)."""

from __future__ import annotations

from collections.abc import Callable


def trace_once(log: Callable[[str], None]) -> Callable[[str], None]:
    """Returns a trace that logs what is said of the first image only, because every message is a call to the engine.

    Args:
        log: logs a sentence.
    """
    known: set[str] = set()

    def trace(sentence: str) -> None:
        _image, _colon, finding = sentence.partition(": ")
        if finding not in known:
            known.add(finding)
            log(sentence)

    return trace
