# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials: what the caller holds, and the keychain that finds it.

A *credential* is what somebody was given; a *token* is what the registry grants for one repository (`tokens.py`).
None of them ever shows its secret in a repr, and so in no log either.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol, Sequence, Union

from ..errors import AccessRefused
from ..model.reference import Reference

FRESH_SECONDS = 600
"""How long a credential that was found is used before its source is asked again."""


@dataclass(frozen=True)
class Anonymous:
    """No credential.  It is a value, not the absence of one: public images need nothing else."""

    source: str = "anonymous"


@dataclass(frozen=True)
class Bearer:
    """A Chainguard token of audience cgr.dev, or a token for the registry: sent as it is."""

    secret: str = field(repr=False)
    source: str


@dataclass(frozen=True)
class Basic:
    """A user's name and password, such as a pull token's: the token endpoint takes them."""

    username: str
    password: str = field(repr=False)
    source: str


@dataclass(frozen=True)
class Refresh:
    """An identity token of Docker's: the token endpoint takes it as a refresh token."""

    secret: str = field(repr=False)
    source: str


Credential = Union[Anonymous, Bearer, Basic, Refresh]


def credential_from_pair(username: str, secret: str, source: str) -> Credential:
    """Returns the credential a user name and a secret mean, by the conventions of Docker and of Chainguard."""
    if username == "_token":  # Chainguard: the secret is a Chainguard token
        return Bearer(secret, source)
    if username == "<token>":  # Docker: the secret is an identity token
        return Refresh(secret, source)
    return Basic(username, secret, source)


@dataclass(frozen=True)
class Considered:
    """What one source had to say: its name, and why it was used or not."""

    source: str
    outcome: str


class Source(Protocol):
    """A place where credentials may be."""

    @property
    def name(self) -> str:
        """What the place is called."""

    def find(self, reference: Reference, deadline: float) -> Credential | str:
        """Returns the credential for an image, or why there is none.

        Raises:
            AccessRefused: there is something, but it is broken.
        """


@dataclass(frozen=True)
class Found:
    """A credential, and what every source had to say."""

    credential: Credential
    considered: tuple[Considered, ...]


class CredentialChain:
    """The sources of credentials, in order: the first that has something decides, and an error in it stops.

    Args:
        sources: the places to look.
        host: the host they are for; references to any other are anonymous.
    """

    def __init__(self, sources: Sequence[Source], host: str) -> None:
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
