# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The token of chainctl: the one it keeps, or a new one from chainctl itself.

Source: Chainguard Academy, "chainctl"; the kept token is at `<user cache dir>/chainguard/cgr.dev/oidc-token`.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from ..errors import BrokenCredentials, redact
from ..model.reference import REGISTRY, Reference
from . import credential_helper as helper
from . import jwt
from .credentials import Bearer, Credential

SECONDS_TO_SPARE = 60


@dataclass(frozen=True)
class Chainctl:
    """The sign-in of chainctl on this machine."""

    environment: Mapping[str, str]
    name: str = "chainctl"

    def find(self, reference: Reference, deadline: float) -> Credential | str:
        """Returns the kept token if it is still good, else what `chainctl auth token` prints."""
        kept = self._kept()
        left = jwt.seconds_left(kept, time.time()) if kept else None
        if kept and left is not None and left > SECONDS_TO_SPARE:
            return Bearer(kept, "chainctl's kept token")
        if shutil.which("chainctl", path=self.environment.get("PATH")) is None:
            return (
                "its kept token has expired, and chainctl is not installed"
                if kept
                else "it is not installed or signed in"
            )
        command = ["chainctl", "auth", "token", "--audience", REGISTRY]
        status, output, error = helper.run(command, "", self.environment, deadline)
        token = output.strip()
        if status or not token:
            raise BrokenCredentials(f"chainctl gives no token: {redact(error.strip())}. Sign in: chainctl auth login")
        return Bearer(token, "chainctl auth token")

    def _kept(self) -> str:
        home = Path(self.environment.get("HOME") or Path.home())
        cache = home / "Library/Caches" if sys.platform == "darwin" else home / ".cache"
        folder = Path(self.environment.get("XDG_CACHE_HOME") or cache)
        try:
            return (folder / "chainguard" / REGISTRY / "oidc-token").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
