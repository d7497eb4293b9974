# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tests without a network: a registry that runs in the process of the test, and mocks for Pulumi programs.

    with Registry(histories) as registry:
        Resolver(registry_url=registry.url).resolve("cgr.dev/chainguard/python:latest-dev")

    pulumi.runtime.set_mocks(Mocks(histories))

Only `Mocks` needs pulumi, so it is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contents import Contents
    from .exchange import Reply, Request
    from .histories import Histories, Readings
    from .mocks import Mocks
    from .registry import Registry

__all__ = ["Contents", "Histories", "Mocks", "Readings", "Registry", "Reply", "Request"]

_MODULES = {
    "Contents": "contents",
    "Histories": "histories",
    "Readings": "histories",
    "Mocks": "mocks",
    "Registry": "registry",
    "Reply": "exchange",
    "Request": "exchange",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
