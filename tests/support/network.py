# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A network inside the process, for tests of which credential goes to which URL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.cgr.images.plugins.module_utils._resolver.http.exchange import Response
from ansible_collections.cgr.images.plugins.module_utils._resolver.http.transport import Transport


@dataclass
class Network(Transport):
    """A network that gives each URL one response, and keeps what was sent."""

    responses: dict[str, Response] = field(default_factory=dict)
    sent: list[tuple[object, ...]] = field(default_factory=list)
    repeated: list[frozenset[int]] = field(default_factory=list)

    def get(
        self, url: str, params: Mapping[str, str], authorization: str | None, deadline: float, **_options: Any
    ) -> Response:
        self.sent.append(("GET", url, dict(params), authorization, deadline))
        return self.responses[url]

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        authorization: str | None,
        deadline: float,
        retry_statuses: frozenset[int] = frozenset(),
    ) -> Response:
        self.sent.append(("POST", url, dict(form), authorization, deadline))
        self.repeated.append(retry_statuses)
        return self.responses[url]


def reply(status: int, body: object) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())
