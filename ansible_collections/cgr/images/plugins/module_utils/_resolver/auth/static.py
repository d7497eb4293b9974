# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials that were given: as arguments, options, configuration or environment variables."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.reference import Reference
from ..settings import Settings
from .credentials import Anonymous, Basic, Bearer, Credential


@dataclass(frozen=True)
class StaticCredentials:
    """A token, or the name and password of a pull token, among the settings."""

    settings: Settings
    name: str = "settings"

    def find(self, reference: Reference, deadline: float) -> Credential | str:
        """Returns what was given."""
        if self.settings.credentials == "anonymous":
            return Anonymous("credentials: anonymous")
        if self.settings.token:
            return Bearer(self.settings.token, "the token that was given")
        if self.settings.username:
            return Basic(self.settings.username, self.settings.password, "the username and password that were given")
        return "neither token nor username and password is given"
