# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials: what the caller holds, and where it may come from.

A *credential* is what somebody was given; a *token* is what the registry grants for it, for one repository.
None of them ever shows its secret in a repr, and so in no log either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, Union

from ..model.reference import Reference


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


class CredentialSource(Protocol):
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
