# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Which files hold images, and how each of them is read."""

from __future__ import annotations

import re
from typing import Callable

from .dockerfile.images import images_in_dockerfile
from .json.images import images_in_json
from .matcher import Matcher
from .occurrence import Occurrence
from .yaml.images import images_in_yaml

PATTERNS = (
    "*.yaml",
    "*.yml",
    "Dockerfile",
    "Dockerfile.*",
    "*.Dockerfile",
    "*.dockerfile",
    "Containerfile",
    "Containerfile.*",
)
"""The files that are looked at in a folder, if nothing else is said."""

Finder = Callable[[str, Matcher], list[Occurrence]]

_YAML = re.compile(r".*\.ya?ml", re.IGNORECASE)
_JSON = re.compile(r".*\.json", re.IGNORECASE)
_DOCKERFILE = re.compile(r".*(?:docker|container)file.*", re.IGNORECASE)


def finder_for(name: str) -> Finder:
    """Returns what finds the images in a file of a name; what is not known to be a Dockerfile is read as YAML."""
    if _JSON.fullmatch(name):
        return images_in_json
    is_dockerfile = _DOCKERFILE.fullmatch(name) and not _YAML.fullmatch(name)
    return images_in_dockerfile if is_dockerfile else images_in_yaml
