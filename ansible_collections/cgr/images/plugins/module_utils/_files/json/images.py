# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The images in a text in JSON; where they are expected is said once for YAML and JSON, in `tree`."""

from __future__ import annotations

from typing import Iterator

from ..matcher import Matcher
from ..occurrence import Occurrence, Parsed
from ..tree.embedded import FindInFile
from ..tree.walk import images_in
from .comments import without_comments
from .source import Document, parsed_json


def images_in_json(text: str, names: Matcher, find: FindInFile) -> list[Occurrence]:
    """Finds the images in a text, in their order, and with `find` those in texts within it.

    Raises:
        Unreadable: it is not JSON.
    """
    return images_in(Document(text, names), names, parsed_json, find)


def images_in_jsonc(text: str, names: Matcher, find: FindInFile) -> list[Occurrence]:
    """Finds the images in a text in JSON with comments, in their order; the comments are not read.

    Raises:
        Unreadable: it is not JSON, even without them.
    """
    return images_in(Document(without_comments(text), names), names, parsed_jsonc, find)


def parsed_jsonc(text: str) -> Iterator[Parsed]:
    """Yields what a text in JSON with comments says (see `parsed_json`)."""
    return parsed_json(without_comments(text))
