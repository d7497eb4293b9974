# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Requests about one repository, with a token for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from ..auth.credentials import Bearer, Credential
from ..http.exchange import Response
from ..http.transport import Transport
from ..model.reference import Reference
from .token_exchange import TokenExchange


@dataclass(eq=False, repr=False)
class Repository:
    """One repository of a registry.

    Attributes:
        transport: sends the requests.
        tokens: the tokens for them.
        base: the registry's URL.
        reference: an image of the repository.
        credential: what the caller holds.
        deadline: when to give up, by `time.monotonic()`, in seconds.
    """

    transport: Transport
    tokens: TokenExchange
    base: str
    reference: Reference
    credential: Credential
    deadline: float

    def get(self, path: str, params: Mapping[str, str], **options: Any) -> Response:
        """Sends a GET and reads the answer.

        Args:
            path: the path below the repository, such as `manifests/latest`.
            params: the query.
            options: see `Transport.get`.

        Raises:
            AccessRefused: the registry grants no token.
            RegistryUnavailable, UntrustworthyAnswer: as with any request.
        """
        url = f"{self.base}/v2/{self.reference.name}/{path}"
        authorization = self._authorization(None)
        response = self.transport.get(url, params, authorization, self.deadline, **options)
        # In the middle of work a token may expire: it is renewed, once.
        if response.status == 401 and not isinstance(self.credential, Bearer):
            response = self.transport.get(url, params, self._authorization(authorization), self.deadline, **options)
        return response

    def _authorization(self, refused: str | None) -> str:
        return self.tokens.authorization(self.base, self.reference, self.credential, self.deadline, refused)
