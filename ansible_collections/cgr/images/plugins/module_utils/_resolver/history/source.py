# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Where the history of a tag comes from.

The interface has one method, because the OCI distribution specification is about to define another API for the same data
(pull request 606 there, `_oci/tag-history`).
"""

from __future__ import annotations

from typing import Protocol

from ..model.build import Page
from ..model.instant import Instant


class HistorySource(Protocol):
    """The history of one tag."""

    def between(self, start: Instant, end: Instant | None) -> Page:
        """Returns the builds and deletions from `start` to `end` (to the last one if `None`).

        If there are many, it may return only some.  A source that knows the history only from some instant on says so, rather
        than letting it look like the first build.
        """
