# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials in the configuration of Docker and Podman: whatever lets `docker pull` work.

Sources: the Docker CLI's `config.json` (`auths`, `credHelpers`, `credsStore`) and containers-auth.json(5), whose keys may
carry a namespace, the most specific of which counts.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ..errors import BrokenCredentials, redact
from ..model.reference import Reference
from . import credential_helper as helper
from .credentials import Bearer, Credential, Refresh, credential_from_pair


def places(environment: Mapping[str, str], host: str) -> list[DockerConfig]:
    """Returns the files where Docker and Podman keep credentials for a host, in the order in which they are looked at."""
    home = Path(environment.get("HOME") or Path.home())
    docker = Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
    podman = [environment.get("REGISTRY_AUTH_FILE", "")]
    if environment.get("XDG_RUNTIME_DIR"):
        podman.append(f"{environment['XDG_RUNTIME_DIR']}/containers/auth.json")
    podman.append(f"{environment.get('XDG_CONFIG_HOME') or home / '.config'}/containers/auth.json")
    return [DockerConfig(path, host, environment) for path in (docker, *(Path(path) for path in podman if path))]


@dataclass(frozen=True)
class DockerConfig:
    """One such file, and the host whose credentials are wanted."""

    path: Path
    host: str
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self.path)

    def find(self, reference: Reference, deadline: float) -> Credential | str:
        """Returns what the file holds for an image, or what the helper it names answers."""
        config = self._read()
        if config is None:
            return "there is no such file"
        helpers = _table(config, "credHelpers")
        for named in (helpers.get(self.host), config.get("credsStore")):
            if isinstance(named, str) and named:
                found = helper.ask(named, self.host, self.environment, deadline)
                if not isinstance(found, str):
                    return found
        entries = {_plain(key): value for key, value in _table(config, "auths").items()}
        for key in _keys(f"{self.host}/{reference.name}"):
            entry = self._entry(entries.get(key), key)
            if entry is not None:
                return entry
        return f"it has nothing for {self.host}"

    def _read(self) -> dict[str, Any] | None:
        try:
            config = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise BrokenCredentials(f"{self.path} cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:
            raise BrokenCredentials(f"{self.path} is not JSON. Mend it, or sign in again: docker login") from error
        if not isinstance(config, dict):
            raise BrokenCredentials(f"{self.path} holds no configuration. Mend it, or sign in again: docker login")
        return config

    def _entry(self, entry: Any, key: str) -> Credential | None:
        """Reads one entry of `auths`; an empty one is only a note that a helper has it."""
        if not isinstance(entry, dict):
            return None
        source = f"{self.path} ({key})"
        if entry.get("registrytoken"):
            return Bearer(str(entry["registrytoken"]), source)
        if entry.get("identitytoken"):
            return Refresh(str(entry["identitytoken"]), source)
        if entry.get("auth"):
            try:
                username, colon, password = base64.b64decode(str(entry["auth"])).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError, ValueError):
                colon = ""
            if not colon:
                raise BrokenCredentials(
                    f"{self.path} has a malformed entry {redact(key)}. Sign in again: docker login {key}"
                )
            return credential_from_pair(username, password.rstrip("\0"), source)
        if entry.get("username") and entry.get("password"):
            return credential_from_pair(str(entry["username"]), str(entry["password"]), source)
        return None


def _keys(repository: str) -> list[str]:
    """Returns the keys under which a repository may stand, the most specific first."""
    parts = repository.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _plain(key: str) -> str:
    """Returns a key without what old versions of Docker wrote around the host."""
    bare = key.partition("://")[2] or key
    return bare.rstrip("/").removesuffix("/v1").removesuffix("/v2")


def _table(config: dict[str, Any], name: str) -> dict[str, Any]:
    table = config.get(name)
    return table if isinstance(table, dict) else {}
