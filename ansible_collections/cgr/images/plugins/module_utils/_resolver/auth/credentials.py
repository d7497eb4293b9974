# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials: what the caller holds, and where it may come from.

A *credential* is what somebody was given; a *token* is what the registry grants for it, for one repository.
None of them ever shows its secret in a repr, and so in no log either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol, Union

from ..errors import BrokenCredentials
from ..model.reference import Reference
from ..redaction import remember_secret

_WRONG = (
    (re.compile("[\r\n\v\f\x85\u2028\u2029]"), "a line end"),
    (re.compile("\0"), "a NUL"),
    (re.compile("[\ufeff\ufffe]"), "a byte order mark"),
    (re.compile("[\ud800-\udfff]"), "half of a surrogate pair"),
    (re.compile("[\x00-\x1f\x7f-\x9f]"), "a control character"),
    (re.compile("[^\x00-\xff]"), "a character outside Latin-1"),
)
_NOT_IN_TOKENS = re.compile(r"[^\x21-\x7e]")


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
    """Returns the credential a user name and a secret mean, by the conventions of Docker and of Chainguard.

    Raises:
        BrokenCredentials: one of them contains what no credential has.
    """
    if username == "_token":  # Chainguard: the secret is a Chainguard token
        return Bearer(check_token(secret, source), source)
    if username == "<token>":  # Docker: the secret is an identity token
        return Refresh(check_token(secret, source), source)
    remember_secret(secret)
    _check_text(username, f"{source}: the user name")
    if ":" in username:
        raise BrokenCredentials(f"{source}: the user name contains a colon, which HTTP does not allow.")
    return Basic(username, _check_text(secret, f"{source}: the password"), source)


def check_token(token: str, source: str) -> str:
    """Returns a token, if it can be one; it is hidden from now on in all that is shown.

    Raises:
        BrokenCredentials: it cannot; the message names its source.
    """
    remember_secret(token)
    if token.lstrip("\ufeff \r\n\t")[:1] in ("{", "[", '"'):
        raise BrokenCredentials(f"{source} is JSON, not a token. Give the token alone, without what is around it.")
    _check_text(token, source)
    if not token or _NOT_IN_TOKENS.search(token):
        raise BrokenCredentials(
            f"{source} contains a space or another character that no token has. Give the token alone."
        )
    return token


def _check_text(text: str, what: str) -> str:
    for pattern, name in _WRONG:
        if pattern.search(text):
            raise BrokenCredentials(f"{what} contains {name}, which no credential has. Give it anew, without that.")
    return text


@dataclass(frozen=True)
class Considered:
    """The outcome of one source: its name, and why it was used or not."""

    source: str
    outcome: str


class CredentialSource(Protocol):
    """A place where credentials may be."""

    @property
    def name(self) -> str:
        """The name of the source, for people."""

    def find(self, reference: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        """Returns the credential for an image, or why the source does not give one.

        Args:
            reference: the image.
            deadline: when to give up, by `time.monotonic()`, in seconds.
            refused: a credential that the registry did not take; it is not returned without asking again.

        Raises:
            CgrError: there is something, but it is broken or does not answer.
        """


@dataclass(frozen=True)
class Found:
    """A credential, the outcome of each source, and how many seconds were spent waiting for other threads."""

    credential: Credential
    considered: tuple[Considered, ...]
    waited: float = 0.0
