# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that stall, send byte by byte, or close connections, which HTTP libraries cannot do."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Resolution = Callable[[socket.socket], None]


@contextmanager
def server(answer: Resolution, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Listens on a free port and calls a function for each connection; with TLS if a context is given."""
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        try:
            answer(tls.wrap_socket(connection, server_side=True) if tls else connection)
        except OSError:
            connection.close()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop(listener)


def stop(listener: socket.socket) -> None:
    """Closes a listening socket, and ends the thread that waits in `accept`: closing alone leaves it waiting on the port."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def answers(raw: bytes, then: Resolution = lambda _connection: None) -> Resolution:
    """Returns a handler that responds to every request with these bytes, and then calls a function."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(raw)
        then(connection)
        connection.close()

    return answer


def without_end(piece: bytes) -> Resolution:
    """Returns a function that sends these bytes repeatedly."""

    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(piece)

    return send


def silence(connection: socket.socket) -> None:
    connection.recv(65536)
    threading.Event().wait()


def drip(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.05):
        connection.sendall(b" ")


def drip_headers(connection: socket.socket) -> None:
    connection.recv(65536)
    pause = threading.Event()
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not pause.wait(0.05):
        connection.sendall(b"X: y\r\n")


def hang_up(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.close()


def without_date(connection: socket.socket) -> None:
    connection.recv(65536)
    record = {"updateTimestamp": "2026-01-31T00:00:00Z", "digest": "sha256:" + 64 * "a"}
    body = json.dumps({"token": "t", "history": [record]})
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
    connection.close()
