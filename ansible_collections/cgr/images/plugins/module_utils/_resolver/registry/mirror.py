# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a mirror serves a digest.

A mirror is asked with the credentials that Docker has for it, never with those for cgr.dev.  It may name a token endpoint, as
the Docker registry token specification describes, but only on its own host.  Many mirrors fetch a digest when it is asked for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Callable, Mapping
from urllib.parse import urlsplit

from ..auth.credentials import Bearer, Credential, Refresh
from ..errors import (
    AccessRefused,
    CgrError,
    CredentialsRefused,
    Gone,
    NotSignedIn,
    RegistryUnavailable,
    UntrustworthyAnswer,
)
from ..http.exchange import Response
from ..http.transport import Transport
from ..model.grammar import is_loopback
from ..model.manifest import MANIFEST_TYPES
from ..model.reference import Reference
from ..redaction import redact, remember_secret
from .token_exchange import CLIENT_ID, basic_header

FindCredential = Callable[[str, str, float], "Credential | None"]
"""Finds the credential that Docker has for a host and the name of a repository there, until a deadline."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(eq=False, repr=False)
class Mirror:
    """Asks mirrors.

    Attributes:
        transport: sends the requests.
        find_credential: finds the credential for a mirror.
    """

    transport: Transport
    find_credential: FindCredential

    def check(self, reference: Reference, digests: Mapping[str, str], deadline: float) -> None:
        """Checks that the mirror of an image serves some digests.

        Args:
            reference: the image, written with the name of a mirror.
            digests: the digests, by what they are, such as `the index`.
            deadline: when to give up, by `time.monotonic()`, in seconds.

        Raises:
            Gone: the mirror does not serve one of them.
            AccessRefused: the mirror requires other credentials.
            RegistryUnavailable, UntrustworthyAnswer: as with any request.
        """
        host, _slash, name = reference.repository.partition("/")
        base = f"{'http' if is_loopback(host) else 'https'}://{host}"
        credential = self.find_credential(host, name, deadline)
        authorization = _direct(credential)
        for what, digest in digests.items():
            url = f"{base}/v2/{name}/manifests/{digest}"
            response = self._head(url, authorization, deadline)
            if response.status == 401:
                authorization = self._token(response, base, name, credential, deadline)
                response = self._head(url, authorization, deadline)
            if response.status != 200:
                raise _error(response, reference, host, f"{what} {digest}", credential)
            _reject_something_else(response, reference, host, f"{what} {digest}")

    def _head(self, url: str, authorization: str | None, deadline: float) -> Response:
        accept = ", ".join(MANIFEST_TYPES)
        return self.transport.get(url, {}, authorization, deadline, accept=accept, method="HEAD")

    def _token(
        self, response: Response, base: str, name: str, credential: Credential | None, deadline: float
    ) -> str | None:
        """Answers a challenge; returns the `Authorization` header."""
        scheme, _space, rest = response.headers.get("WWW-Authenticate", "").partition(" ")
        if scheme.lower() == "basic":
            return basic_header(credential)
        parameters = dict(_PARAMETER.findall(rest))
        realm = parameters.get("realm", "")
        if scheme.lower() != "bearer" or not realm:
            raise UntrustworthyAnswer(
                f"The mirror {urlsplit(base).netloc} answered 401, and does not say how to sign in. Check that it is a"
                " registry, or omit check_mirror for it."
            )
        if not _is_same_host(realm, base):
            raise UntrustworthyAnswer(
                f"The mirror {urlsplit(base).netloc} wants a token from {redact(realm)}, which was not asked:"
                " credentials go to their own host only. Omit check_mirror for it."
            )
        scope = {"scope": f"repository:{name}:pull"}
        service = {"service": parameters["service"]} if "service" in parameters else {}
        if isinstance(credential, Refresh):
            form = {**scope, **service, "grant_type": "refresh_token", "refresh_token": credential.secret}
            granted = self.transport.post(realm, {**form, "client_id": CLIENT_ID}, None, deadline)
        else:
            granted = self.transport.get(realm, {**service, **scope}, basic_header(credential), deadline)
        if granted.status in (401, 403):
            return None  # the next answer says that the credentials were refused
        return _bearer(granted, urlsplit(base).netloc)


def _is_same_host(realm: str, base: str) -> bool:
    try:
        parts, own = urlsplit(realm), urlsplit(base)
        return (parts.scheme, parts.netloc.lower()) == (own.scheme, own.netloc.lower())
    except ValueError:
        return False


def _direct(credential: Credential | None) -> str | None:
    return f"Bearer {credential.secret}" if isinstance(credential, Bearer) else None


def _bearer(response: Response, host: str) -> str:
    """Returns the header for a granted token."""
    try:
        answer = json.loads(response.body) if response.status == 200 else {}
        token = answer.get("token") or answer.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token:
        raise UntrustworthyAnswer(
            f"The mirror {host} granted no token, although it names an address for tokens (it answered {response.status})."
            " A proxy or a sign-in page may be the cause."
        )
    remember_secret(token)
    return f"Bearer {token}"


def _reject_something_else(response: Response, reference: Reference, host: str, what: str) -> None:
    """Rejects an answer that is not about the digest that was asked for, such as that of a sign-in page."""
    digest = response.headers.get("Docker-Content-Digest")
    is_page = response.headers.get("Content-Type", "").startswith("text/")
    if digest == what.rpartition(" ")[2] or (digest is None and not is_page):
        return
    raise UntrustworthyAnswer(
        f"the mirror {host} answers with something else than {what}. A proxy or a sign-in page may be the cause.",
        image=reference.image,
    )


def _error(response: Response, reference: Reference, host: str, what: str, credential: Credential | None) -> CgrError:
    answered = f"(it answered {response.status})"
    kind: type[AccessRefused] = CredentialsRefused if credential else NotSignedIn
    if response.status in (401, 403):
        said = f"refuses the credentials from {credential.source}" if credential else "wants credentials"
        message = f"the mirror {host} {said}. Sign in: docker login {host} {answered}"
        return kind(message, image=reference.image)
    if response.status == 404:
        return Gone(
            f"the mirror {host} does not serve {what}. Let it fetch the image, or wait until it has {answered}.",
            image=reference.image,
        )
    if response.status >= 500:
        message = f"the mirror {host} cannot be asked; try again later {answered}."
        return RegistryUnavailable(message, image=reference.image)
    return UntrustworthyAnswer(
        f"the mirror {host} gave an answer that makes no sense here {answered}. Check that it is a registry, or omit"
        " check_mirror for it.",
        image=reference.image,
    )
