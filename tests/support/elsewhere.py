# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Hosts with any name, with TLS and a proxy: `https://cgr.dev` and others lead to a registry on this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from pulumi_cgr.testing import Registry

from .servers import stop

HOSTS = ("cgr.dev", "registry.example.com", "issuer.example.com", "issuer.enforce.dev")


@dataclass
class Proxy:
    """A proxy that connects every host to one port, or responds with a status.

    Attributes:
        url: its URL.
        asked: the heads of the requests that it received.
        status: its response to CONNECT.
    """

    port: int
    url: str = ""
    asked: list[str] = field(default_factory=list)
    status: str = "200 OK"
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def start(self) -> Proxy:
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def _listen(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
            head += piece
        self.asked.append(head.decode())
        connection.sendall(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
        if not self.status.startswith("200"):
            connection.close()
            return
        server = socket.create_connection(("127.0.0.1", self.port))
        for source, target in ((connection, server), (server, connection)):
            threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()


@contextmanager
def elsewhere(registry: Registry, folder: Path) -> Iterator[tuple[Proxy, dict[str, str]]]:
    """Makes a registry respond, with TLS, for all hosts behind a proxy.

    Args:
        registry: the registry, which is not started yet.
        folder: the directory to which the certificate authority is written.

    Yields:
        The proxy, and the environment variables that configure it.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    registry._server.socket = context.wrap_socket(registry._server.socket, server_side=True)
    bundle = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with registry:
        proxy = Proxy(registry._server.server_address[1]).start()
        yield proxy, {"HTTPS_PROXY": proxy.url, "REQUESTS_CA_BUNDLE": str(bundle)}
        stop(proxy.listener)
