# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""JSON with comments and trailing commas (JSONC), as devcontainer.json and Visual Studio Code take it."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)


def without_comments(text: str) -> str:
    """Returns a text with spaces in place of comments and trailing commas, so that everything else stands where it stood."""
    return _TOKEN.sub(lambda found: found[0] if found[0].startswith('"') else _blank(found[0]), text)


def _blank(text: str) -> str:
    return "".join(character if character in "\r\n" else " " for character in text)
