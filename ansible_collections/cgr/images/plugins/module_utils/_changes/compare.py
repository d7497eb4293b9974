# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing two builds of an image, and listing the moves of many images between two instants."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterable, Mapping, Sequence

from .._resolver.errors import BeforeFirstBuild, CgrError, InvalidArgument, InvalidImage
from .._resolver.history.timeline import Timeline, parse_window, tag_of
from .._resolver.model import reference
from .._resolver.model.instant import AtLike, Instant
from .._resolver.model.platform import Platform
from .._resolver.resolve.concurrency import run_concurrently
from .._resolver.resolver import Resolver
from .difference import BuildContents, Difference, compare
from .moves import Changes, ImageMoves
from .reader import Verify, read_build

RECENT = "90d"
BEGINNING = "1970-01-01"

Progress = Callable[[int, int, str], None]
"""Called after each image with how many are done, how many there are, and the image."""


def compare_builds(
    resolver: Resolver,
    image: str,
    old: str,
    new: str,
    *,
    platform: str | None = None,
    builds_between: int | None = None,
    verify: Verify | None = None,
) -> Difference:
    """Compares what two builds of an image contain.

    What cannot be read is missing in the result, with a warning: a difference is never a reason to fail.

    Args:
        resolver: reads the builds.
        image: the image; its tag and digest are ignored.
        old, new: the digests of the builds.
        platform: the platform, such as `linux/arm64`; by default `linux/amd64`, or the first one of the image.
        builds_between: see `Difference`.
        verify: verifies the attestations; by default they are taken as published.

    Raises:
        InvalidImage, InvalidRule: the image or the platform is malformed.
    """
    named = reference.parse(image, resolver.mirrors)
    asked = str(Platform.parse(platform)) if platform else None
    shown = tag_of(named) if named.tag else named.repository

    def read(digest: str) -> tuple[BuildContents, str | None]:
        try:
            return resolver.read_content(named, lambda content: read_build(content, digest, asked, verify))
        except CgrError as error:
            return BuildContents(digest, warnings=(f"the contents of {digest} are not known: {error.message}",)), None

    digests = dict.fromkeys((old, new))
    builds = {digest: read(digest) for digest in digests}
    platforms = {found for _build, found in builds.values() if found}
    found = platforms.pop() if len(platforms) == 1 else None
    return compare(shown, found, builds[old][0], builds[new][0], builds_between)


def compare_pairs(
    resolver: Resolver, pairs: Iterable[tuple[str, str, str]], *, platform: str | None = None
) -> tuple[Difference, ...]:
    """Compares pairs of builds, each pair once and many at a time; for errors, see `compare_builds`.

    Args:
        resolver: reads the builds.
        pairs: the images, each with the digests of its old and its new build.
        platform: see `compare_builds`.
    """
    asked = list(dict.fromkeys(pairs))
    found: dict[tuple[str, str, str], Difference] = {}
    work = run_concurrently(
        lambda pair: compare_builds(resolver, *pair, platform=platform), asked, resolver.concurrency
    )
    for pair, future in work:
        found[pair] = future.result()
    return tuple(found[pair] for pair in asked)


def compare_digests(
    resolver: Resolver,
    image: str,
    old: str,
    new: str,
    *,
    platform: str | None = None,
    verify: Verify | None = None,
) -> Difference:
    """Compares two builds, and counts those between them in the tag's history; for the arguments, see `compare_builds`."""
    between = count_between(resolver, image, old, new)
    return compare_builds(resolver, image, old, new, platform=platform, builds_between=between, verify=verify)


def count_between(resolver: Resolver, image: str, old: str, new: str) -> int | None:
    """Returns how many builds a tag pointed at between two others; `None` if its history does not have both."""
    if reference.parse(image, resolver.mirrors).tag is None:
        return None
    for since in (RECENT, BEGINNING):
        try:
            digests = [interval.digest for interval in resolver.moves(image, since=since).intervals]
        except CgrError:
            return None
        if old in digests and new in digests:
            return _between(digests, old, new)
    return None


def list_changes(
    resolver: Resolver,
    images: Mapping[str, Iterable[str]],
    since: AtLike,
    until: AtLike | None = None,
    *,
    packages: bool = True,
    platform: str | None = None,
    progress: Progress | None = None,
    verify: Verify | None = None,
) -> Changes:
    """Lists the moves of images between two instants, and compares the old with the new build of those that changed.

    Args:
        resolver: reads the histories and the builds, many at a time.
        images: the images, each with the digests to which it is pinned.
        since: the earlier instant, or a duration before the later one, such as `2d`.
        until: the later instant; by default the present.
        packages: whether to compare packages and configuration.
        platform, verify: see `compare_builds`.
        progress: called after each image.

    Raises:
        InvalidInstant, InvalidRule: an instant or the platform is malformed, or an instant is in the future.
    """
    parse_window(since, until)
    asked = str(Platform.parse(platform)) if platform else None
    tell = progress or (lambda _done, _all, _image: None)
    pasts, absent, failed = _read_histories(resolver, images, since, until, tell)
    moved = [ImageMoves.of(past, images[image]) for image, past in pasts.items()]
    moved += [ImageMoves.absent(image, images[image]) for image in absent]
    if packages:
        moved = list(_with_differences(resolver, moved, asked, verify))
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
    resolver: Resolver, images: Sequence[ImageMoves], platform: str | None, verify: Verify | None
) -> Iterable[ImageMoves]:
    def read(moved: ImageMoves) -> ImageMoves:
        if not (moved.is_changed and moved.old and moved.new):
            return moved
        old, new = moved.old.digest, moved.new.digest
        found = compare_builds(resolver, moved.image, old, new, platform=platform, verify=verify)
        return replace(moved, difference=found)

    for _moved, future in run_concurrently(read, images, resolver.concurrency):
        yield future.result()


def _window(pasts: Sequence[Timeline], since: AtLike, until: AtLike | None) -> tuple[Instant, Instant]:
    """Returns the two instants; the present is the latest time that the registry's clock gave."""
    back, end = parse_window(since, until)
    end = end or max((past.end for past in pasts), default=Instant(0))
    return (end + -back if isinstance(back, int) else back), end


def _between(digests: Sequence[str], old: str, new: str) -> int:
    later = len(digests) - 1 - list(reversed(digests)).index(new)
    before = [number for number, digest in enumerate(digests) if digest == old and number <= later]
    earlier = before[-1] if before else digests.index(old)
    return max(abs(later - earlier) - 1, 0)
