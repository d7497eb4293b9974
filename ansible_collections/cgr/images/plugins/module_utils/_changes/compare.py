# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Comparing two builds of an image."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Iterable, NamedTuple, Sequence

from .._resolver.errors import CgrError, InvalidImage, InvalidRule
from .._resolver.history.timeline import tag_of
from .._resolver.model import reference
from .._resolver.model.kinds import FLAG
from .._resolver.model.platform import Platform
from .._resolver.resolve.concurrency import run_concurrently
from .._resolver.resolver import Resolver
from .difference import BuildContents, Difference, compare
from .reader import read_build

RECENT = "90d"
BEGINNING = "1970-01-01"


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


class Pair(NamedTuple):
    """Two builds of an image, of which the new one takes the place of the old one in a pin.

    Attributes:
        image: the image.
        old, new: the digests of the builds.
        signed: see `compare_builds`.
    """

    image: str
    old: str
    new: str
    signed: bool | None = None


def compare_pairs(resolver: Resolver, pairs: Iterable[Pair], *, platform: str | None = None) -> tuple[Difference, ...]:
    """Compares pairs of builds that are pinned, each pair once and many at a time.

    It never fails because of attestations: if they cannot be verified, the packages are missing, and a warning says why.

    Args:
        resolver: reads the builds.
        pairs: the pairs; those of the same build twice are left out.
        platform: see `compare_builds`.

    Raises:
        InvalidImage, InvalidRule: the image or the platform is malformed.
    """
    asked = list(dict.fromkeys(pair for pair in pairs if pair.old != pair.new))
    found: dict[Pair, Difference] = {}

    def read(pair: Pair) -> Difference:
        return compare_or_warn(resolver, pair.image, pair.old, pair.new, platform=platform, signed=pair.signed)

    for pair, future in run_concurrently(read, asked, resolver.concurrency):
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


def _between(digests: Sequence[str], old: str, new: str) -> int:
    later = len(digests) - 1 - list(reversed(digests)).index(new)
    before = [number for number, digest in enumerate(digests) if digest == old and number <= later]
    earlier = before[-1] if before else digests.index(old)
    return max(abs(later - earlier) - 1, 0)
