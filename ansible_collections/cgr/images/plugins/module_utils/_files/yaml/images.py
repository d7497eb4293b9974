# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in a text in YAML; where they are expected is said once for YAML and JSON, in `tree`."""

from __future__ import annotations

from ..matcher import Matcher
from ..occurrence import Occurrence
from ..tree.embedded import FindInFile
from ..tree.walk import images_in
from .source import Document, parsed_yaml


def images_in_yaml(text: str, names: Matcher, find: FindInFile) -> list[Occurrence]:
    """Finds the images in a text, in their order, and with `find` those in texts within it.

    Raises:
        Unreadable: it is not YAML.
        MissingDependency: PyYAML is not installed.
    """
    return images_in(Document(text, names), names, parsed_yaml, find)
