# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The exit status of a run over files, the same in the command and in the module."""

from __future__ import annotations

from .ignored import IGNORED
from .report import SKIPPED, Report, Row
from .tree.walk import LOOKED_UP

OK, WOULD_CHANGE, NOT_DONE, SKIPPED_SOME = 0, 1, 2, 3
"""All is as it should be; a check would change something; something could not be resolved, read or written; with `strict`,
an image of ours was skipped."""


_ON_PURPOSE = (IGNORED, LOOKED_UP.partition("{}")[0])


def exit_status(report: Report, check: bool, strict: bool) -> int:
    """Returns the exit status of a run; of several that fit, 2 comes first, then 3, then 1.

    Args:
        report: what was done.
        check: whether nothing was written.
        strict: whether no image of ours may be skipped.
    """
    if report.problems:
        return NOT_DONE
    if strict and skipped(report):
        return SKIPPED_SOME
    return WOULD_CHANGE if check and report.changed else OK


def skipped(report: Report) -> list[Row]:
    """Returns the images that were skipped, except those that a comment says to ignore, or that are looked up later."""
    return [row for row in report.rows if row.status == SKIPPED and not row.reason.startswith(_ON_PURPOSE)]
