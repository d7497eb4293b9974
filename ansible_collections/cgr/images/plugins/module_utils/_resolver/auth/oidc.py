# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Assumable identities: a CI's OIDC token, exchanged at Chainguard's issuer for a token, without chainctl.

Source: Chainguard Academy, "Assumable identities".  `POST /sts/exchange` at the issuer, with the OIDC token as bearer and
the form `aud=cgr.dev&identity=UIDP`, answers `{"token": …}`.  The OIDC token is given, or in a file (Kubernetes, GitLab),
or is asked of GitHub Actions (GitHub Docs, "OpenID Connect reference").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import BrokenCredentials, CredentialsRefused, InvalidArgument, redact
from ..http.exchange import Response
from ..http.transport import Transport
from ..model.reference import REGISTRY, Reference, is_loopback
from ..settings import Settings
from .credentials import Bearer, Credential

RETRY = frozenset({502, 503})


@dataclass(frozen=True)
class AssumedIdentity:
    """An identity among the settings, and an OIDC token to assume it with."""

    settings: Settings
    transport: Transport
    name: str = "assumable identity"

    def find(self, reference: Reference, deadline: float) -> Credential | str:
        """Returns the token the issuer gives."""
        if not self.settings.identity:
            return "identity is not given"
        oidc, where = self._oidc_token(deadline)
        url = f"{_safe(self.settings.issuer, 'issuer')}/sts/exchange"
        form = {"aud": REGISTRY, "identity": self.settings.identity}
        response = self.transport.post(url, form, f"Bearer {oidc}", deadline, RETRY)
        token = _field(response, "token")
        if response.status != 200 or token is None:
            said = _field(response, "message") or ""
            raise CredentialsRefused(
                f"the issuer does not let {where} assume the identity {self.settings.identity}: it answered {response.status}"
                f" {redact(said)}. Check the identity, and that it trusts this issuer and subject: chainctl iam identities list"
            )
        return Bearer(token, f"the identity {self.settings.identity}")

    def _oidc_token(self, deadline: float) -> tuple[str, str]:
        """Returns the OIDC token, and where it is from."""
        if self.settings.identity_token:
            return self.settings.identity_token, "the identity token that was given"
        if self.settings.identity_token_file:
            return _read(self.settings.identity_token_file), self.settings.identity_token_file
        environment = self.settings.environment
        url, token = (environment.get(f"ACTIONS_ID_TOKEN_REQUEST_{part}", "") for part in ("URL", "TOKEN"))
        if not url or not token:
            raise BrokenCredentials(
                "identity is given, but no OIDC token to assume it with: give identity_token or identity_token_file, or, in"
                " GitHub Actions, the permission 'id-token: write'."
            )
        _safe(url, "ACTIONS_ID_TOKEN_REQUEST_URL")
        audience = {"audience": urlsplit(self.settings.issuer).netloc}
        response = self.transport.get(url, audience, f"Bearer {token}", deadline)
        value = _field(response, "value")
        if response.status != 200 or value is None:
            raise BrokenCredentials(f"GitHub Actions gives no OIDC token: it answered {response.status}.")
        return value, "this GitHub Actions job"


def _read(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise BrokenCredentials(f"identity_token_file {redact(path)} cannot be read: {reason}.") from error
    if not text:
        raise BrokenCredentials(f"identity_token_file {redact(path)} is empty.")
    return text


def _safe(url: str, what: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))):
        raise InvalidArgument(f"{what} {redact(url)} is not the address of a server: write https://HOST.")
    return url.rstrip("/")


def _field(response: Response, name: str) -> str | None:
    try:
        value = json.loads(response.body).get(name)
    except (ValueError, AttributeError, RecursionError):
        return None
    return value if isinstance(value, str) and value else None
