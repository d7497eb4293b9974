# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The two builds that a user wants to compare: by digests, or as of two instants."""

from __future__ import annotations

from typing import NamedTuple

from .._resolver.errors import InvalidArgument, InvalidImage
from .._resolver.history.timeline import tag_of
from .._resolver.model import reference
from .._resolver.model.grammar import is_digest
from .._resolver.model.instant import AtLike
from .._resolver.model.kinds import parse_at
from .._resolver.model.reference import Reference
from .._resolver.redaction import redact
from .._resolver.resolver import Resolver

LATEST = "latest"


class Ends(NamedTuple):
    """The image without its digest, and the digests of the two builds."""

    image: str
    old: str
    new: str


def find_ends(
    resolver: Resolver,
    image: str,
    new: str | None = None,
    since: AtLike | None = None,
    until: AtLike | None = None,
) -> Ends:
    """Returns the two builds to compare.

    Args:
        resolver: resolves what is not a digest.
        image: `IMAGE@OLD`; or the image alone, with `since`.
        new: the new build, if `image` has the old one: a digest, a reference with a digest, or `latest`, the default.
        since: the instant of the old build.
        until: the instant of the new build; by default the present.

    Raises:
        InvalidArgument: they do not say which builds to compare.
        CgrError: as for `Resolver.resolve`.
    """
    named = reference.parse(image, resolver.mirrors)
    if named.digest:
        if since or until:
            raise InvalidArgument(f"{image} has a digest, so it cannot be combined with instants.", "since")
        shown = f"{named.repository}:{named.tag}" if named.tag else named.repository
        return Ends(shown, named.digest, _new(resolver, named, new))
    if new:
        raise InvalidArgument(f"{image} has no digest to compare with {redact(new)}: write {image}@sha256:….", "image")
    if since is None:
        raise InvalidArgument(
            f"say which builds of {image} to compare: write {image}@sha256:…, or give the instant of the old one.",
            "image",
        )
    tag = tag_of(named)
    for name, instant in {"since": since, "until": until}.items():
        if instant:
            parse_at(instant, name)  # an error names this argument, not `at`
    latest = resolver.resolve(tag, at=until) if until else resolver.resolve(tag)
    return Ends(tag, resolver.resolve(tag, at=since).digest, latest.digest)


def digest_in(resolver: Resolver, ref: str, image: str, name: str = "image") -> str:
    """Returns the digest of a build of an image that a user names.

    Args:
        resolver: knows the mirrors.
        ref: a digest, or a reference with a digest, `repository:tag@sha256:…`, of the image's repository.
        image: the image.
        name: the name of the argument, for the error.

    Raises:
        InvalidImage: it is something else.
    """
    if is_digest(ref):
        return ref
    if ref.startswith("sha256:"):
        raise InvalidImage(f"{redact(ref)} is a malformed digest: write sha256: and 64 lower-case hex digits.", name)
    try:
        named, wanted = reference.parse(ref, resolver.mirrors), reference.parse(image, resolver.mirrors)
    except InvalidImage as error:
        raise InvalidImage(error.message, name) from error
    if named.digest is None:
        raise InvalidImage(f"{redact(ref)} has no digest: write {wanted.repository}@sha256:….", name)
    if named.upstream != wanted.upstream:
        raise InvalidImage(f"{redact(ref)} is a build of another image than {wanted.repository}.", name)
    return named.digest


def _new(resolver: Resolver, named: Reference, new: str | None) -> str:
    if new in (None, "", LATEST):
        return resolver.resolve(tag_of(named)).digest
    return digest_in(resolver, str(new), named.image)
