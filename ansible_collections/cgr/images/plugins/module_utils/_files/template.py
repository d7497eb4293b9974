# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Templates of files, such as those of Helm charts and Jinja: their images are reported, and not changed."""

from __future__ import annotations

import re

from .matcher import Matcher
from .occurrence import Occurrence
from .text.images import NO_COMMENT, lines_of
from .text.references import references_in

NOT_RENDERED = "its file is a template, which is not read before it is rendered; pin the values that it takes"

_SIGNS = re.compile(r"\{\{|\{%|<%")


def is_template(text: str) -> bool:
    """Whether a text is rendered before it is read."""
    return _SIGNS.search(text) is not None


def images_in_template(text: str, names: Matcher) -> list[Occurrence]:
    """Finds what names something of ours in a template; at least one occurrence where anything does, all of them skipped."""
    lines = [line for line in lines_of(text, NO_COMMENT) if names.may_be_in(line.text)]
    found = [
        Occurrence(line.number, line.text[each.start : each.end], None, NOT_RENDERED)
        for line in lines
        for each in references_in(line.text, names)
    ]
    return found or [Occurrence(line.number, line.text.strip(), None, NOT_RENDERED) for line in lines]
