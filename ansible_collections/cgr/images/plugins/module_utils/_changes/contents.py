# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The contents of an image as its publisher describes them: packages, and how it is started.  Pure.

Sources: apko's `ImageConfiguration` (chainguard-dev/apko, pkg/build/types), which apko publishes as the predicate
`https://apko.dev/image-configuration`; and SPDX 2.3, in which packages of apk have a purl `pkg:apk/…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping
from urllib.parse import unquote

IMAGE_CONFIGURATION = "https://apko.dev/image-configuration"
SPDX = "https://spdx.dev/Document"

CONFIGURATION = ("entrypoint", "command", "environment", "user", "work_dir", "stop_signal")
"""The parts of a configuration, in the order in which they are shown."""

_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9+._-]{0,255})=([A-Za-z0-9+._~-]{1,255})(?:@.*)?")
_PURL = re.compile(r"pkg:apk/(?:[^/@?#]+/)*([^/@?#]+)@([^?#]+)")


@dataclass(frozen=True)
class Contents:
    """The contents of an image for one platform.

    Attributes:
        packages: the versions of its packages, by name.
        configuration: how it is started: the parts in `CONFIGURATION`; `None` if the description does not have them.
    """

    packages: Mapping[str, str]
    configuration: Mapping[str, Any] | None = field(default=None)

    def to_dict(self) -> dict[str, Any]:
        """Returns the contents as JSON data; `from_dict` reads it."""
        configuration = None if self.configuration is None else dict(self.configuration)
        return {"packages": dict(self.packages), "configuration": configuration}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Contents:
        """Reads what `to_dict` returned.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is something else.
        """
        listed = [f"{name}={version}" for name, version in data["packages"].items()]
        configuration = data["configuration"]
        if configuration is not None and tuple(configuration) != CONFIGURATION:
            raise ValueError("is not a configuration")
        return cls(_packages(listed), configuration)


def parse_predicate(kind: str, predicate: Any) -> Contents:
    """Reads the predicate of an attestation.

    Args:
        kind: the type of the predicate: `IMAGE_CONFIGURATION`, or one that begins with `SPDX`.
        predicate: the predicate, as JSON data.

    Raises:
        ValueError: it is something else, or does not list packages with their versions; the message is a predicate.
    """
    if not isinstance(predicate, Mapping):
        raise ValueError("is not a JSON object")
    return _image_configuration(predicate) if kind == IMAGE_CONFIGURATION else _spdx(predicate)


def _image_configuration(document: Mapping[str, Any]) -> Contents:
    # In the repository of the images, the same document is one level deeper.
    document = _object(document, "config") or document
    listed = _object(document, "contents").get("packages")
    if not isinstance(listed, list):
        raise ValueError("lists no packages")
    entrypoint = _object(document, "entrypoint")
    environment = _object(document, "environment")
    values = (
        _text(entrypoint.get("command")) or _text(entrypoint.get("shell-fragment")),
        _text(document.get("cmd")),
        {str(name): _text(value) for name, value in sorted(environment.items())},
        _text(_object(document, "accounts").get("run-as")),
        _text(document.get("work-dir")),
        _text(document.get("stop-signal")),
    )
    return Contents(_packages(listed), dict(zip(CONFIGURATION, values)))


def _spdx(document: Mapping[str, Any]) -> Contents:
    packages = document.get("packages")
    if not isinstance(packages, list):
        raise ValueError("lists no packages")
    listed = []
    for package in packages:
        for name, version in _purls(package if isinstance(package, Mapping) else {}):
            listed.append(f"{name}={version}")
    if not listed:
        raise ValueError("lists no packages of apk")
    return Contents(_packages(listed))


def _purls(package: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    references = package.get("externalRefs")
    for reference in references if isinstance(references, list) else []:
        locator = reference.get("referenceLocator") if isinstance(reference, Mapping) else None
        found = _PURL.match(locator) if isinstance(locator, str) else None
        if found:
            yield unquote(found[1]), unquote(found[2])


def _packages(listed: Iterable[Any]) -> dict[str, str]:
    """Reads packages, each `name=version`.

    Raises:
        ValueError: one is something else, or is listed with two versions: a comparison would be wrong.
    """
    packages: dict[str, str] = {}
    for each in listed:
        found = _PACKAGE.fullmatch(each) if isinstance(each, str) else None
        if found is None:
            raise ValueError("lists a package without one exact version")
        if packages.setdefault(found[1], found[2]) != found[2]:
            raise ValueError("lists a package with two versions")
    return dict(sorted(packages.items()))


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
