# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The grammar of registries, repository names, tags and digests.

Source: the OCI distribution specification, "Pulling manifests" (`<name>` and `<reference>`), and the OCI image specification,
"Digests".
"""

from __future__ import annotations

import re

REGISTRY = "cgr.dev"
LONGEST_NAME = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_LOOPBACK = re.compile(rf"(?:localhost|127(?:\.{_BYTE}){{3}}|\[::1\])(?::[0-9]{{1,5}})?", re.IGNORECASE)
# Docker takes a name for a registry, not for a user of Docker Hub, if it has a dot or a port, or is localhost.
_REGISTRY = re.compile(r"(?:localhost|(?=[^:]*\.|.*:)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")


def is_digest(text: object) -> bool:
    """Whether `text` is a well-formed digest of an algorithm the OCI image specification registers."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """Whether `host` (with or without a port) is this machine."""
    return _LOOPBACK.fullmatch(host) is not None


def is_registry(host: str) -> bool:
    """Whether `host` (with or without a port) is a registry, rather than a user of Docker Hub."""
    return _REGISTRY.fullmatch(host) is not None


def is_name(text: str) -> bool:
    """Whether `text` is a well-formed name of a repository, or the first parts of one."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether `text` is a well-formed tag."""
    return _TAG.fullmatch(text) is not None


def is_place(text: str) -> bool:
    """Whether `text` is a registry, with or without the first parts of a path."""
    host, slash, path = text.partition("/")
    return is_registry(host) and (is_name(path) if slash else True)
