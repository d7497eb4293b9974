# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The history of a tag by the API that is proposed for the OCI distribution specification (pull request 606 there).

`GET /v2/NAME/_oci/tag-history/TAG?n=&before=&since=` answers an OCI index, newest first, whose annotations say when the tag
was created at a digest or deleted.  Both bounds are exclusive, and a `Link` header leads to the next page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ..resolver import Instant
from .contents import OCI_INDEX, OCI_MANIFEST
from .exchange import Reply, Request
from .histories import Histories

TIMESTAMP = "org.opencontainers.distribution.tag.timestamp"
EVENT = "org.opencontainers.distribution.tag.event"
CREATED, DELETED = "created", "deleted"
LARGEST_PAGE = 1000


class OciTagHistory:
    """Serves histories in that form.

    Args:
        histories: the histories.
    """

    def __init__(self, histories: Histories) -> None:
        self._histories = histories

    def page(self, name: str, tag: str, request: Request) -> Reply:
        """Responds with a page of a tag's history."""
        try:
            before, since = (
                Instant.parse(request.query[bound]) if bound in request.query else None for bound in ("before", "since")
            )
            count = min(int(request.query.get("n", LARGEST_PAGE)), LARGEST_PAGE)
        except ValueError:
            return Reply.of_error(400, "INVALID", "n, before or since is malformed")
        events = [
            (moment, event)
            for moment, event in self._events(f"{name}:{tag}")
            if (before is None or moment < before) and (since is None or moment > since)
        ]
        shown = events[:count]
        headers = {"Content-Type": OCI_INDEX}
        if count and len(shown) < len(events):
            headers["Link"] = f'<{request.path}?n={count}&before={quote(str(shown[-1][0]))}>; rel="next"'
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [event for _moment, event in shown]}
        return Reply.of_json(200, index, headers)

    def _events(self, image: str) -> list[tuple[Instant, dict[str, Any]]]:
        return sorted(self._of(image), key=lambda event: event[0], reverse=True)

    def _of(self, image: str) -> Iterator[tuple[Instant, dict[str, Any]]]:
        digest = ""
        moves, deletions = self._histories.moves(image), self._histories.deletions(image)
        for move in moves:
            digest = move.digest
            yield move.updated_at, _event(digest, move.updated_at, CREATED)
        for deleted_at in deletions:
            digest = next((move.digest for move in reversed(moves) if move.updated_at <= deleted_at), digest)
            yield deleted_at, _event(digest, deleted_at, DELETED)


def _event(digest: str, moment: Instant, event: str) -> dict[str, Any]:
    annotations = {TIMESTAMP: str(moment), EVENT: event}
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 2, "annotations": annotations}
