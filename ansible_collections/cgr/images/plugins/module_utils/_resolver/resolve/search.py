# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Searching a tag's history further back than it was read, and saying why no build matches."""

from __future__ import annotations

from ..errors import BeforeFirstBuild, CgrError, NoBuildFits, UnknownTag, UntrustworthyAnswer
from ..history import reader, selection
from ..history.selection import Choice, Known
from ..history.source import HistorySource
from ..model.build import CLOCK_TOLERANCE, HistoryRange
from ..model.instant import Instant
from ..model.query import Query
from ..redaction import redact


def search(
    source: HistorySource, history: HistoryRange, query: Query, until: Instant | None, known: Known
) -> tuple[HistoryRange, Choice]:
    """Reads further back until the history has the build that a rule chooses; returns the longer history, and the choice.

    Args:
        source: the history of the tag.
        history: the range that was read.
        query: the image and the rule.
        until: the instant to take for the present (see `selection.choose`).
        known: what is known about the builds.

    Raises:
        NoBuildFits, BeforeFirstBuild, UnknownTag: no build matches.
        UntrustworthyAnswer: see `reader.fetch_earlier`.
    """
    while not history.has_first_build:
        history = reader.fetch_earlier(source, history)
        choice = selection.choose(history, query.rule, until, known)
        if choice is not None:
            return history, choice
    raise _no_build(source, history, query, until, known)


def _no_build(
    source: HistorySource, history: HistoryRange, query: Query, until: Instant | None, known: Known
) -> CgrError:
    """Returns the error for a query that no build matches."""
    if history.known_since:
        return BeforeFirstBuild(
            f"the registry knows the tag's history only since {history.known_since}, and no build since then matches. Ask for a"
            " later instant."
        )
    reason = selection.explain_no_build(history, query.rule, until, known)
    if reason:
        return NoBuildFits(reason)
    first = history.builds[0] if history.builds else None
    limit = query.rule.at or until
    if first is None and limit is not None:
        first = reader.fetch_first_build(source, limit)
    if first is None:
        tag, repository = query.reference.tag or "", query.reference.upstream
        return UnknownTag(f"the registry has no tag {redact(tag)} in {repository}. Check its spelling.")
    if history.now and first.updated_at > history.now + CLOCK_TOLERANCE:
        return UntrustworthyAnswer(
            f"The registry's tag history begins with a build from {first.updated_at}, which is in the future by the registry's"
            " own clock."
        )
    return BeforeFirstBuild(
        f"at {limit} is before the tag's first build, which is from {first.updated_at}. Ask for a later instant."
    )
