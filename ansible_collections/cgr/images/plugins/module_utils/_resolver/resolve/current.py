# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Keeping a current pin that was not known when the image was resolved."""

from __future__ import annotations

from ..history import selection
from ..history.selection import Choice
from ..model.build import Build, HistoryRange
from ..model.query import Query
from ..model.resolution import Resolution


def keep_current(resolution: Resolution, query: Query) -> Resolution | None:
    """Compares a resolution with the current pin.

    Args:
        resolution: the resolution of the same query without `current`.
        query: the query, with `current` in its rule.

    Returns:
        The resolution of the query; `None` if too little was read to tell.
    """
    if query.rule.current and query.rule.on_denied and query.rule.current != resolution.index:
        return None  # a newer build may have been passed over that is the current pin
    history = resolution.history
    if not query.rule.current or not resolution.updated_at or history is None or history.now is None:
        return resolution
    if not query.rule.min_age:
        return resolution
    choice = Choice(Build(resolution.updated_at, resolution.index), resolution.reason)
    kept = selection.keep_current(choice, query.rule, history)
    if kept is choice:
        return resolution
    if kept is None or query.rule.checks_build:
        return None
    return to_resolution(query, kept, history, resolution.warnings)


def to_resolution(query: Query, choice: Choice, history: HistoryRange, warnings: tuple[str, ...] = ()) -> Resolution:
    """Makes the resolution of a query for the build that was chosen."""
    named = tuple(f"{query.reference.image}: {warning}" for warning in choice.warnings)
    build = choice.build
    return Resolution.of(query, build.digest, build.updated_at, choice.reason, (*warnings, *named), history)
