# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The token of chainctl: the one it keeps, or a new one from chainctl itself.

Source: Chainguard Academy, "chainctl"; the kept token is at `<user cache dir>/chainguard/cgr.dev/oidc-token`, where Go's
`os.UserCacheDir` says which directory that is.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from ..errors import BrokenCredentials
from ..model.grammar import REGISTRY
from ..model.reference import Reference
from ..process import find_program
from ..redaction import redact
from . import jwt
from .credentials import Bearer, Credential, check_token
from .files import home_of, read_file
from .once import Answers
from .programs import run_program

SECONDS_TO_SPARE = 60
_DEVICE_URL = re.compile(r"https://[\w.-]+(?:/[\w./?=&%-]*)?")


@dataclass(eq=False, repr=False)
class Chainctl:
    """The sign-in of chainctl on this machine."""

    environment: Mapping[str, str]
    answers: Answers
    name: str = "chainctl"

    def find(self, reference: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        """Returns the kept token if it is still good, else what `chainctl auth token` prints."""
        return self.answers.get("chainctl", lambda: self._ask(deadline, refused), refused)

    def _ask(self, deadline: float, refused: Credential | None) -> Credential | str:
        kept = self._kept(deadline)
        left = jwt.seconds_left(kept, time.time()) if kept else None
        if kept and left is not None and left > SECONDS_TO_SPARE:
            credential = Bearer(check_token(kept, "chainctl's kept token"), "chainctl's kept token")
            if credential != refused:
                return credential
        if find_program("chainctl", self.environment) is None:
            return (
                "its kept token has expired, and chainctl is not installed"
                if kept
                else "it is not installed or signed in"
            )
        command = ["chainctl", "auth", "token", "--audience", REGISTRY]
        status, output, error = run_program(command, "", self.environment, deadline)
        if status is None:
            raise BrokenCredentials(f"chainctl did not answer in time; {_wish(error)}. Sign in: chainctl auth login")
        if status or not output.strip():
            url = _DEVICE_URL.search(error)
            wish = f"; it asks to sign in at {url.group()}" if url else ""
            raise BrokenCredentials(
                f"chainctl gives no token: {redact(error.strip())}{wish}. Sign in: chainctl auth login"
            )
        return Bearer(check_token(output.strip(), "what chainctl auth token prints"), "chainctl auth token")

    def _kept(self, deadline: float) -> str:
        directory = self._cache_directory()
        if directory is None:
            return ""
        try:
            return (read_file(directory / "chainguard" / REGISTRY / "oidc-token", deadline, self.name) or "").strip()
        except BrokenCredentials:
            return ""

    def _cache_directory(self) -> Path | None:
        if sys.platform == "win32":
            local = self.environment.get("LOCALAPPDATA")
            return Path(local) if local else None
        home = home_of(self.environment)
        if sys.platform == "darwin":
            return home / "Library/Caches" if home else None
        named = self.environment.get("XDG_CACHE_HOME")
        return Path(named) if named else home / ".cache" if home else None


def _wish(said: str) -> str:
    """Returns what chainctl wants, from what it printed: where to sign in on a machine without a browser."""
    url = _DEVICE_URL.search(said)
    return f"it asks to sign in at {url.group()}" if url else "it may be waiting for somebody to sign in"
