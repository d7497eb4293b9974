# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials: what the caller holds, and for which host it was issued.

A *credential* is what somebody was given; a *token* is what the registry grants for one repository (`tokens.py`).
Credentials for cgr.dev are asked for by the keychain below: the first source that has something decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Mapping, Optional, Union

from .reference import REGISTRY, Reference


@dataclass(frozen=True)
class Anonymous:
    """No credential.  It is a value, not the absence of one: public images need nothing else."""

    source: str = "anonymous"


@dataclass(frozen=True)
class Bearer:
    """A Chainguard token of audience cgr.dev, sent as it is.  It never shows in a repr, so in no log either."""

    secret: str
    source: str

    def __repr__(self) -> str:
        return f"Bearer(source={self.source!r})"


Credential = Union[Anonymous, Bearer]
Source = Callable[[], Optional[Credential]]
"""One place where credentials may be: answers `None` where it has nothing, and raises `AccessRefused` where it is broken."""


@dataclass(frozen=True)
class Keychain:
    """The sources of credentials for cgr.dev, in order."""

    sources: tuple[Source, ...] = ()

    @classmethod
    def of(cls, token: str | None, environment: Mapping[str, str]) -> Keychain:
        """Chains the sources there are: what the caller gave, then the environment's `CGR_TOKEN`.

        Args:
            token: a Chainguard token (`chainctl auth token --audience cgr.dev`), or `None`.
            environment: the environment variables, as they were read once at the start.
        """
        return cls((_given(token, "the token that was given"), _given(environment.get("CGR_TOKEN"), "CGR_TOKEN")))

    def credential_for(self, reference: Reference) -> Credential:
        """Returns the credential of the first source that has one; a host other than cgr.dev gets none of them."""
        if reference.host == REGISTRY:
            for source in self.sources:
                credential = source()
                if credential is not None:
                    return credential
        return Anonymous()


def _given(token: str | None, where: str) -> Source:
    return lambda: Bearer(token.strip(), where) if token and token.strip() else None
