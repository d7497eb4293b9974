# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Builds of a tag, and ranges of its history."""

from __future__ import annotations

from dataclasses import dataclass

from .instant import DAY, Instant

BEGINNING = Instant.parse("1970-01-01")

CLOCK_TOLERANCE = DAY
"""How far a registry's clock may differ from its own timestamps."""


@dataclass(frozen=True)
class Build:
    """One move of a tag: at `updated_at` it began to point at `digest`."""

    updated_at: Instant
    digest: str


@dataclass(frozen=True)
class Page:
    """The answer of a history source.

    Attributes:
        builds: the builds, in any order.
        now: the time by the source's clock, if it gave one.
        deletions: when the tag was deleted.
        known_since: the instant before which the source knows nothing; `None` if it knows the whole history.
    """

    builds: tuple[Build, ...]
    now: Instant | None
    deletions: tuple[Instant, ...] = ()
    known_since: Instant | None = None


@dataclass(frozen=True)
class HistoryRange:
    """A range of a tag's history from which nothing is missing.

    Attributes:
        builds: every build in the range, oldest first, without duplicates.
        start: the beginning of the range.
        end: the end of the range.
        now: the time by the source's clock when the range was read.
        deletions: when the tag was deleted, oldest first.
        known_since: the instant before which the source knows nothing; `None` if it knows the whole history.
    """

    builds: tuple[Build, ...]
    start: Instant
    end: Instant
    now: Instant | None
    deletions: tuple[Instant, ...] = ()
    known_since: Instant | None = None

    @property
    def has_first_build(self) -> bool:
        """Whether the source knows nothing before the range."""
        return self.start <= (self.known_since or BEGINNING)
