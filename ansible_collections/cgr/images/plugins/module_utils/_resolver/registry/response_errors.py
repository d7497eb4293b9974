# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The meaning of the registry's error responses, and what to do about them.

The wording of the registry is Chainguard's; where a status has two meanings, the sentence gives both.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..auth.credentials import Anonymous, Credential
from ..errors import (
    AccessRefused,
    CgrError,
    CredentialsExpired,
    CredentialsRefused,
    DeniedByPolicy,
    Gone,
    NotEntitled,
    NotSignedIn,
    RegistryUnavailable,
    UnknownOrganisation,
    UnknownRepository,
    UntrustworthyAnswer,
)
from ..http.exchange import Response
from ..model.reference import Reference
from ..redaction import redact

SIGN_IN = "chainctl auth configure-docker, or set CGR_TOKEN to what `chainctl auth token --audience cgr.dev` prints"


_POLICY = re.compile(r"denied by policy:?\s*[\"'`]?([A-Za-z0-9][A-Za-z0-9._/-]*)", re.IGNORECASE)


def token_error(response: Response, reference: Reference, credential: Credential) -> CgrError:
    """Returns the error for an answer of the token endpoint other than 200."""
    said = _said(response)
    text = response.body[:2000].decode("utf-8", "replace").lower()
    organisation = reference.name.partition("/")[0]
    if response.status == 400 and "expired" in text:
        return CredentialsExpired(
            f"{credential.source}: the pull token has expired. Create a new one: chainctl auth configure-docker --pull-token"
            f" --parent {organisation} ({said})",
            image=reference.image,
        )
    if response.status == 400 and "unable to resolve" in text:
        return UnknownOrganisation(
            f"the organisation {organisation} does not exist. List yours: chainctl iam organizations list ({said})",
            image=reference.image,
        )
    if response.status in (400, 401, 403):
        return _refused_at_token(reference, credential, said)
    return _odd_status(response, reference)


def history_error(response: Response, reference: Reference, credential: Credential) -> CgrError:
    """Returns the error for an answer of the history endpoint other than 200."""
    return _denied(response, reference, "this image") or _error(response, reference, credential)


def content_error(response: Response, reference: Reference, credential: Credential, name: str) -> CgrError:
    """Returns the error for an answer other than 200 about a manifest or a blob.

    Args:
        response: the answer.
        reference: an image of the repository.
        credential: the credential that was used.
        name: what was asked for, with its digest, such as `the index sha256:…`.
    """
    denied = _denied(response, reference, name)
    if denied is None and response.status == 404 and not is_unknown_repository(response):
        return Gone(
            f"the registry does not serve {name}. It may have been deleted: ask for another build ({_said(response)})",
            image=reference.image,
        )
    return denied or _error(response, reference, credential)


def _denied(response: Response, reference: Reference, name: str) -> DeniedByPolicy | None:
    """Returns the error for an answer that names a pull policy, whatever its status is."""
    text = response.body[:2000].decode("utf-8", "replace")
    if "denied by policy" not in text.lower():
        return None
    policy = _POLICY.search(text)
    named = f"the pull policy {redact(policy[1])}" if policy else "a pull policy"
    ask = "ask whoever set the policy for an exception"
    advice = f"Pin another build, or {ask}"
    if reference.tag:
        look = f"cgr-images resolve {reference.upstream}:{reference.tag} --pullable --on-denied older"
        advice = f"Look for the newest build that it allows: {look}. Or {ask}"
    error = DeniedByPolicy(
        f"{named} of the organisation denies {name}. {advice} ({_said(response)})", image=reference.image
    )
    error.policy = redact(policy[1]) if policy else None
    return error


def _error(response: Response, reference: Reference, credential: Credential) -> CgrError:
    said = _said(response)
    if response.status == 403:
        return _not_entitled(reference, credential, said)
    if response.status == 401:
        return _refused_at_token(reference, credential, said)
    if is_unknown_repository(response):
        return UnknownRepository(
            f"{_named(reference)} does not exist. Check its spelling, or list the organisation's: chainctl images repos list"
            f" --parent {reference.name.partition('/')[0]} ({said})",
            image=reference.image,
        )
    return _odd_status(response, reference)


def is_unknown_repository(response: Response) -> bool:
    """Whether an answer says that the repository, not only the tag, does not exist (OCI error code NAME_UNKNOWN)."""
    return response.status == 404 and any(error.get("code") == "NAME_UNKNOWN" for error in _errors(response.body))


def _refused_at_token(reference: Reference, credential: Credential, said: str) -> AccessRefused:
    if isinstance(credential, Anonymous):
        return NotSignedIn(
            f"{_named(reference)} is not public, or does not exist, and no credentials were sent. Sign in: {SIGN_IN} ({said})",
            image=reference.image,
        )
    return CredentialsRefused(
        f"the credentials from {credential.source} were refused. Either they are malformed or have expired, or"
        f" {_named(reference)} does not exist in {reference.name.partition('/')[0]}. Renew them: {SIGN_IN} ({said})",
        image=reference.image,
    )


def _not_entitled(reference: Reference, credential: Credential, said: str) -> AccessRefused:
    if isinstance(credential, Anonymous):
        return _refused_at_token(reference, credential, said)
    organisation = reference.name.partition("/")[0]
    return NotEntitled(
        f"signed in by {credential.source}, but {_named(reference)} does not exist in {organisation}, or this identity may not"
        f" pull it. List what it may pull: chainctl images repos list --parent {organisation} ({said})",
        image=reference.image,
    )


def _named(reference: Reference) -> str:
    return f"the repository {reference.upstream}" if reference.is_mirrored else "the repository"


def _odd_status(response: Response, reference: Reference) -> CgrError:
    if response.status >= 500:
        return RegistryUnavailable(f"the registry failed; try again later ({_said(response)})", image=reference.image)
    return UntrustworthyAnswer(
        f"the registry gave an answer that makes no sense here ({_said(response)})", image=reference.image
    )


def _said(response: Response) -> str:
    messages = [error["message"] for error in _errors(response.body) if isinstance(error.get("message"), str)]
    text = messages[0] if messages else response.body[:4000].decode("utf-8", "replace").strip()
    return f"the registry answered {response.status}{': ' + redact(text) if text and not text.startswith('<') else ''}"


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
