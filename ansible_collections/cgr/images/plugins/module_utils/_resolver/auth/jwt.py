# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The claims of JSON Web Tokens (RFC 7519).  Nothing is verified here: the registry does that."""

from __future__ import annotations

import base64
import json
from typing import Any

from ..errors import WrongAudience
from ..model.grammar import REGISTRY
from ..redaction import redact

CHAINGUARD = "enforce.dev"
"""The domain of Chainguard's issuer of tokens."""


def claims(token: str) -> dict[str, Any]:
    """Returns the claims of a JSON Web Token; an empty dictionary for a token of another kind."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))  # too much padding is ignored
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def seconds_left(token: str, now: float) -> float | None:
    """Returns the seconds until a token expires, by `now` in seconds since 1970; `None` where it does not say."""
    expires = claims(token).get("exp")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)) or not abs(expires) < 1e12:
        return None
    return float(expires) - now


def check_audience(token: str, audience: str, source: str) -> None:
    """Refuses a Chainguard token that was issued for another audience, before it is sent.

    Args:
        token: a token of any kind; one that does not name an audience passes.
        audience: whom it will be sent to.
        source: where the token comes from, for the message.

    Raises:
        WrongAudience: it was issued for others.
    """
    stated = claims(token).get("aud")
    audiences = [stated] if isinstance(stated, str) else stated
    if not isinstance(audiences, list) or audience in audiences or not _is_chainguards(token, audience):
        return
    named = redact(", ".join(str(each) for each in audiences))
    cure = f" Get one for it: chainctl auth token --audience {audience}" if audience == REGISTRY else ""
    raise WrongAudience(
        f"{source}: the token is for the audience {named}, not for {audience}, so it was not sent.{cure}"
    )


def _is_chainguards(token: str, audience: str) -> bool:
    """Whether a token is Chainguard's; another registry may have tokens of its own, with audiences of its own."""
    issuer = str(claims(token).get("iss") or CHAINGUARD)
    host = issuer.rsplit("://", 1)[-1].partition("/")[0]
    return audience == REGISTRY or host == CHAINGUARD or host.endswith(f".{CHAINGUARD}")
