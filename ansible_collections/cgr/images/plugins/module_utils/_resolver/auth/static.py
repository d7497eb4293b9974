# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials that were given: as arguments, options, configuration or environment variables."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.reference import Reference
from ..settings import Settings
from .credentials import Anonymous, Bearer, Credential, check_token, credential_from_pair


@dataclass(eq=False, repr=False)
class StaticCredentials:
    """A token, or the name and password of a pull token, among the settings."""

    settings: Settings
    name: str = "settings"

    def find(self, reference: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        """Returns what was given."""
        if self.settings.credentials == "anonymous":
            return Anonymous("credentials: anonymous")
        if self.settings.token:
            source = "the token that was given"
            return Bearer(check_token(self.settings.token, source), source)
        if self.settings.username:
            source = "the username and password that were given"
            return credential_from_pair(self.settings.username, self.settings.password, source)
        return "neither token nor username and password is given"
