# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""A registry for tests, over HTTP on the loopback interface: tokens, challenges, tag histories, and digests of tags.

In a test, use `with Registry(histories) as registry: …` and `registry.url`.  In a shell, run
`python -m pulumi_cgr.testing.registry --histories FILE`, which prints the URL for `CGR_REGISTRY_URL`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..resolver import Instant
from .content_api import ContentApi, Storage
from .contents import PLATFORMS, Contents
from .exchange import Reply, Request, serve
from .histories import Histories, Readings
from .oci_tag_history import OciTagHistory


class Registry:
    """A registry on a free loopback port, from `__enter__` (or `start`) to `__exit__` (or `stop`).

    Args:
        histories: the histories of its tags (see `Histories`), which it copies.
        readings: how it behaves where the documentation of the real registry is silent.
        tokens: the tokens it accepts, as bearer or as refresh token, for repositories outside of the public `chainguard/`.
        users: the names and passwords it accepts for them.
        delay: how long it delays every response, in seconds.
        token_seconds: how long its tokens are valid, in seconds.
        now: its clock, in seconds since 1970; by default the clock of this machine.
        port: the port to listen on; 0 for any free port.
        redirects_blobs: whether it redirects requests for blobs to another host, as cgr.dev does.
        log: a file to which it appends each request as a line of JSON before it responds: `method`, `path`, `status`, and
            `size`, the size of the response body in bytes.

    Attributes:
        contents: the manifests and blobs that it serves.
        storage: the other host that it redirects requests for blobs to, if it does.
        requests: all requests so far, in order.
        interfere: a function that may return the response to a request, or `None` to let the registry respond.
    """

    def __init__(
        self,
        histories: Histories | Mapping[str, Any],
        *,
        readings: Readings | None = None,
        tokens: Collection[str] = (),
        users: Mapping[str, str] | None = None,
        delay: float = 0.0,
        token_seconds: float = 300.0,
        now: Callable[[], float] = time.time,
        port: int = 0,
        redirects_blobs: bool = False,
        log: str | Path | None = None,
    ) -> None:
        self.histories = histories.copy() if isinstance(histories, Histories) else Histories(histories)
        self.readings = readings or Readings()
        self.tokens = set(tokens)
        self.users = dict(users or {})
        self.delay = delay
        self.token_seconds = token_seconds
        self.now = now
        self.requests: list[Request] = []
        self.interfere: Callable[[Request], Reply | None] = lambda _request: None
        self._log = Path(log) if log else None
        self._granted: dict[str, tuple[str, float]] = {}
        self.contents = Contents()
        self._api = ContentApi(self.contents, self.histories)
        self._routes: dict[str, Callable[[str, str, Request], Reply]] = {
            "_chainguard/history": self._page,
            "_oci/tag-history": OciTagHistory(self.histories).page,
            "manifests": self._api.manifest,
            "referrers": self._api.referrers,
            "blobs": self._api.blob,
        }
        self._server = serve(self, port)
        self.storage = self._api.storage = Storage(self.contents, now) if redirects_blobs else None

    @property
    def url(self) -> str:
        """The URL for `CGR_REGISTRY_URL`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Registry:
        """Starts the registry, in a new thread."""
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True, name="cgr-registry").start()
        if self.storage:
            self.storage.start()
        return self

    def stop(self) -> None:
        """Stops the registry and releases the port."""
        self._server.shutdown()
        self._server.server_close()
        if self.storage:
            self.storage.stop()

    def __enter__(self) -> Registry:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def move(self, image: str, digest: str, updated_at: Instant | None = None) -> None:
        """Moves a tag (`ORG/IMAGE:TAG`) to a digest, now by the registry's clock or at an instant."""
        self.histories.move(image, digest, updated_at or Instant(int(self.now() * 1e9)).with_digits(3))

    def publish(
        self,
        image: str,
        platforms: Iterable[str] = PLATFORMS,
        *,
        created: str | None = None,
        updated_at: Instant | None = None,
    ) -> str:
        """Stores an index of images, and moves a tag to it; returns its digest.

        Args:
            image: the tag, `ORG/IMAGE:TAG`.
            platforms: the platforms to build it for.
            created: when it was built, as the annotation of the index.
            updated_at: when the tag moves to it; by default now.
        """
        number = {"dev.example.build": str(len(self.histories.moves(image)))}
        repository = image.removeprefix("cgr.dev/").rpartition(":")[0]
        digest = self.contents.push_index(repository, platforms, created=created, annotations=number)
        self.move(image, digest, updated_at)
        return digest

    def expire_tokens(self) -> None:
        """Makes every token that was granted so far expire."""
        self._granted.clear()

    def answer(self, request: Request) -> Reply:
        """Returns the response to a request, after the delay."""
        time.sleep(self.delay)
        reply = self.interfere(request)
        return self._routed(request) if reply is None else reply

    def note(self, request: Request) -> None:
        """Records a request before the response is sent."""
        self.requests.append(request)
        if self._log:
            kept = {name: getattr(request, name) for name in ("method", "path", "status", "size")}
            with self._log.open("ab", buffering=0) as file:
                file.write(json.dumps(kept).encode() + b"\n")

    def _routed(self, request: Request) -> Reply:
        if request.path == "/token":
            return self._grant(request)
        if request.path == "/v2/":
            return self._challenge("")  # tells clients where to get tokens
        for kind, answer in self._routes.items():
            name, found, reference = request.path.removeprefix("/v2/").partition(f"/{kind}/")
            if found and reference and request.path.startswith("/v2/"):
                return self._refusal(name, request) or answer(name, reference, request)
        return Reply.of_error(404, "NOT_FOUND", "page not found")

    def _grant(self, request: Request) -> Reply:
        name = request.query.get("scope", "").removeprefix("repository:").removesuffix(":pull")
        offered = request.headers.get("authorization", "") or request.query.get("refresh_token", "")
        if offered and not self._knows(offered):
            return Reply.of_error(403, "DENIED", "Forbidden")
        if not offered and not name.startswith("chainguard/"):
            return Reply.of_error(401, "UNAUTHORIZED", "Authentication required")
        token = secrets.token_urlsafe(16)
        self._granted[token] = (name, time.monotonic() + self.token_seconds)
        # Clients in Go read whole seconds only.
        return Reply.of_json(200, {"token": token, "expires_in": int(self.token_seconds) or self.token_seconds})

    def _knows(self, offered: str) -> bool:
        basic = {base64.b64encode(f"{name}:{password}".encode()).decode() for name, password in self.users.items()}
        return offered in self.tokens or offered.removeprefix("Basic ") in basic

    def _refusal(self, name: str, request: Request) -> Reply | None:
        if not self._may_see(name, request.headers.get("authorization", "")):
            return self._challenge(f',scope="repository:{name}:pull"')
        if not self.histories.has_repository(name) and not self.contents.has_repository(name):
            return Reply.of_error(404, "NAME_UNKNOWN", "repository does not exist")
        return None

    def _challenge(self, scope: str) -> Reply:
        realm = f'Bearer realm="{self.url}/token",service="cgr.dev"{scope}'
        return Reply.of_error(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": realm})

    def _may_see(self, name: str, authorization: str) -> bool:
        token = authorization.removeprefix("Bearer ")
        granted_for, until = self._granted.get(token, ("", 0.0))
        return token in self.tokens or (granted_for == name and time.monotonic() < until)

    def _page(self, name: str, tag: str, request: Request) -> Reply:
        image = f"{name}:{tag}"
        if not self.histories.moves(image) and self.readings.unknown_tag != "[]":
            if self.readings.unknown_tag == "{}":
                return Reply.of_json(200, {})
            return Reply.of_error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        try:
            start, end = (
                Instant.parse(request.query[bound]) if bound in request.query else None for bound in ("start", "end")
            )
        except ValueError as error:
            return Reply.of_error(400, "INVALID", f"start or end {error}")
        moves = self.histories.page(image, start, end, self.readings)
        return Reply.of_json(200, {"history": [self._record(move.updated_at, move.digest) for move in moves]})

    def _record(self, updated_at: Instant, digest: str) -> dict[str, str]:
        text = str(updated_at.with_digits(max(updated_at.digits, self.readings.digits)))
        return {"updateTimestamp": text, "digest": digest}


def main(arguments: list[str] | None = None) -> None:
    """Prints the URL of a registry and runs it until it is interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m pulumi_cgr.testing.registry", description="A registry for offline tests."
    )
    parser.add_argument(
        "--histories", required=True, help="JSON file: {'ORG/IMAGE:TAG': {'history': [{updateTimestamp, digest}]}}"
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument(
        "--token", action="append", default=[], help="a token that gives access to private images (repeatable)"
    )
    parser.add_argument("--delay", type=float, default=0.0, help="delay of every response, in seconds")
    parser.add_argument("--log", help="file to append a line of JSON to for each request: method, path, status, size")
    options = parser.parse_args(arguments)
    try:
        histories = Histories.load(options.histories)
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"--histories {options.histories} cannot be read: {error}")
    with Registry(histories, port=options.port, tokens=options.token, delay=options.delay, log=options.log) as registry:
        print(registry.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
