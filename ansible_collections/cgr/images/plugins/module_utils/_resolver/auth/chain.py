# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The sources of credentials in their order: the first one that has a credential wins."""

from __future__ import annotations

import threading
import time
from typing import Sequence
from urllib.parse import urlsplit

from ..errors import AccessRefused
from ..http.transport import Transport
from ..model.reference import REGISTRY, Reference, is_loopback
from ..settings import DEFAULT_REGISTRY_URL, Settings
from .chainctl import Chainctl
from .credentials import Anonymous, Considered, Credential, CredentialSource, Found
from .docker_config import places
from .oidc import AssumedIdentity
from .static import StaticCredentials

FRESH_SECONDS = 600
"""How long a credential that was found is used before its source is asked again."""


def credential_sources(settings: Settings, transport: Transport) -> list[CredentialSource]:
    """Returns the sources of credentials in the order in which they are asked.

    The credentials of this machine were issued for cgr.dev: with another registry, only credentials that were issued for its
    host are used, or those that the user gives.  A loopback host is this machine itself.
    """
    host = urlsplit(settings.registry_url).netloc
    is_cgr = settings.registry_url == DEFAULT_REGISTRY_URL or is_loopback(host)
    found: list[CredentialSource] = [StaticCredentials(settings), AssumedIdentity(settings, transport)]
    found += places(settings.environment, REGISTRY if is_cgr else host)
    return [*found, Chainctl(settings.environment)] if is_cgr else found


class CredentialChain:
    """Sources of credentials in order: the first that has one wins, and an error in it stops the search.

    Args:
        sources: the sources.
        host: the host they are for; references to any other are anonymous.
    """

    def __init__(self, sources: Sequence[CredentialSource], host: str) -> None:
        self._sources = sources
        self._host = host
        self._lock = threading.Lock()
        self._found: dict[str, tuple[Found, float]] = {}

    def find(self, reference: Reference, deadline: float, refused: Credential | None = None) -> Found:
        """Returns the credential for an image.

        Args:
            reference: the image.
            deadline: when to give up, by `time.monotonic()`, in seconds.
            refused: a credential that the registry did not take; its source is asked again.

        Raises:
            AccessRefused: the first source that has something is broken.
        """
        if reference.host != self._host:
            return Found(
                Anonymous(), (Considered("all", f"credentials for {self._host} do not go to {reference.host}"),)
            )
        with self._lock:
            found, until = self._found.get(reference.name, (None, 0.0))
            if found is None or time.monotonic() >= until or found.credential == refused:
                found = self._search(reference, deadline)
                self._found[reference.name] = (found, time.monotonic() + FRESH_SECONDS)
            return found

    def _search(self, reference: Reference, deadline: float) -> Found:
        considered: list[Considered] = []
        for source in self._sources:
            try:
                found = source.find(reference, deadline)
            except AccessRefused as error:
                error.considered = (*considered, Considered(source.name, str(error)))
                raise
            if not isinstance(found, str):
                return Found(found, (*considered, Considered(source.name, f"used: {found.source}")))
            considered.append(Considered(source.name, found))
        return Found(Anonymous(), (*considered, Considered("anonymous", "used")))
