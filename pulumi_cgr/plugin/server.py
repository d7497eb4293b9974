# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The process of the plugin: serves the provider on a port of its own, and ends when the engine does."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from .lookups import WAITING
from .servicer import Provider

WATCH_SECONDS = 5
"""How often to look whether the engine is still there, which cannot end its plugins if it is killed."""
# The engine sends whole stacks' worth of properties in one message.
_MESSAGE_BYTES = 1024 * 1024 * 400
_OPTIONS = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]


def serve(arguments: Sequence[str]) -> None:
    """Serves the provider, and prints the port, as the engine expects it.

    Args:
        arguments: those of the engine: options of its log, and its address at the end.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell may have told its programs to ignore
    engine = next((each for each in reversed(arguments) if not each.startswith("-")), None)
    server, port = start(Provider(engine, dict(os.environ)))
    print(port, flush=True)
    if engine:
        Thread(target=_end_with, args=(engine,), daemon=True, name="cgr-watch").start()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        os._exit(0)  # a thread that waits for the registry would keep the process alive


def start(provider: Provider) -> tuple[Any, int]:
    """Starts to serve a provider; returns the server and its port."""
    server = grpc.server(ThreadPoolExecutor(WAITING, "cgr-plugin"), options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _end_with(engine: str) -> None:
    host, _colon, port = engine.rpartition(":")
    while _is_there(host or "127.0.0.1", port):
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def _is_there(host: str, port: str) -> bool:
    try:
        socket.create_connection((host, int(port)), WATCH_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True
