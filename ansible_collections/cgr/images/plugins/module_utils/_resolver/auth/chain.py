# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The places where credentials may be, in their order."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..http.transport import Transport
from ..model.reference import REGISTRY, is_loopback
from ..settings import DEFAULT_REGISTRY, Settings
from .chainctl import Chainctl
from .credentials import Source
from .docker_config import places
from .oidc import AssumedIdentity
from .static import StaticCredentials


def credential_sources(settings: Settings, transport: Transport) -> list[Source]:
    """Returns the places where credentials may be, in the order in which they are asked.

    What lies about on this machine was issued for cgr.dev: if that is looked up at another host, only what was issued for
    the other host is taken, or what the user gives.  A loopback host is this machine itself.
    """
    host = urlsplit(settings.registry).netloc
    is_cgr = settings.registry.rstrip("/") == DEFAULT_REGISTRY or is_loopback(host)
    found: list[Source] = [StaticCredentials(settings), AssumedIdentity(settings, transport)]
    found += places(settings.environment, REGISTRY if is_cgr else host)
    return [*found, Chainctl(settings.environment)] if is_cgr else found
