# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Tag histories for tests, and the ways in which a registry may answer about them.

What Chainguard documents about its Tag History API leaves points open.  `Readings` names them, so that a test can play
each: whoever is right under all of them is right.
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
    """How a registry answers where its documentation is silent.

    Attributes:
        order: `documented` is oldest first, and newest first where `end` is given; `oldest` is oldest first always;
            `shuffled` is in no order.  Of too many records, the first `cap` in that order are answered (of `shuffled`, the
            oldest).
        inclusive: whether a record exactly at `start` or `end` is among the answered.
        cap: the most records in one answer.
        digits: the fewest fraction digits of a timestamp (0 to 9).
        unknown_tag: what is answered about an unknown tag: status 404, an empty list, or an empty object.
    """

    order: Literal["documented", "oldest", "shuffled"] = "documented"
    inclusive: bool = True
    cap: int = 1000
    digits: int = 0
    unknown_tag: Literal["404", "[]", "{}"] = "404"


@dataclass(frozen=True)
class Move:
    """One move of a tag."""

    updated_at: Instant
    digest: str


class Histories:
    """The histories of many tags, by `ORG/IMAGE:TAG`.

    Args:
        histories: for each tag (`chainguard/python:latest`, with or without `cgr.dev/` before it) its moves in any order,
            as the registry writes them: `[{"updateTimestamp": "2024-05-31T00:00:00Z", "digest": "sha256:…"}]`, or the same
            under a key `history`.

    Raises:
        ValueError: a record is malformed.
    """

    def __init__(self, histories: Mapping[str, Any]) -> None:
        self._moves = {_plain(image): _moves(image, record) for image, record in histories.items()}

    @classmethod
    def load(cls, path: str | Path) -> Histories:
        """Reads histories from a JSON file."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8")))

    def copy(self) -> Histories:
        """Returns the same histories, to be changed on their own."""
        copy = Histories({})
        copy._moves = {image: list(moves) for image, moves in self._moves.items()}
        return copy

    @property
    def images(self) -> list[str]:
        """The tags there are, as `ORG/IMAGE:TAG`."""
        return sorted(self._moves)

    def has_repository(self, name: str) -> bool:
        """Whether there is any tag of the repository `ORG/IMAGE`."""
        return any(image.rpartition(":")[0] == name for image in self._moves)

    def moves(self, image: str) -> list[Move]:
        """Returns the moves of `ORG/IMAGE:TAG`, oldest first."""
        return list(self._moves.get(_plain(image), []))

    def move(self, image: str, digest: str, updated_at: Instant) -> None:
        """Lets a tag move to a digest; the tag is made if there is none."""
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is not a digest")
        moves = self._moves.setdefault(_plain(image), [])
        moves.append(Move(updated_at, digest))
        moves.sort(key=lambda move: move.updated_at)

    def page(self, image: str, start: Instant | None, end: Instant | None, readings: Readings) -> list[Move]:
        """Returns what a registry answers about a window of a tag's history, in its order, cut at its cap."""
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
        raise ValueError(f"the history of {image} is no list")
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
