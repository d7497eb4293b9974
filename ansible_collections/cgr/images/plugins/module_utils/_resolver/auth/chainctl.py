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
        return self.answers.get(self.name, lambda: self._ask(deadline, refused), refused)

    def _ask(self, deadline: float, refused: Credential | None) -> Credential | str:
        kept = self._kept(deadline)
        if not isinstance(kept, str) and kept != refused:
            return kept
        if find_program("chainctl", self.environment) is None:
            reason = kept if isinstance(kept, str) else "its kept token was refused"
            return f"{reason}, and chainctl is not installed"
        command = ["chainctl", "auth", "token", "--audience", REGISTRY]
        status, output, error = run_program(command, "", self.environment, deadline)
        url = _DEVICE_URL.search(error)
        request = f"it asks to sign in at {url.group()}" if url else ""
        if status is None:
            wish = request or "it may be waiting for somebody to sign in"
            raise BrokenCredentials(f"chainctl did not answer in time; {wish}. Sign in: chainctl auth login")
        if status or not output.strip():
            said = "; ".join(filter(None, [redact(error.strip()), request]))
            raise BrokenCredentials(f"chainctl gives no token: {said}. Sign in: chainctl auth login")
        return Bearer(check_token(output.strip(), "what chainctl auth token prints"), "chainctl auth token")

    def _kept(self, deadline: float) -> Credential | str:
        """Returns the kept token if it is still good, or why it is not used."""
        directory = self._cache_directory()
        source = "chainctl's kept token"
        try:
            text = (
                read_file(directory / "chainguard" / REGISTRY / "oidc-token", deadline, source) if directory else None
            )
        except BrokenCredentials as error:
            return str(error).removesuffix(".")
        token = (text or "").strip()
        if not token:
            return "it is not signed in"
        left = jwt.seconds_left(token, time.time())
        if left is None or left <= SECONDS_TO_SPARE:
            return "its kept token has expired"
        return Bearer(check_token(token, source), source)

    def _cache_directory(self) -> Path | None:
        if sys.platform == "win32":
            local = self.environment.get("LOCALAPPDATA")
            return Path(local) if local else None
        home = home_of(self.environment)
        if sys.platform == "darwin":
            return home / "Library/Caches" if home else None
        named = self.environment.get("XDG_CACHE_HOME")
        return Path(named) if named else home / ".cache" if home else None
