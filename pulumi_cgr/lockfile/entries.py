# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Making the entries of a lock from resolutions.  Pure: no I/O, no clock."""

from __future__ import annotations

import contextlib

from .._bridge import SECOND, Entry, Query, choose
from ..resolver import CgrError, Instant, Resolution, Resolutions, UntrustworthyAnswer


def make_entry(query: Query, resolutions: Resolutions, name: str, before: Entry | None) -> Entry:
    """Makes the entry for a query.

    Args:
        query: the image and the rule.
        resolutions: what was resolved at the same time.
        name: its name among them.
        before: the entry that the lock has now, if it has one.

    Raises:
        CgrError: the registry gave no time.
    """
    resolution = resolutions.resolutions[name]
    resolved = resolution.now if query.is_fixed else resolutions.at
    if resolved is None:
        raise CgrError(f"{name}: the registry gave no time, so it is not known when the image was locked.")
    if not query.rule.on_denied:
        return Entry.of(query, resolution, resolved, before)
    return _passing_over(query, resolution, resolved, before)


def _passing_over(query: Query, resolution: Resolution, resolved: Instant, before: Entry | None) -> Entry:
    """Makes the entry for a build that may not be the newest, because that may not be used.

    Its instant is the last one at which the rule alone chose the build: checks and rollbacks do not pass builds over.
    """
    history, moved = resolution.history, resolution.updated_at
    if history is None or moved is None:
        return Entry.of(query, resolution, resolved, before)
    later = [build.updated_at for build in reversed(history.builds) if build.updated_at > moved]
    instants = [max(each + -SECOND, moved) + query.rule.min_age for each in later]
    for instant in (resolved, *(each for each in instants if each < resolved)):
        entry = Entry.of(query, resolution, instant, before)
        with contextlib.suppress(UntrustworthyAnswer):
            found = choose(history, entry.once_asked(query).rule)
            if found and (found.build.digest, found.build.updated_at) == (entry.index_digest, moved):
                return entry
    return Entry.of(query, resolution, resolved, before)
