# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The functions `get_image_digest` and `get_image_digest_output`: an answer without a resource."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi

from ._pulumi import check_image as pin
from ._pulumi.prefetch import beside, resolver, warn
from .image_digest import at_input
from .resolver import AtLike, CgrError, Resolution

_Result = TypeVar("_Result")


@pulumi.output_type
class Build:
    """A build beside the one that was chosen."""

    digest: str
    """`sha256:…`."""
    updated_at: str
    """When the tag moved to it, as RFC 3339 text in UTC."""


@pulumi.output_type
class GetImageDigestResult:
    """The digest an image stands for, and why."""

    image: str
    """The image as it was written."""
    repository: str
    """The registry and the name in it, such as `cgr.dev/acme.com/python`."""
    tag: str | None
    """The tag; none for an image that was pinned by its digest alone."""
    digest: str
    """The digest that the tag pointed at, that of the index for all platforms."""
    ref: str
    """The reference to deploy, `repository:tag@digest`."""
    updated_at: str | None
    """When the tag moved to the digest, in UTC; none for an image that was pinned already."""
    at: str | None
    """The instant asked for, in UTC; none for the present."""
    reason: str
    """Why this build, for a person."""
    previous: Build | None
    """The build before this one, if it was read, with its `digest` and when the tag moved to it (`updated_at`)."""
    next: Build | None
    """The build after this one, if there was one, with its `digest` and when the tag moved to it (`updated_at`)."""
    active_seconds: int | None
    """How many seconds the tag pointed at this build; none if no later build was read."""


class AwaitableGetImageDigestResult(GetImageDigestResult):
    """The same, and one can await it, as one can the results of other packages' functions."""

    def __await__(self) -> Generator[None, None, GetImageDigestResult]:
        # Not itself: whatever awaits would await that again, without end.
        yield from ()
        return _made(GetImageDigestResult, {name: getattr(self, name) for name in GetImageDigestResult.__annotations__})


def get_image_digest(
    image: str,
    at: AtLike | None = None,
    *,
    min_age: str | None = None,
    builds_back: int | None = None,
    exclude: Sequence[str] | None = None,
    current: str | None = None,
    stale_after: str | None = None,
    lock: str | None = None,
) -> AwaitableGetImageDigestResult:
    """Looks up the digest of an image, at once.

    Args:
        image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; the tag is `latest` where none is written. An image that is pinned
            already (`…@sha256:…`) is answered as it stands, without a request.
        at: the instant to look at, such as `2026-01-31T12:00:00Z` or `2026-01-31` (its midnight), as RFC 3339 or
            ISO 8601 text, a date, or a date and time. Without a time zone it means UTC. By default the present.
        min_age: how old the build must be at least, by the registry's clock, such as `7d`, `36h` or `P7D`. Does not go
            together with `at`.
        builds_back: how many builds before the one that would be chosen. A return to an earlier digest counts as one.
        exclude: digests that are known to be bad. The next older build is taken instead.
        current: the digest, or the `ref`, that is deployed. With `min_age`, it is never replaced by an older build, unless
            it is excluded, or `builds_back` asks for one.
        stale_after: warn if the newest build is older than that, such as `30d`.
        lock: a file with pins, as `cgr-images lock` writes it, such as `cgr.lock.json`. Images are answered out of it,
            without a network and without credentials, and what it lacks is refused. Nothing (`""`) uses none. A relative
            path belongs to the folder of the program. By default the one of the configuration, if it names one.

    Raises:
        pulumi.RunError: there is no answer; the program ends with its sentence.
    """
    query = {
        "image": image,
        "at": at,
        "min_age": min_age,
        "builds_back": builds_back,
        "exclude": exclude,
        "current": current,
        "stale_after": stale_after,
        "lock": lock,
    }
    with _ending_cleanly():
        resolution = _look_up(query)
    return _of_answer(AwaitableGetImageDigestResult, resolution)


def get_image_digest_output(
    image: pulumi.Input[str],
    at: pulumi.Input[AtLike] | None = None,
    *,
    min_age: pulumi.Input[str] | None = None,
    builds_back: pulumi.Input[int] | None = None,
    exclude: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
    current: pulumi.Input[str] | None = None,
    stale_after: pulumi.Input[str] | None = None,
    lock: pulumi.Input[str] | None = None,
) -> pulumi.Output[GetImageDigestResult]:
    """Looks up the digest of an image whose name or rule may not be known yet; several run beside each other.

    Takes the arguments of `get_image_digest` as inputs, and ends the program in the same way where there is no answer.
    """

    async def look_up(query: Mapping[str, Any]) -> GetImageDigestResult:
        with _ending_cleanly():
            resolution = await beside(lambda: _look_up(query))
        return _of_answer(GetImageDigestResult, resolution)

    query = {
        "image": image,
        "at": at_input(at),
        "min_age": min_age,
        "builds_back": builds_back,
        "exclude": exclude,
        "current": current,
        "stale_after": stale_after,
        "lock": lock,
    }
    return pulumi.Output.from_input(query).apply(look_up)


def _look_up(query: Mapping[str, Any]) -> Resolution:
    asked = {name: value for name, value in query.items() if name != pin.LOCK}
    answering = pin.answering(query, resolver())
    resolution = answering.resolve_query(answering.parse_query(**asked))
    warn(resolution.warnings)
    return resolution


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    try:
        yield
    except CgrError as error:
        raise pulumi.RunError(str(error)) from error


def _of_answer(kind: type[_Result], resolution: Resolution) -> _Result:
    values = resolution.to_result()
    builds = {name: _made(Build, values[name]) if values[name] else None for name in ("previous", "next")}
    return _made(kind, {**values, **builds})


def _made(kind: type[_Result], values: Mapping[str, Any]) -> _Result:
    constructor: Any = kind  # made by pulumi.output_type, where no type checker sees it
    result: _Result = constructor(**values)
    return result
