# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of lines, found in logarithmic time: counting from the start for each place is slow in large files."""

from __future__ import annotations

import re
from bisect import bisect_right


class LineNumbers:
    """The lines of a text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(end.end() for end in re.finditer("\n", text))]

    def of(self, index: int) -> int:
        """Returns the number of the line that a place in the text is in."""
        return bisect_right(self._starts, index)
