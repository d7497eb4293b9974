# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials in the configuration of Docker and Podman: whatever lets `docker pull` and `podman pull` work.

Sources: the Docker CLI's `config.json` (`auths`, `credHelpers`, `credsStore`) and containers-auth.json(5), whose keys may
carry a namespace, the most specific of which counts.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping

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
        found = self._from_helper(config, deadline, refused)
        if not isinstance(found, str):
            return found
        for key, entry in _entries(go_json.table(config, "auths"), self.host, reference.name):
            credential = self._credential(entry, key)
            if credential is not None:
                return credential
        missing = go_json.field(config, "credsStore")
        if found == _NOT_INSTALLED:
            raise BrokenCredentials(
                f"docker-credential-{missing} is not on PATH. Install it, or remove credsStore from {self.name}."
            )
        return f"it has nothing for {self.host}"

    def _from_helper(self, config: Any, deadline: float, refused: Credential | None) -> Credential | str:
        """Asks the helper for the host, or else the store; an empty name of a helper means the file."""
        helpers = go_json.table(config, "credHelpers")
        is_own = self.host in helpers
        name = helpers[self.host] if is_own else go_json.field(config, "credsStore")
        if not isinstance(name, str) or not name:
            return "no helper is named"
        if not helper.is_name(name):
            raise BrokenCredentials(
                f"{self.name} names a credential helper that cannot be one. Fix credsStore or credHelpers."
            )
        if not is_own and not helper.is_installed(name, self.environment):
            return _NOT_INSTALLED
        return self.answers.get(
            f"helper {name} {self.host}", lambda: helper.ask(name, self.host, self.environment, deadline), refused
        )

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
            username, colon, password = _decoded(pair).partition(":")
            if not colon:
                raise BrokenCredentials(self._malformed(key))
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


_NOT_INSTALLED = "the helper that it names is not installed"


def _entries(auths: Mapping[str, Any], host: str, name: str) -> Iterator[tuple[str, Any]]:
    """Yields the entries that may be for a repository, by their keys: the most specific first, an exact key before others."""
    parts = f"{host}/{name}".split("/")
    for count in range(len(parts), 0, -1):
        wanted = "/".join(parts[:count])
        exact = [key for key in auths if key == wanted]
        others = [key for key in auths if key != wanted and _plain(key) == wanted]
        # Docker takes an address with any path for its host.
        urls = [key for key in auths if count == 1 and "://" in key and _plain(key) != host and _host(key) == host]
        for key in (*exact, *others, *urls):
            if isinstance(auths[key], dict):
                yield key, auths[key]


def _plain(key: str) -> str:
    """Returns a key without what old versions of Docker wrote around the host."""
    bare = key.partition("://")[2] or key
    return bare.rstrip("/").removesuffix("/v1").removesuffix("/v2")


def _host(key: str) -> str:
    return (key.partition("://")[2] or key).partition("/")[0]


def _decoded(pair: str) -> str:
    """Returns the name and the password in an `auth`; nothing if it is malformed."""
    try:
        return base64.b64decode("".join(pair.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
