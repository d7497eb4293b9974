# Copyright: the pulumi-cgr authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that stand for options.  Made by `make docs` from the declarations in module_utils."""

from __future__ import annotations

VARIABLES = (
    "cgr_at",
    "cgr_token",
    "cgr_username",
    "cgr_password",
    "cgr_identity",
    "cgr_identity_token",
    "cgr_identity_token_file",
    "cgr_credentials",
    "cgr_registry_url",
    "cgr_registry",
    "cgr_issuer",
    "cgr_timeout",
    "cgr_concurrency",
    "cgr_cache",
    "cgr_mirrors",
    "cgr_lock",
    "cgr_signed",
    "cgr_signers",
    "cgr_trusted_root",
    "cgr_cosign",
)
