# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""How a registry for tests serves manifests, referrers and blobs, and the storage of its blobs on another host."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from .contents import OCI_INDEX, Contents
from .exchange import Reply, Request, serve
from .histories import Histories


class ContentApi:
    """Serves the contents of a registry, as the OCI distribution specification describes it.

    Args:
        contents: the contents.
        histories: the histories of tags: a tag with a history points at its last digest.
    """

    def __init__(self, contents: Contents, histories: Histories) -> None:
        self.contents = contents
        self.histories = histories
        self.storage: Storage | None = None

    def manifest(self, name: str, reference: str, request: Request) -> Reply:
        """Responds with a manifest, by its digest or by a tag."""
        moves = self.histories.moves(f"{name}:{reference}")
        digest = moves[-1].digest if moves else self.contents.tags.get((name, reference), reference)
        policy = self.contents.denied.get(digest)
        if policy:
            return Reply.of_error(self.contents.denied_status, "DENIED", f"pull denied by policy: {policy}")
        stored = self.contents.manifests.get((name, digest))
        if stored:
            headers = {"Content-Type": stored.media_type, "Docker-Content-Digest": digest}
            return Reply(200, stored.body, headers)
        if moves and request.method == "HEAD":  # a history without contents has no more than digests
            return Reply(200, headers={"Content-Type": OCI_INDEX, "Docker-Content-Digest": digest}, length=1)
        return Reply.of_error(404, "MANIFEST_UNKNOWN", "manifest unknown")

    def referrers(self, name: str, digest: str, request: Request) -> Reply:
        """Responds with the index of what is attached to a digest."""
        if not self.contents.has_referrers:
            return Reply.of_error(404, "NOT_FOUND", "page not found")
        index = self.contents.referrers(name, digest, request.query.get("artifactType"))
        headers = {"Content-Type": OCI_INDEX}
        if "artifactType" in request.query:
            headers["OCI-Filters-Applied"] = "artifactType"
        return Reply.of_json(200, index, headers)

    def blob(self, name: str, digest: str, request: Request) -> Reply:
        """Responds with a blob, or redirects to the storage."""
        stored = self.contents.blobs.get((name, digest))
        if stored is None:
            return Reply.of_error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if self.storage:
            return Reply(307, headers={"Location": self.storage.url_of(name, digest)})
        return Reply(200, stored.body, {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest})


class Storage:
    """Another host from which blobs are served, by signed URLs.  It refuses a request with an `Authorization`, as cgr.dev's does.

    Args:
        contents: the contents of the registry.
        now: its clock, in seconds since 1970.

    Attributes:
        requests: all requests so far, in order.
    """

    def __init__(self, contents: Contents, now: Callable[[], float]) -> None:
        self.contents = contents
        self.now = now
        self.requests: list[Request] = []
        self._signature = secrets.token_urlsafe(16)
        self._server = serve(self)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def url_of(self, name: str, digest: str) -> str:
        """Returns the URL of a blob."""
        return f"{self.url}/{name}/{digest}?signature={self._signature}"

    def start(self) -> None:
        """Starts it, in a new thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True, name="cgr-storage").start()

    def stop(self) -> None:
        """Stops it and releases the port."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Reply:
        """Returns the response to a request."""
        name, _slash, digest = request.path.strip("/").rpartition("/")
        stored = self.contents.blobs.get((name, digest))
        if "authorization" in request.headers or request.query.get("signature") != self._signature:
            return Reply(400, b"<Error>Only one auth mechanism allowed</Error>")
        return Reply(200, stored.body) if stored else Reply(404)

    def note(self, request: Request) -> None:
        """Records a request."""
        self.requests.append(request)
