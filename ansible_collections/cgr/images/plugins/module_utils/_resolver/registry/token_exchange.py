# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tokens: what the registry grants for a credential, one per repository, kept for as long as it is good.

How a repository is asked about, by Chainguard's documentation and the Docker registry token specification:

1. A Chainguard token of audience cgr.dev is a bearer token already.  It is sent as it is.
2. Otherwise `GET /token?scope=repository:ORG/IMAGE:pull` on the registry's own host grants one for that repository:
   without credentials, or with a name and password.  An identity token is sent there as a refresh token, by POST.
3. Before it expires, or once after it was refused, it is asked for anew.

The token endpoint is the documented one.  A challenge (`WWW-Authenticate`) is not followed: it could name any host.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from dataclasses import dataclass, field

from ..auth import jwt
from ..auth.credentials import Basic, Bearer, Credential, Refresh
from ..errors import UntrustworthyAnswer
from ..http.exchange import describe_body
from ..http.transport import Transport
from ..model.grammar import REGISTRY
from ..model.reference import Reference
from ..redaction import remember_secret
from . import response_errors

SECONDS_BY_DEFAULT = 60
"""How long a token without `expires_in` is valid (Docker registry token specification)."""

CLIENT_ID = "pulumi-cgr"
"""The `client_id` of an exchange of an identity token (Docker registry token specification)."""

_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Token:
    """A granted token; `until` is when to renew it, by `time.monotonic()`."""

    text: str = field(repr=False)
    until: float


@dataclass(eq=False, repr=False)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: Token | None = None


class TokenExchange:
    """The tokens granted in this process.  Threads that need the same one wait for one request.

    Args:
        transport: sends the requests.
        audience: whom credentials are sent to; a Chainguard token for anybody else is not sent.
    """

    def __init__(self, transport: Transport, audience: str) -> None:
        self._transport = transport
        self._audience = audience
        self._lock = threading.Lock()
        self._slots: dict[tuple[str, str, Credential], _Slot] = {}

    def authorization(
        self, base: str, reference: Reference, credential: Credential, deadline: float, refused: str | None = None
    ) -> str:
        """Returns the `Authorization` header for requests about a repository.

        Args:
            base: the registry's URL.
            reference: an image of the repository.
            credential: what the caller holds.
            deadline: when to give up, by `time.monotonic()`, in seconds.
            refused: a header returned before, which the registry has refused; it is not returned again.

        Raises:
            AccessRefused: the registry grants nothing for this credential.
            RegistryUnavailable, UntrustworthyAnswer: as with any request.
        """
        self._check_audience(credential)
        if isinstance(credential, Bearer):
            return f"Bearer {credential.secret}"
        with self._lock:
            slot = self._slots.setdefault((base, reference.name, credential), _Slot())
        with slot.lock:
            if slot.token is None or slot.token.until <= time.monotonic() or f"Bearer {slot.token.text}" == refused:
                slot.token = self._exchange(base, reference, credential, deadline)
            return f"Bearer {slot.token.text}"

    def _check_audience(self, credential: Credential) -> None:
        if isinstance(credential, Bearer):
            jwt.check_audience(credential.secret, self._audience, credential.source)
        elif self._audience != REGISTRY and isinstance(credential, (Basic, Refresh)):
            secret = credential.secret if isinstance(credential, Refresh) else credential.password
            jwt.check_audience(secret, self._audience, credential.source)

    def _exchange(self, base: str, reference: Reference, credential: Credential, deadline: float) -> Token:
        asked = time.monotonic()
        scope = {"scope": f"repository:{reference.name}:pull"}
        if isinstance(credential, Refresh):
            grant = {"grant_type": "refresh_token", "service": self._audience, "client_id": CLIENT_ID}
            form = {**scope, **grant, "refresh_token": credential.secret}
            response = self._transport.post(f"{base}/token", form, None, deadline)
        else:
            response = self._transport.get(f"{base}/token", scope, basic_header(credential), deadline)
        if response.status != 200:
            raise response_errors.token_error(response, reference, credential)
        return _parse(response.body, asked)


def basic_header(credential: Credential | None) -> str | None:
    """Returns the `Authorization` header of a user name and a password; `None` for any other credential."""
    if not isinstance(credential, Basic):
        return None
    return "Basic " + base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()


def _parse(body: bytes, asked: float) -> Token:
    try:
        answer = json.loads(body)
        text = answer.get("token") or answer.get("access_token")
    except (ValueError, AttributeError, RecursionError) as error:
        raise UntrustworthyAnswer(f"The registry's token endpoint answered no token: {describe_body(body)}.") from error
    if not isinstance(text, str) or not _PRINTABLE.fullmatch(text):
        raise UntrustworthyAnswer("The registry's token endpoint answered no token that can be used.")
    remember_secret(text)
    seconds = answer.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < 86400:
        seconds = SECONDS_BY_DEFAULT
    return Token(text, asked + seconds - min(10, seconds / 2))
