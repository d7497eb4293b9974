# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the registry and the network: no answer in time, or one that cannot be trusted."""

from __future__ import annotations

from .base import CgrError


class RegistryUnavailable(CgrError):
    """The registry, or a proxy in front of it, could not be reached, failed, or did not answer in time.

    Fix: Try again later; check network, proxy and `REQUESTS_CA_BUNDLE`; increase `timeout` on a slow network.
    """

    error_code = "unavailable"


class UntrustworthyAnswer(CgrError):
    """The answer of the registry, or of something in front of it, cannot be trusted, so no digest is taken from it.

    Fix: Find out what is in between (a proxy, a sign-in page, a test registry); until it is fixed, pin the digest yourself.
    """

    error_code = "untrustworthy_answer"
