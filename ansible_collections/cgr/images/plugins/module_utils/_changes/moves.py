# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The moves of images between two instants, and what they changed.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from .._resolver.history.timeline import Interval, Timeline
from .._resolver.model.instant import Instant
from .difference import Difference


@dataclass(frozen=True)
class ImageMoves:
    """The moves of one image between two instants.

    Attributes:
        image: the image with its tag.
        old: the build at the earlier instant; none if the tag did not exist yet.
        new: the build at the later instant; none if the tag did not exist yet.
        moves: the builds to which the tag moved between them, oldest first.
        pinned: the digests to which the image is pinned in the lock or the files, if it is.
        difference: the difference between the old and the new build; none if they are the same, or it was not asked for.
        warnings: what the user should look at.
    """

    image: str
    old: Interval | None
    new: Interval | None
    moves: tuple[Interval, ...]
    pinned: tuple[str, ...] = ()
    difference: Difference | None = None
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, past: Timeline, pinned: Iterable[str] = ()) -> ImageMoves:
        """Makes the moves of a timeline."""
        old = next((interval for interval in reversed(past.intervals) if interval.updated_at <= past.since), None)
        moves = tuple(interval for interval in past.intervals if interval.updated_at > past.since)
        new = moves[-1] if moves else old
        return cls(past.image, old, new, moves, tuple(dict.fromkeys(pinned)), warnings=past.warnings)

    @classmethod
    def absent(cls, image: str, pinned: Iterable[str] = ()) -> ImageMoves:
        """Makes the moves of an image whose tag did not exist yet at the later instant."""
        return cls(image, None, None, (), tuple(dict.fromkeys(pinned)), warnings=("the tag did not exist yet.",))

    @property
    def has_moved(self) -> bool:
        """Whether the tag moved at all."""
        return bool(self.moves)

    @property
    def is_changed(self) -> bool:
        """Whether the tag points at another digest than before; it may have moved and returned."""
        return bool(self.old and self.new and self.old.digest != self.new.digest)

    def to_dict(self) -> dict[str, Any]:
        """Returns the moves in the form of `--json` and of the results, instants as text."""
        difference = self.difference.to_dict() if self.difference else {}
        return {
            "image": self.image,
            "old": self.old.digest if self.old else None,
            "new": self.new.digest if self.new else None,
            "pinned": list(self.pinned),
            "builds": len(self.moves),
            "moves": [_move(interval) for interval in self.moves],
            "platform": difference.get("platform"),
            "packages": difference.get("packages"),
            "config": difference.get("config"),
            "size": difference.get("size"),
            "created": difference.get("created"),
            "verified": difference.get("verified", False),
            "warnings": [*self.warnings, *difference.get("warnings", ())],
        }


@dataclass(frozen=True)
class Changes:
    """The moves of a set of images between two instants.

    Attributes:
        since: the earlier instant, in UTC.
        until: the later instant, in UTC.
        images: the images, the one that moved last first; those that did not move are at the end, by name.
        failed: why images could not be looked up, by image.
    """

    since: Instant
    until: Instant
    images: tuple[ImageMoves, ...]
    failed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, since: Instant, until: Instant, images: Iterable[ImageMoves], failed: Mapping[str, str]) -> Changes:
        """Makes the changes of images in any order."""
        return cls(since, until, tuple(sorted(images, key=_newest_first)), dict(sorted(failed.items())))

    def to_dict(self) -> dict[str, Any]:
        """Returns the changes in the form of `--json` and of the results, instants as text."""
        return {
            "since": str(self.since),
            "until": str(self.until),
            "images": [image.to_dict() for image in self.images],
            "failed": dict(self.failed),
        }


def _newest_first(moved: ImageMoves) -> tuple[int, str]:
    return -moved.moves[-1].updated_at.nanoseconds if moved.moves else 0, moved.image


def _move(interval: Interval) -> dict[str, Any]:
    returned = str(interval.returned) if interval.returned else None
    return {"digest": interval.digest, "updated_at": str(interval.updated_at), "returned": returned}
