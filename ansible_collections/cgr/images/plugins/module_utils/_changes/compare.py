# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing two builds of an image, and listing the moves of many images between two instants."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable, Iterable, Mapping, Sequence

from .._resolver.errors import BeforeFirstBuild, CgrError, InvalidArgument, InvalidImage, InvalidRule, MissingDependency
from .._resolver.history.timeline import Timeline, parse_window, tag_of
from .._resolver.model import reference
from .._resolver.model.instant import AtLike, Instant
from .._resolver.model.kinds import FLAG
from .._resolver.model.platform import Platform
from .._resolver.resolve.concurrency import run_concurrently
from .._resolver.resolver import Resolver
from .difference import BuildContents, Difference, compare
from .moves import Changes, ImageMoves
from .reader import read_build

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
    signed: bool | None = None,
) -> Difference:
    """Compares what two builds of an image contain.

    What cannot be read is missing in the result, with a warning, unless the attestations are to be verified: then it is an error.

    Args:
        resolver: reads the builds.
        image: the image; its tag and digest are ignored.
        old, new: the digests of the builds.
        platform: the platform, such as `linux/arm64`; by default `linux/amd64`, or the first one of the image.
        builds_between: see `Difference`.
        signed: whether to verify who signed the attestations that are used. By default as the setting `signed` says; if it
            is not set, they are taken as published.

    Raises:
        InvalidImage, InvalidRule: the image or the platform is malformed.
        NotSigned, SignatureRefused, MissingDependency, InvalidArgument: attestations cannot be verified, as for
            `Resolver.verify`; and what else `Resolver.verify` raises. Only if they are to be verified.
    """
    named = reference.parse(image, resolver.mirrors)
    asked = str(Platform.parse(platform)) if platform else None
    shown = tag_of(named) if named.tag else named.repository
    verify = partial(resolver.verify_attestation, named) if is_signed(resolver, signed) else None

    def read(digest: str) -> tuple[BuildContents, str | None]:
        try:
            return resolver.read_content(named, lambda content: read_build(content, digest, asked, verify))
        except CgrError as error:
            if verify:
                raise error.with_image(shown) from error.__cause__
            return BuildContents(digest, warnings=(f"the contents of {digest} are not known: {error.message}",)), None

    digests = dict.fromkeys((old, new))
    builds = {digest: read(digest) for digest in digests}
    platforms = {found for _build, found in builds.values() if found}
    found = platforms.pop() if len(platforms) == 1 else None
    return compare(shown, found, builds[old][0], builds[new][0], builds_between)


def compare_pairs(
    resolver: Resolver,
    pairs: Iterable[tuple[str, str, str]],
    *,
    platform: str | None = None,
    signed: bool | None = None,
) -> tuple[Difference, ...]:
    """Compares pairs of builds that are pinned, each pair once and many at a time.

    It never fails because of attestations: if they cannot be verified, the packages are missing, and a warning says why.

    Args:
        resolver: reads the builds.
        pairs: the images, each with the digests of its old and its new build.
        platform, signed: see `compare_builds`.

    Raises:
        InvalidImage, InvalidRule: the image or the platform is malformed.
    """
    asked = list(dict.fromkeys(pairs))
    found: dict[tuple[str, str, str], Difference] = {}
    work = run_concurrently(
        lambda pair: compare_or_warn(resolver, *pair, platform=platform, signed=signed), asked, resolver.concurrency
    )
    for pair, future in work:
        found[pair] = future.result()
    return tuple(found[pair] for pair in asked)


def compare_or_warn(
    resolver: Resolver,
    image: str,
    old: str,
    new: str,
    *,
    platform: str | None = None,
    builds_between: int | None = None,
    signed: bool | None = None,
) -> Difference:
    """Compares as `compare_builds` does; if the attestations cannot be verified, a warning says why, without packages."""
    try:
        return compare_builds(
            resolver, image, old, new, platform=platform, builds_between=builds_between, signed=signed
        )
    except (InvalidImage, InvalidRule):
        raise
    except CgrError as error:
        found = compare_builds(
            resolver, image, old, new, platform=platform, builds_between=builds_between, signed=False
        )
        warning = f"the packages are not verified, and not shown: {error.message}"
        return replace(found.without_contents(), warnings=(warning,))


def is_signed(resolver: Resolver, signed: bool | None) -> bool:
    """Whether to verify attestations: as the argument says, or else the setting."""
    return resolver.signed if signed is None else bool(FLAG.parse("signed", signed))


def compare_digests(
    resolver: Resolver,
    image: str,
    old: str,
    new: str,
    *,
    platform: str | None = None,
    signed: bool | None = None,
) -> Difference:
    """Compares two builds, and counts those between them in the tag's history; for the arguments, see `compare_builds`."""
    between = count_between(resolver, image, old, new)
    return compare_builds(resolver, image, old, new, platform=platform, builds_between=between, signed=signed)


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
    """Returns the two instants; the present is the latest time that the registry's clock gave."""
    back, end = parse_window(since, until)
    end = end or max((past.end for past in pasts), default=Instant(0))
    return (end + -back if isinstance(back, int) else back), end


def _between(digests: Sequence[str], old: str, new: str) -> int:
    later = len(digests) - 1 - list(reversed(digests)).index(new)
    before = [number for number, digest in enumerate(digests) if digest == old and number <= later]
    earlier = before[-1] if before else digests.index(old)
    return max(abs(later - earlier) - 1, 0)
