# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials in the configuration of Docker and Podman: whatever lets `docker pull` and `podman pull` work.

Sources: the Docker CLI's `config.json` (`auths`, `credHelpers`, `credsStore`) and containers-auth.json(5), whose keys may
carry a namespace, the most specific of which counts.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from ..errors import BrokenCredentials
from ..model.reference import Reference
from ..redaction import redact, remember_secret
from . import credential_helper as helper
from . import go_json
from .credentials import Bearer, Credential, Refresh, check_token, credential_from_pair
from .files import read_file
from .once import Answers


@dataclass(eq=False, repr=False)
class DockerConfig:
    """One such configuration, and the host whose credentials are wanted.

    Attributes:
        name: the path of the file, or the name of the variable that holds the configuration.
        host: the host.
        environment: the environment variables of the programs it names.
        answers: where it is kept, so that it is read once.
        content: the configuration itself, if it is not in a file.
    """

    name: str
    host: str
    environment: Mapping[str, str]
    answers: Answers
    content: str | None = field(default=None, repr=False)

    def find(self, reference: Reference, deadline: float, refused: Credential | None) -> Credential | str:
        """Returns what the configuration holds for an image, or what the helper it names answers."""
        config = self.answers.get(f"file {self.name}", lambda: self._read(deadline))
        if config is None:
            return "the file does not exist"
        name, is_store = self._helper(config)
        is_missing = is_store and not helper.is_installed(name, self.environment)
        if name and not is_missing:
            found = self.answers.get(
                f"helper {name} {self.host}", lambda: helper.ask(name, self.host, self.environment, deadline), refused
            )
            if not isinstance(found, str):
                return found
        auths = go_json.table(config, "auths")
        for key in _keys(auths, self.host, reference.name):
            credential = self._credential(auths[key], key)
            if credential is not None:
                return credential
        if is_missing:
            raise BrokenCredentials(
                f"docker-credential-{name} is not on PATH. Install it, or remove credsStore from {self.name}."
            )
        return f"it has nothing for {self.host}"

    def _helper(self, config: object) -> tuple[str, bool]:
        """Returns the name of the helper for the host, and whether it is the store of all hosts; no name means the file."""
        helpers = go_json.table(config, "credHelpers")
        is_store = self.host not in helpers
        name = go_json.field(config, "credsStore") if is_store else helpers[self.host]
        if not isinstance(name, str) or not name:
            return "", False
        if not helper.is_name(name):
            raise BrokenCredentials(
                f"{self.name} names a credential helper that cannot be one. Fix credsStore or credHelpers."
            )
        return name, is_store

    def _read(self, deadline: float) -> dict[str, Any] | None:
        text = read_file(self.name, deadline, self.name) if self.content is None else self.content
        if text is None:
            return None
        try:
            config = json.loads(text.strip() or "{}")
        except (ValueError, RecursionError):
            raise BrokenCredentials(f"{self.name} is not JSON. Fix it, or sign in again: {self._sign_in}") from None
        if not isinstance(config, dict):
            raise BrokenCredentials(f"{self.name} holds no configuration. Fix it, or sign in again: {self._sign_in}")
        return config

    def _credential(self, entry: Any, key: str) -> Credential | None:
        """Reads one entry of `auths`; an empty one is only a note that a helper has it."""
        source = f"{self.name} ({key})"
        registry_token, identity_token, pair, username, password = (
            self._text(entry, name, key) for name in ("registrytoken", "identitytoken", "auth", "username", "password")
        )
        if registry_token:
            return Bearer(check_token(registry_token, source), source)
        if identity_token:
            return Refresh(check_token(identity_token, source), source)
        if pair:
            remember_secret(pair)
            try:
                username, password = base64.b64decode("".join(pair.split()), validate=True).decode().split(":", 1)
            except ValueError:
                raise BrokenCredentials(self._malformed(key)) from None
            return credential_from_pair(username, password.rstrip("\0"), source)
        return credential_from_pair(username, password, source) if username and password else None

    def _text(self, entry: Any, name: str, key: str) -> str:
        value = go_json.field(entry, name)
        if value is not None and not isinstance(value, str):
            raise BrokenCredentials(self._malformed(key))
        return value or ""

    def _malformed(self, key: str) -> str:
        return f"{self.name} has a malformed entry {redact(key)}. Sign in again: {self._sign_in}"

    @property
    def _sign_in(self) -> str:
        return f"docker login {self.host}"


def _keys(auths: Mapping[str, Any], host: str, name: str) -> list[str]:
    """Returns the keys that may be for a repository: the most specific first, an exact key before others."""
    parts = f"{host}/{name}".split("/")
    found: list[str] = []
    for count in range(len(parts), 0, -1):
        wanted = "/".join(parts[:count])
        found += [key for key in auths if key == wanted]
        found += [key for key in auths if _without_extras(key) == wanted]
    # Docker takes an address with any path for its host.
    return found + [key for key in auths if "://" in key and _without_scheme(key).partition("/")[0] == host]


def _without_extras(key: str) -> str:
    """Returns a key without what old versions of Docker wrote around the host."""
    return _without_scheme(key).rstrip("/").removesuffix("/v1").removesuffix("/v2")


def _without_scheme(key: str) -> str:
    return key.split("://", 1)[-1]
