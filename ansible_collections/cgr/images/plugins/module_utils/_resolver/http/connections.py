# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Pools of connections, for each proxy one, with the certificate authorities that the environment names.

This is urllib3, which requests brings along, without what requests adds to it: it follows no redirect, reads no `~/.netrc` and
keeps no cookie.
"""

from __future__ import annotations

import os
import ssl
import stat
import threading
from typing import TYPE_CHECKING, Any, Mapping

from ..errors import InvalidArgument, MissingDependency
from ..redaction import redact
from .bounded import BoundedResponse
from .proxies import Proxy

if TYPE_CHECKING:
    from urllib3 import PoolManager

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
HOSTS = 8


class Connections:
    """Pools of so many connections to each host."""

    def __init__(self, connections: int, environment: Mapping[str, str]) -> None:
        self._connections = connections
        self._environment = environment
        self._lock = threading.Lock()
        self._pools: dict[tuple[Proxy | None, bool], PoolManager] = {}

    def through(self, proxy: Proxy | None, is_tls: bool) -> PoolManager:
        """Returns the connections that go through a proxy, or directly; those without TLS read no certificates.

        Raises:
            InvalidArgument: the certificate authorities cannot be read, or the proxy needs a library that is missing.
            MissingDependency: requests is not installed.
        """
        with self._lock:
            if (proxy, is_tls) not in self._pools:
                self._pools[proxy, is_tls] = self._make(proxy, is_tls)
            return self._pools[proxy, is_tls]

    def _make(self, proxy: Proxy | None, is_tls: bool) -> PoolManager:
        try:
            import requests.utils
            import urllib3
        except ImportError as error:
            raise MissingDependency(
                "The Python library requests is missing here: python -m pip install requests"
            ) from error
        by_default = requests.utils.DEFAULT_CA_BUNDLE_PATH
        context = tls_context(self._environment, by_default) if is_tls or proxy else None
        options: dict[str, Any] = {"num_pools": HOSTS, "maxsize": self._connections, "ssl_context": context}
        if proxy is None:
            made: PoolManager = urllib3.PoolManager(**options)
        elif proxy.url.startswith("socks"):
            made = _socks(proxy, options)
        else:
            headers = urllib3.make_headers(proxy_basic_auth=proxy.user_info) if proxy.user_info else {}
            made = urllib3.ProxyManager(proxy.url, proxy_headers=headers, proxy_ssl_context=context, **options)
        _bound(made)
        return made


def tls_context(environment: Mapping[str, str], by_default: str) -> ssl.SSLContext:
    """Returns how TLS is checked: by the authorities in the file or directory that the environment names, else the usual ones.

    Raises:
        InvalidArgument: it cannot be read, or holds no certificate.
    """
    variable, path = next(
        ((name, environment[name]) for name in CA_VARIABLES if environment.get(name)), ("", by_default)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        elif stat.S_ISREG(os.stat(path).st_mode):
            context.load_verify_locations(cafile=path)
        else:  # a pipe would be waited for without end
            raise OSError(22, "it is not a file")
    except OSError as error:
        reason = "holds no certificate" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
        named = f"{variable} names" if variable else "The certificate authorities are in"
        raise InvalidArgument(
            f"{named} {redact(path)}, which {reason}. Name a file of certificates in PEM form."
        ) from None
    return context


def _socks(proxy: Proxy, options: dict[str, Any]) -> PoolManager:
    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError as error:
        raise InvalidArgument(
            f"{proxy.variable} names a SOCKS proxy, for which the Python library PySocks is missing here: python -m pip install"
            " PySocks"
        ) from error
    name, _colon, password = proxy.user_info.partition(":")
    made: PoolManager = SOCKSProxyManager(proxy.url, username=name or None, password=password or None, **options)
    return made


def _bound(manager: Any) -> None:
    """Lets the connections of a pool read bounded answers."""
    manager.pool_classes_by_scheme = {
        scheme: type(
            pool.__name__,
            (pool,),
            {"ConnectionCls": type(pool.__name__, (pool.ConnectionCls,), {"response_class": BoundedResponse})},
        )
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }
