# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tag histories for tests, and how a registry may serve them.

The documentation of Chainguard's Tag History API leaves some points open.  `Readings` lists them, so that tests can cover every
reading.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .._bridge import is_digest
from ..resolver import Instant


@dataclass(frozen=True)
class Readings:
    """How a registry behaves where its documentation is silent.

    Attributes:
        order: `documented` is oldest first, or newest first if `end` is given; `oldest` is always oldest first;
            `shuffled` has no order.  If there are too many records, the first `cap` in that order are returned (of
            `shuffled`, the oldest).
        inclusive: whether a record exactly at `start` or `end` is returned.
        cap: the maximum number of records in a response.
        digits: the minimum number of fractional digits of a timestamp, from 0 to 9.
        unknown_tag: the response for an unknown tag: status 404, an empty list, or an empty object.
    """

    order: Literal["documented", "oldest", "shuffled"] = "documented"
    inclusive: bool = True
    cap: int = 1000
    digits: int = 0
    unknown_tag: Literal["404", "[]", "{}"] = "404"


@dataclass(frozen=True)
class Move:
    """One move of a tag to a digest."""

    updated_at: Instant
    digest: str


class Histories:
    """The histories of many tags, by `ORG/IMAGE:TAG`.

    Args:
        histories: for each tag (`chainguard/python:latest`, with or without `cgr.dev/` before it) its moves in any order,
            in the registry's format: `[{"updateTimestamp": "2024-05-31T00:00:00Z", "digest": "sha256:…"}]`, or the same
            as the value of a key `history`.

    Raises:
        ValueError: a record is malformed.
    """

    def __init__(self, histories: Mapping[str, Any]) -> None:
        self._deletions: dict[str, list[Instant]] = {}
        self._moves = {_plain(image): _moves(image, record) for image, record in histories.items()}

    @classmethod
    def load(cls, path: str | Path) -> Histories:
        """Reads histories from a JSON file."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8")))

    def copy(self) -> Histories:
        """Returns a copy of the histories."""
        copy = Histories({})
        copy._moves = {image: list(moves) for image, moves in self._moves.items()}
        copy._deletions = {image: list(deletions) for image, deletions in self._deletions.items()}
        return copy

    @property
    def images(self) -> list[str]:
        """The tags, as `ORG/IMAGE:TAG`."""
        return sorted(self._moves)

    def has_repository(self, name: str) -> bool:
        """Whether the repository `ORG/IMAGE` has a tag."""
        return any(image.rpartition(":")[0] == name for image in self._moves)

    def moves(self, image: str) -> list[Move]:
        """Returns the moves of `ORG/IMAGE:TAG`, oldest first."""
        return list(self._moves.get(_plain(image), []))

    def move(self, image: str, digest: str, updated_at: Instant) -> None:
        """Moves a tag to a digest; creates the tag if it does not exist."""
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is not a digest")
        moves = self._moves.setdefault(_plain(image), [])
        moves.append(Move(updated_at, digest))
        moves.sort(key=lambda move: move.updated_at)

    def deletions(self, image: str) -> list[Instant]:
        """Returns when `ORG/IMAGE:TAG` was deleted, oldest first.  Chainguard's Tag History API does not tell it."""
        return list(self._deletions.get(_plain(image), []))

    def delete(self, image: str, deleted_at: Instant) -> None:
        """Deletes a tag, which may be created again by another move."""
        self._deletions.setdefault(_plain(image), []).append(deleted_at)
        self._deletions[_plain(image)].sort()

    def page(self, image: str, start: Instant | None, end: Instant | None, readings: Readings) -> list[Move]:
        """Returns the records that a registry returns for a window of a tag's history, in its order and up to its cap."""
        found = [move for move in self.moves(image) if _inside(move.updated_at, start, end, readings.inclusive)]
        if readings.order == "documented" and end is not None:
            found.reverse()
        found = found[: readings.cap]
        if readings.order == "shuffled":
            random.Random(len(found)).shuffle(found)
        return found


def _plain(image: str) -> str:
    return image.removeprefix("cgr.dev/")


def _moves(image: str, record: Any) -> list[Move]:
    entries = record["history"] if isinstance(record, Mapping) else record
    if not isinstance(entries, Sequence):
        raise ValueError(f"the history of {image} is not a list")
    moves = []
    for entry in entries:
        if not is_digest(entry["digest"]):
            raise ValueError(f"the history of {image} has a malformed digest: {entry['digest']!r}")
        moves.append(Move(Instant.parse(entry["updateTimestamp"]), entry["digest"]))
    return sorted(moves, key=lambda move: move.updated_at)


def _inside(updated_at: Instant, start: Instant | None, end: Instant | None, inclusive: bool) -> bool:
    if inclusive:
        return (start is None or updated_at >= start) and (end is None or updated_at <= end)
    return (start is None or updated_at > start) and (end is None or updated_at < end)
