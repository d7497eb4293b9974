# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The content of a repository: manifests, blobs, and what is attached to a manifest.

Source: the OCI distribution specification, "Pulling manifests", "Pulling blobs" and "Listing Referrers".  The bytes of a digest
never change and are always checked, so they may be kept; what a tag points at, and what is attached, may change.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Callable, Iterable
from urllib.parse import parse_qs, urljoin, urlsplit

from ..errors import RegistryUnavailable, UntrustworthyAnswer
from ..http.bounded import LARGEST_BODY
from ..http.exchange import Response, describe_body
from ..model.grammar import is_loopback
from ..model.manifest import MANIFEST_TYPES, OCI_INDEX, Descriptor, Manifest
from ..redaction import redact
from . import response_errors
from .repository import Repository

ACCEPT = ", ".join(MANIFEST_TYPES)
MAX_PAGES = 8
"""How many pages a list of referrers may have."""

Keep = Callable[[str, Callable[[], bytes]], bytes]
"""Returns the bytes that are kept for a digest, or fetches them and keeps them."""

_NEXT = re.compile(r'<([^>]*)>\s*;(?:[^,]*;)?\s*rel="?next"?', re.IGNORECASE)


@dataclass(eq=False, repr=False)
class Content:
    """The content of one repository.

    Attributes:
        repository: the repository.
        keep: keeps the bytes of digests.
    """

    repository: Repository
    keep: Keep

    def manifest(self, digest: str, name: str = "the manifest", *, anew: bool = False) -> Manifest:
        """Returns the manifest of a digest.

        Args:
            digest: its digest.
            name: what it is, for an error, such as `the index`.
            anew: whether to ask the registry even if the manifest is kept, to learn whether it may be pulled.

        Raises:
            Gone: the registry does not serve it.
            DeniedByPolicy: a pull policy denies it.
            AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for a history.
        """

        def fetch() -> bytes:
            response = self.repository.get(f"manifests/{digest}", {}, accept=ACCEPT)
            if response.status != 200:
                raise self._error(response, digest, name)
            _check_digest(response.body, digest, name)
            return response.body

        body = fetch() if anew else self.keep(digest, fetch)
        return _parse(body, digest, name)

    def tagged(self, tag: str) -> Manifest | None:
        """Returns the manifest that a tag points at now; `None` if the registry has no such tag.

        Raises:
            AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for a history.
        """
        response = self.repository.get(f"manifests/{tag}", {}, accept=ACCEPT)
        if response.status == 404 and not response_errors.is_unknown_repository(response):
            return None
        if response.status != 200:
            raise self._error(response, tag, "the tag")
        digest = response.headers.get("Docker-Content-Digest") or f"sha256:{hashlib.sha256(response.body).hexdigest()}"
        _check_digest(response.body, digest, f"the tag {tag}")
        return _parse(response.body, digest, f"the tag {tag}")

    def referrers(self, digest: str, artifact_type: str) -> tuple[Descriptor, ...]:
        """Returns what is attached to a manifest: by the API for referrers, or by the tag that replaces it.

        Args:
            digest: the digest of the manifest.
            artifact_type: the type of the artifacts to return.

        Raises:
            AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for a history.
        """
        params = {"artifactType": artifact_type}
        found: list[Descriptor] = []
        for _page in range(MAX_PAGES):
            response = self.repository.get(f"referrers/{digest}", params, accept=OCI_INDEX)
            if response.status == 404 and not response_errors.is_unknown_repository(response):
                fallback = self.tagged(digest.replace(":", "-"))
                return _of_type(fallback.manifests if fallback else (), artifact_type)
            if response.status != 200:
                raise self._error(response, digest, "the list of referrers of")
            found += _parse(response.body, digest, "the list of referrers of").manifests
            params = _next_page(response)
            if not params:
                return _of_type(found, artifact_type)
        raise UntrustworthyAnswer(f"The list of referrers of {digest} has more than {MAX_PAGES} pages; it is not used.")

    def blob(self, digest: str, limit: int = LARGEST_BODY) -> bytes:
        """Returns a blob.  The registry may redirect to another host, once; no credentials are sent there.

        Args:
            digest: its digest.
            limit: how many bytes it may have.

        Raises:
            Gone: the registry does not serve it.
            AccessRefused, NoSuchBuild, RegistryUnavailable, UntrustworthyAnswer: as for a history.
        """

        def fetch() -> bytes:
            response = self.repository.get(f"blobs/{digest}", {}, accept="*/*", limit=limit, may_redirect=True)
            if 300 <= response.status < 400:
                response = self._follow(response, limit)
            if response.status != 200:
                raise self._error(response, digest, "the blob")
            _check_digest(response.body, digest, "the blob")
            return response.body

        return self.keep(digest, fetch)

    def _follow(self, response: Response, limit: int) -> Response:
        base = f"{self.repository.base}/"
        try:
            url = urljoin(base, response.headers.get("Location", ""))
            parts = urlsplit(url)
            is_own_loopback = is_loopback(urlsplit(base).netloc) and is_loopback(parts.netloc)
            is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_own_loopback)
            is_usable = is_safe and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        except ValueError:
            is_usable = False
        if not is_usable:
            raise UntrustworthyAnswer(
                "The registry redirected a blob to something other than an https URL. A proxy may be the cause."
            )
        asked = self.repository
        stored = asked.transport.get(url, {}, None, asked.deadline, accept="*/*", limit=limit)
        if stored.status != 200:
            raise RegistryUnavailable(
                f"{parts.netloc}, to which the registry redirected a blob, answered {stored.status}; try again later."
            )
        return stored

    def _error(self, response: Response, digest: str, name: str) -> Exception:
        asked = self.repository
        return response_errors.content_error(response, asked.reference, asked.credential, f"{name} {digest}")


def _parse(body: bytes, digest: str, name: str) -> Manifest:
    try:
        return Manifest.parse(body, digest)
    except ValueError as error:
        raise UntrustworthyAnswer(
            f"The registry's answer for {name} {digest} {error}: {describe_body(body)}."
        ) from error


def _check_digest(body: bytes, digest: str, name: str) -> None:
    algorithm, _colon, wanted = digest.partition(":")
    if algorithm not in ("sha256", "sha512") or hashlib.new(algorithm, body).hexdigest() != wanted:
        raise UntrustworthyAnswer(
            f"The registry sent something else for {name} {redact(digest)}: the bytes have another digest."
            " A proxy may have changed it."
        )


def _of_type(found: Iterable[Descriptor], artifact_type: str) -> tuple[Descriptor, ...]:
    return tuple(each for each in found if each.artifact_type == artifact_type)


def _next_page(response: Response) -> dict[str, str]:
    """Returns the query of the next page of a list, if it has one; only its query, so that it is asked at the same place."""
    match = _NEXT.search(response.headers.get("Link", ""))
    return {name: values[-1] for name, values in parse_qs(urlsplit(match[1]).query).items()} if match else {}
