# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which proxy a request goes through: by the environment variables only, as curl and Go read them.

The system's own settings are not asked: on macOS that crashes in a process that was forked.  A loopback host is never asked
through a proxy (as Go has it): the request would leave this machine.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Mapping
from urllib.parse import unquote, urlsplit

from ..errors import InvalidArgument
from ..model.grammar import is_loopback
from ..redaction import remember_secret

SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


@dataclass(frozen=True)
class Proxy:
    """A proxy: its URL without user info, the user info as `name:password`, and the variable that names it."""

    url: str
    user_info: str = field(repr=False)
    variable: str

    @property
    def host(self) -> str:
        """Its host, with its port."""
        return urlsplit(self.url).netloc


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """Returns the proxy for a URL; `None` where it is asked directly.

    Raises:
        InvalidArgument: the variable does not hold the URL of a proxy.
    """
    parts = urlsplit(url)
    if is_loopback(parts.netloc) or _is_exempt(parts.hostname or "", parts.netloc, _value("no_proxy", environment)[1]):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, value = _value(name, environment)
        if value:
            return _parsed(variable, value)
    return None


def remember_proxy_secrets(environment: Mapping[str, str]) -> None:
    """Hides the user info of all proxies from now on, even of those whose URL is malformed."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            info, at, _host = environment.get(variable, "").partition("://")[2].rpartition("@")
            password = info.partition(":")[2]
            for secret in {password, unquote(password)} if at else ():
                remember_secret(secret)


def _value(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if environment.get(variable, "").strip():
            return variable, environment[variable].strip()
    return name, ""


def _is_exempt(host: str, netloc: str, exempt: str) -> bool:
    """Whether a host is named in NO_PROXY: itself, a domain it belongs to, a network of addresses, or `*`."""
    names = [name.strip().lower().lstrip(".") for name in exempt.split(",") if name.strip()]
    if any(name in ("*", host, netloc.lower()) or host.endswith(f".{name}") for name in names):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in map(_network, names) if network)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _parsed(variable: str, value: str) -> Proxy:
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        info, _at, host = parts.netloc.rpartition("@")
        well_formed = parts.scheme in SCHEMES and parts.hostname and parts.port != 0 and host.isprintable()
    except ValueError:
        well_formed = False
    if not well_formed:
        raise InvalidArgument(
            f"{variable} is not the URL of a proxy: write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with both"
            " percent-encoded."
        )
    return Proxy(f"{parts.scheme}://{host}", unquote(info), variable)
