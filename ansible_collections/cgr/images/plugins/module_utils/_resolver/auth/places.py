# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where Docker and Podman keep credentials: the places, in the order in which they are looked at.

Sources: the Docker CLI (`DOCKER_AUTH_CONFIG`, `DOCKER_CONFIG`, `~/.docker/config.json`) and containers-auth.json(5)
(`REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`, `/run/containers/$UID/auth.json`,
`$XDG_CONFIG_HOME/containers/auth.json`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, Mapping

from .docker_config import DockerConfig
from .files import home_of
from .once import Answers


def docker_configs(environment: Mapping[str, str], host: str, answers: Answers) -> list[DockerConfig]:
    """Returns the configurations in which credentials for a host may be; what the user names comes before the defaults."""
    found = [DockerConfig(path, host, environment, answers) for path in dict.fromkeys(map(str, _files(environment)))]
    content = environment.get("DOCKER_AUTH_CONFIG", "")
    if not content.strip():
        return found
    return [DockerConfig("DOCKER_AUTH_CONFIG", host, environment, answers, content), *found]


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    home = home_of(environment)
    docker, podman = environment.get("DOCKER_CONFIG"), environment.get("REGISTRY_AUTH_FILE")
    if docker:
        yield Path(docker) / "config.json"
    if podman:
        yield Path(podman)
    if home and not docker:
        yield home / ".docker" / "config.json"
    runtime, config = environment.get("XDG_RUNTIME_DIR"), environment.get("XDG_CONFIG_HOME")
    if runtime:
        yield Path(runtime) / "containers" / "auth.json"
    elif hasattr(os, "getuid") and (shared := Path(f"/run/containers/{os.getuid()}/auth.json")).exists():
        yield shared
    configs = Path(config) if config else home / ".config" if home else None
    if configs:
        yield configs / "containers" / "auth.json"
