# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Errors of the lock file."""

from __future__ import annotations

from .base import CgrError


class NotLocked(CgrError):
    """The lock file has no pin for this image and rule, and images are resolved only from it.

    Fix: Run the command in the message and commit the lock file; or set `lock` to nothing for this image.
    """

    error_code = "not_locked"


class InvalidLock(CgrError):
    """The lock file is missing, malformed, contradicts itself, or cannot be written.

    Fix: Restore it from git, or write it anew with `cgr-images lock`. Do not edit it by hand.
    """

    error_code = "invalid_lock"
    argument = "lock"
