# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors about credentials: they are missing, or do not suffice."""

from __future__ import annotations

from .base import CgrError


class AccessRefused(CgrError):
    """The registry requires other credentials, or the caller may not see the repository.

    Fix: Sign in, or ask for access; `credentials_for` says which credentials were used, and why.
    """

    error_code = "access_refused"


class NotSignedIn(AccessRefused):
    """No credentials were found, and the image is not public, or does not exist.

    Fix: Check the image's spelling; then run `chainctl auth configure-docker`, or set `CGR_TOKEN`.
    """

    error_code = "not_signed_in"


class BrokenCredentials(AccessRefused):
    """A place that should hold credentials is broken: a file, a helper, a setting.

    Fix: Repair or remove what the message names; later places are not used, so that no other credentials are sent unnoticed.
    """

    error_code = "broken_credentials"


class WrongAudience(AccessRefused):
    """The token was issued for another service; it was not sent.

    Fix: Get one for `cgr.dev`: `chainctl auth token --audience cgr.dev`.
    """

    error_code = "wrong_audience"


class CredentialsExpired(AccessRefused):
    """The credentials have expired.

    Fix: Create a new pull token: `chainctl auth configure-docker --pull-token --parent ORG`.
    """

    error_code = "credentials_expired"


class CredentialsRefused(AccessRefused):
    """The registry or the issuer does not accept the credentials: malformed, expired or untrusted; or the image does not exist.

    Fix: Renew them where the message says they come from; for an identity, see `chainctl iam identities list`.
    """

    error_code = "credentials_refused"


class NotEntitled(AccessRefused):
    """The credentials are valid, but do not give access to this image, or it does not exist.

    Fix: `chainctl images repos list --parent ORG` lists what they may pull; ask the organisation's owner for a role.
    """

    error_code = "not_entitled"


class DeniedByPolicy(AccessRefused):
    """A pull policy of the organisation denies the image.

    Fix: Ask for an older build (`on_denied`, `min_age`, `builds_back`), or ask whoever set the policy what it allows.
    """

    error_code = "denied_by_policy"
    policy: str | None = None  # its name, if the registry gives it
