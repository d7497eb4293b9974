# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Assumable identities: a CI's OIDC token, exchanged at Chainguard's issuer for a token, without chainctl.

Source: Chainguard Academy, "Assumable identities".  `POST /sts/exchange` at the issuer, with the OIDC token as bearer and
the form `aud=cgr.dev&identity=UIDP`, answers `{"token": …}`.  The OIDC token is given, or in a file (Kubernetes, GitLab),
or is asked of GitHub Actions (GitHub Docs, "OpenID Connect reference").
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import BrokenCredentials, CredentialsRefused, RegistryUnavailable, UntrustworthyAnswer
from ..http.exchange import Response, describe_body
from ..http.transport import Transport
from ..model.grammar import REGISTRY, is_loopback
from ..model.reference import Reference
from ..redaction import redact
from ..setting_kinds import is_server_url
from ..settings import DEFAULT_ISSUER, Settings
from . import jwt
from .credentials import Bearer, Credential, check_token
from .files import read_file
from .once import Answers

RETRY = frozenset({502, 503})


@dataclass(eq=False, repr=False)
class AssumedIdentity:
    """An identity among the settings, and an OIDC token to assume it with."""

    settings: Settings
    transport: Transport
    answers: Answers
    name: str = "assumable identity"

    def find(self, reference: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        """Returns the token the issuer gives."""
        if not self.settings.identity:
            return "identity is not given"
        return self.answers.get(self.name, lambda: self._assume(deadline), refused)

    def _assume(self, deadline: float) -> Credential:
        oidc, where = self._oidc_token(deadline)
        issuer, identity = self.settings.issuer, self.settings.identity
        form = {"aud": REGISTRY, "identity": identity}
        response = self.transport.post(f"{issuer}/sts/exchange", form, f"Bearer {oidc}", deadline, RETRY)
        named = f"the issuer {urlsplit(issuer).netloc}"
        token = _token(response, "token", named)
        if token is None:
            said = _field(response, "message")
            why = f" {redact(said)}" if said else ""
            raise CredentialsRefused(
                f"the issuer does not let {where} assume the identity {identity}: it answered {response.status}{why}."
                f" Check the identity, and that it trusts this issuer and subject: chainctl iam identities list"
            )
        return Bearer(check_token(token, f"the token of {named}"), f"the identity {identity}")

    def _oidc_token(self, deadline: float) -> tuple[str, str]:
        """Returns the OIDC token, and where it is from."""
        if self.settings.identity_token:
            return self._given(self.settings.identity_token, "identity_token"), "the identity token that was given"
        path = self.settings.identity_token_file
        if path:
            where = f"identity_token_file {redact(path)}"
            return self._given(_read(path, deadline, where), where), f"the token in {redact(path)}"
        return self._github_token(deadline), "this GitHub Actions job"

    def _given(self, token: str, where: str) -> str:
        """Returns a token given for the issuer; a Chainguard token for another audience is not sent to another issuer."""
        check_token(token, where)
        if not self._is_own_issuer:
            jwt.check_audience(token, urlsplit(self.settings.issuer).netloc, where)
        return token

    @property
    def _is_own_issuer(self) -> bool:
        issuer = self.settings.issuer
        return issuer == DEFAULT_ISSUER or is_loopback(urlsplit(issuer).netloc)

    def _github_token(self, deadline: float) -> str:
        environment, issuer = self.settings.environment, self.settings.issuer
        url, token = (environment.get(f"ACTIONS_ID_TOKEN_REQUEST_{part}") for part in ("URL", "TOKEN"))
        if not url or not token:
            raise BrokenCredentials(
                "identity is given, but no OIDC token to assume it with: give identity_token or identity_token_file, or, in"
                " GitHub Actions, the permission 'id-token: write'."
            )
        if not self._is_own_issuer:
            raise BrokenCredentials(
                f"the OIDC token of this GitHub Actions job is not sent to {issuer}, which is not Chainguard's issuer."
                " To send one there, give it as identity_token."
            )
        check_token(token, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        if not is_server_url(url):
            raise BrokenCredentials(
                f"ACTIONS_ID_TOKEN_REQUEST_URL {redact(url)} is not the URL of a server: it must be https://…"
            )
        response = self.transport.get(url, {"audience": urlsplit(issuer).netloc}, f"Bearer {token}", deadline)
        value = _token(response, "value", "GitHub's issuer of OIDC tokens")
        if value is None:
            raise BrokenCredentials(f"GitHub Actions gives no OIDC token: it answered {response.status}.")
        return check_token(value, "the OIDC token of this GitHub Actions job")


def _read(path: str, deadline: float, where: str) -> str:
    text = read_file(os.path.expanduser(path), deadline, where)
    if text is None:
        raise BrokenCredentials(f"{where} cannot be read: No such file or directory.")
    if not text.strip():
        raise BrokenCredentials(f"{where} is empty.")
    return text.strip()


def _token(response: Response, name: str, where: str) -> str | None:
    """Returns the token in an answer; `None` if it was refused.

    Raises:
        RegistryUnavailable, UntrustworthyAnswer: the answer says neither.
    """
    token = _field(response, name)
    if response.status >= 500:
        raise RegistryUnavailable(f"{where} failed; try again later: it answered {response.status}.")
    if response.status == 200 and token is None:
        raise UntrustworthyAnswer(f"{where} answered no token: {describe_body(response.body)}.")
    return token if response.status == 200 else None


def _field(response: Response, name: str) -> str | None:
    try:
        value = json.loads(response.body).get(name)
    except (ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) and value else None
