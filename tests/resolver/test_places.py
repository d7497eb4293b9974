# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Places where Docker and Podman keep credentials, in this process: which are looked at, and in which order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.once import Answers
from ansible_collections.cgr.images.plugins.module_utils._resolver.auth.places import docker_configs


def names(environment: dict[str, str]) -> list[str]:
    return [each.name for each in docker_configs(environment, "cgr.dev", Answers())]


HOME = {"HOME": "/home/me"}
DOCKER, PODMAN = "/home/me/.docker/config.json", "/home/me/.config/containers/auth.json"


@pytest.mark.parametrize(
    ("environment", "places"),
    [
        (HOME, [DOCKER, PODMAN]),
        ({**HOME, "DOCKER_CONFIG": "/docker"}, ["/docker/config.json", PODMAN]),
        ({**HOME, "REGISTRY_AUTH_FILE": "/auth.json"}, ["/auth.json", DOCKER, PODMAN]),
        (
            {**HOME, "REGISTRY_AUTH_FILE": "/auth.json", "DOCKER_CONFIG": "/docker"},
            ["/docker/config.json", "/auth.json", PODMAN],
        ),
        ({**HOME, "REGISTRY_AUTH_FILE": DOCKER}, [DOCKER, PODMAN]),
        ({**HOME, "XDG_RUNTIME_DIR": "/run/me"}, [DOCKER, "/run/me/containers/auth.json", PODMAN]),
        ({**HOME, "XDG_CONFIG_HOME": "/config"}, [DOCKER, "/config/containers/auth.json"]),
        ({**HOME, "DOCKER_AUTH_CONFIG": "{}"}, ["DOCKER_AUTH_CONFIG", DOCKER, PODMAN]),
        ({**HOME, "DOCKER_AUTH_CONFIG": " \n"}, [DOCKER, PODMAN]),
        (dict.fromkeys(["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"], "") | HOME, [DOCKER, PODMAN]),
    ],
)  # fmt: skip
def test_the_places_are_looked_at_in_their_order(environment: dict[str, str], places: list[str]) -> None:
    assert names(environment) == places


def test_the_place_that_podman_uses_without_a_runtime_directory_is_looked_at_if_it_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared = "/run/containers/4711/auth.json"
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert names(HOME) == [DOCKER, PODMAN]
    monkeypatch.setattr(Path, "exists", lambda path: str(path) == shared)
    assert names(HOME) == [DOCKER, shared, PODMAN]
    assert names({**HOME, "XDG_RUNTIME_DIR": "/run/me"}) == [DOCKER, "/run/me/containers/auth.json", PODMAN]
    monkeypatch.delattr(os, "getuid")  # as on Windows
    assert names(HOME) == [DOCKER, PODMAN]


def test_without_a_home_only_what_is_named_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert names({}) == []
    assert names({"XDG_CONFIG_HOME": "/config"}) == ["/config/containers/auth.json"]
    assert names({"DOCKER_CONFIG": "/docker"}) == ["/docker/config.json"]
