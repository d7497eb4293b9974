# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Listing the moves of many images between two instants, and what they changed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Callable, Iterable, Mapping, Sequence

from .._resolver.errors import (
    BeforeFirstBuild,
    CgrError,
    InvalidArgument,
    InvalidImage,
    InvalidRule,
    MissingDependency,
)
from .._resolver.history.timeline import Timeline, parse_window
from .._resolver.model.instant import AtLike, Instant
from .._resolver.model.platform import Platform
from .._resolver.resolve.concurrency import run_concurrently
from .._resolver.resolver import Resolver
from .compare import compare_builds
from .moves import Changes, ImageMoves

Progress = Callable[[int, int, str], None]
"""Called after each image with how many are done, how many there are, and the image."""


def list_changes(
    resolver: Resolver,
    images: Mapping[str, Iterable[str]],
    since: AtLike,
    until: AtLike | None = None,
    *,
    packages: bool = True,
    platform: str | None = None,
    progress: Progress | None = None,
    signed: bool | None = None,
) -> Changes:
    """Lists the moves of images between two instants, and compares the old with the new build of those that changed.

    Args:
        resolver: reads the histories and the builds, many at a time.
        images: the images, each with the digests to which it is pinned.
        since: the earlier instant, or a duration before the later one, such as `2d`.
        until: the later instant; by default the present.
        packages: whether to compare packages and configuration.
        platform, signed: see `compare_builds`; an image whose attestations cannot be verified is listed with its moves, and
            also in `failed`.
        progress: called after each image.

    Raises:
        InvalidInstant, InvalidRule: an instant or the platform is malformed, or an instant is in the future.
        MissingDependency: attestations are to be verified, and cosign is missing.
    """
    parse_window(since, until)
    asked = str(Platform.parse(platform)) if platform else None
    tell = progress or (lambda _done, _all, _image: None)
    pasts, absent, failed = _read_histories(resolver, images, since, until, tell)
    moved = [ImageMoves.of(past, images[image]) for image, past in pasts.items()]
    moved += [ImageMoves.absent(image, images[image]) for image in absent]
    if packages:
        moved = list(_with_differences(resolver, moved, asked, signed, failed))
    begin, end = _window(list(pasts.values()), since, until)
    return Changes.of(begin, end, moved, failed)


def _read_histories(
    resolver: Resolver, images: Iterable[str], since: AtLike, until: AtLike | None, progress: Progress
) -> tuple[dict[str, Timeline], list[str], dict[str, str]]:
    """Returns the timelines, the images whose tags did not exist yet, and why others could not be looked up."""
    asked = list(images)
    pasts: dict[str, Timeline] = {}
    absent: list[str] = []
    failed: dict[str, str] = {}

    def read(image: str) -> Timeline:
        return resolver.moves(image, since=since, until=until)

    for image, future in run_concurrently(read, asked, resolver.concurrency):
        try:
            pasts[image] = future.result()
        except BeforeFirstBuild:
            absent.append(image)
        except InvalidImage as error:
            failed[image] = error.message
        except InvalidArgument:
            raise
        except CgrError as error:
            failed[image] = error.message
        progress(len(pasts) + len(absent) + len(failed), len(asked), image)
    return pasts, absent, failed


def _with_differences(
    resolver: Resolver,
    images: Sequence[ImageMoves],
    platform: str | None,
    signed: bool | None,
    failed: dict[str, str],
) -> Iterable[ImageMoves]:
    """Yields the moves with their differences; those that cannot be verified have none, and `failed` gets the reason."""

    def read(moved: ImageMoves) -> ImageMoves:
        if not (moved.is_changed and moved.old and moved.new):
            return moved
        old, new = moved.old.digest, moved.new.digest
        found = compare_builds(resolver, moved.image, old, new, platform=platform, signed=signed)
        return replace(moved, difference=found)

    for moved, future in run_concurrently(read, images, resolver.concurrency):
        error = future.exception()
        if isinstance(error, CgrError) and not isinstance(error, (InvalidRule, MissingDependency)):
            failed[moved.image] = error.message
            yield moved
        else:
            yield future.result()


def _window(pasts: Sequence[Timeline], since: AtLike, until: AtLike | None) -> tuple[Instant, Instant]:
    """Returns the two instants; the present is the latest time of the registry's clock, or of this machine's without one."""
    back, end = parse_window(since, until)
    end = end or max((past.end for past in pasts), default=Instant(time.time_ns()))
    return (end + -back if isinstance(back, int) else back), end
