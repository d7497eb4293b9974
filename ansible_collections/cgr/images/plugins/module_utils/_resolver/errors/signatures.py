# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of signatures: the digest is not signed as `signed` requires."""

from __future__ import annotations

from .base import CgrError


class SignatureError(CgrError):
    """The image is not signed as `signed` requires.

    Fix: Do not deploy it before you know why; an older build (`builds_back`) may be signed.
    """

    error_code = "signature_error"
    argument = "signed"


class NotSigned(SignatureError):
    """The registry has no signature of the digest: neither a Sigstore bundle nor a tag `sha256-….sig`.

    Fix: Ask whoever publishes the image; or choose another build, or remove `signed` for this image.
    """

    error_code = "not_signed"


class SignatureRefused(SignatureError):
    """The digest has signatures, but none of them is valid and of a permitted signer.

    Fix: If the message names a signer that you trust, add it to `signers`; otherwise do not deploy the image.
    """

    error_code = "signature_refused"
