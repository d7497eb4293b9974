# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The functions `get_image_digest` and `get_image_digest_output`: an answer without a resource."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pulumi

from . import program
from .image_digest import at_input
from .resolver import AtLike, CgrError, parse_at

_Result = TypeVar("_Result")


@pulumi.output_type
class GetImageDigestResult:
    """The digest an image stands for, and why."""

    image: str
    """The image as it was written."""
    repository: str
    """Registry and name: `cgr.dev/acme.com/python`."""
    tag: str | None
    """The tag; none for an image that was pinned by its digest alone."""
    digest: str
    """`sha256:…`, that of the index: what the tag pointed at."""
    ref: str
    """`repository:tag@digest`, to be deployed."""
    updated: str | None
    """When the tag moved to the digest, as RFC 3339 text in UTC; none for an image that was pinned already."""
    at: str | None
    """The instant asked for, as RFC 3339 text in UTC; none for the latest build."""
    reason: str
    """Why this build, for a person."""


class AwaitableGetImageDigestResult(GetImageDigestResult):
    """The same, and one can await it, as one can the results of other packages' functions."""

    def __await__(self) -> Generator[None, None, GetImageDigestResult]:
        # Not itself: whatever awaits would await that again, without end.
        yield from ()
        return _make(GetImageDigestResult, {name: getattr(self, name) for name in GetImageDigestResult.__annotations__})


def get_image_digest(image: str, at: AtLike | None = None) -> AwaitableGetImageDigestResult:
    """Looks up the digest of an image, at once.

    Args:
        image: `cgr.dev/ORG/IMAGE[:TAG]`; `latest` where no tag is written.
        at: the instant whose digest is wanted: RFC 3339 or ISO 8601 text, `datetime` or `date` (its midnight); without a
            zone it means UTC.  By default the latest build.

    Raises:
        pulumi.RunError: there is no answer; the program ends with its sentence.
    """
    with _ending_cleanly():
        answer = program.resolve(image, None if at is None else str(parse_at(at)))
    return _make(AwaitableGetImageDigestResult, answer.as_dict())


def get_image_digest_output(
    image: pulumi.Input[str], at: pulumi.Input[AtLike] | None = None
) -> pulumi.Output[GetImageDigestResult]:
    """Looks up the digest of an image whose name or instant may not be known yet; several run beside each other.

    Takes the arguments of `get_image_digest` as inputs, and ends the program in the same way where there is no answer.
    """

    async def look_up(question: list[Any]) -> GetImageDigestResult:
        with _ending_cleanly():
            answer = await program.resolve_beside(*question)
        return _make(GetImageDigestResult, answer.as_dict())

    return pulumi.Output.all(image, at_input(at)).apply(look_up)


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    try:
        yield
    except CgrError as error:
        raise pulumi.RunError(str(error)) from error


def _make(kind: type[_Result], values: dict[str, str | None]) -> _Result:
    constructor: Any = kind  # made by pulumi.output_type, where no type checker sees it
    result: _Result = constructor(**values)
    return result
