# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the registry means when it refuses, and what to do about it.

The wording of the registry is Chainguard's; where a status has two meanings, the sentence gives both.
"""

from __future__ import annotations

import json
from typing import Any

from .credentials import Anonymous, Credential
from .errors import AccessRefused, CgrError, RegistryUnavailable, UnknownRepository, UntrustworthyAnswer, quoted
from .reference import Reference
from .transport import Response

SIGN_IN = "set CGR_TOKEN to what `chainctl auth token --audience cgr.dev` prints"


def of_token(response: Response, reference: Reference, credential: Credential) -> CgrError:
    """Returns the error that an answer of the token endpoint other than 200 means."""
    if response.status in (400, 401, 403):
        return _access_refused(response, reference, credential)
    return _odd_status(response, reference)


def of_history(response: Response, reference: Reference, credential: Credential) -> CgrError:
    """Returns the error that an answer of the history endpoint other than 200 means."""
    if response.status in (401, 403):
        return _access_refused(response, reference, credential)
    if names_unknown_repository(response):
        return UnknownRepository(
            f"{reference.repository}: there is no such repository. Check its spelling ({_said(response)})."
        )
    return _odd_status(response, reference)


def names_unknown_repository(response: Response) -> bool:
    """Whether an answer says that the repository, not only the tag, does not exist (OCI error code NAME_UNKNOWN)."""
    return response.status == 404 and any(error.get("code") == "NAME_UNKNOWN" for error in _errors(response.body))


def what_it_is(body: bytes) -> str:
    """Says in a few words what a body is that should have been another."""
    start = body[:200].lstrip().lower()
    if not start:
        return "it is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        return "it is a web page; a proxy or a sign-in page may stand in between"
    return f"it begins with {quoted(body[:60].decode('utf-8', 'replace'))}"


def _access_refused(response: Response, reference: Reference, credential: Credential) -> AccessRefused:
    said = _said(response)
    if isinstance(credential, Anonymous):
        return AccessRefused(
            f"{reference.repository} is not public, or does not exist, and no credentials were found. To see it,"
            f" {SIGN_IN} ({said})."
        )
    return AccessRefused(
        f"{reference.repository}: the credentials from {credential.source} were refused. They have expired, or there is no such"
        f" repository, or they may not pull it. To renew them, {SIGN_IN} ({said})."
    )


def _odd_status(response: Response, reference: Reference) -> CgrError:
    if response.status >= 500:
        return RegistryUnavailable(f"{reference.repository}: the registry failed; try again later ({_said(response)}).")
    return UntrustworthyAnswer(
        f"{reference.repository}: the registry gave an answer that makes no sense here ({_said(response)})."
    )


def _said(response: Response) -> str:
    messages = [error["message"] for error in _errors(response.body) if isinstance(error.get("message"), str)]
    text = messages[0] if messages else response.body[:200].decode("utf-8", "replace").strip()
    return f"the registry answered {response.status}{': ' + quoted(text) if text and not text.startswith('<') else ''}"


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
