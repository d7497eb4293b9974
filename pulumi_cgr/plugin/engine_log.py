# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The log of the engine: warnings on a resource, and traces for `pulumi --debug`."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from .names import respell


class EngineLog:
    """Logs to the engine, if there is one.

    Args:
        address: the address of the engine; `None` if nobody listens, as in tests.
    """

    def __init__(self, address: str | None) -> None:
        self._engine: Any = None
        self._lock = threading.Lock()
        self._shown: set[tuple[str, str]] = set()
        self.connect(address)

    def connect(self, address: str | None) -> None:
        """Logs to another engine."""
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def start_run(self) -> None:
        """Begins a new run, in which every warning is shown again."""
        with self._lock:
            self._shown.clear()

    def warn(self, warnings: Iterable[str], urn: str = "") -> None:
        """Shows warnings on a resource, each once; a resource that is replaced is checked twice."""
        for warning in warnings:
            with self._lock:
                is_new = (urn, warning) not in self._shown
                self._shown.add((urn, warning))
            if is_new:
                self._log(engine_pb2.WARNING, warning, urn)

    def debug(self, sentence: str) -> None:
        """Logs a sentence that only `--debug` shows."""
        self._log(engine_pb2.DEBUG, sentence, "")

    def _log(self, severity: Any, sentence: str, urn: str) -> None:
        if self._engine:
            with suppress(grpc.RpcError):  # the engine has ended
                self._engine.Log(engine_pb2.LogRequest(severity=severity, message=respell(sentence), urn=urn))
