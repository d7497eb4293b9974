# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The functions `get_image_changes` and `get_image_changes_output`: the difference between two builds, without a resource."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import pulumi

from ._pulumi.arguments import as_input
from ._pulumi.compare_image import compare_image, result_of, warnings_of
from ._pulumi.results import ending_cleanly, made
from ._pulumi.run import current_run, warn
from .changes import Difference
from .resolver import AtLike

_Result = TypeVar("_Result")


@pulumi.output_type
class PackageChanges:
    """The packages that differ between two builds."""

    added: dict[str, str]
    """The versions of those that only the new build has, by name."""
    removed: dict[str, str]
    """The versions of those that only the old build has, by name."""
    updated: dict[str, list[str]]
    """The old and the new version of those that both have in different versions, by name."""
    downgraded: list[str]
    """The names of those of `updated` whose new version is earlier, in apk's order."""


@pulumi.output_type
class GetImageChangesResult:
    """The difference between two builds of an image."""

    image: str
    """The image with its tag, or without a tag if only digests are known."""
    platform: str | None
    """The platform whose packages were compared, such as `linux/amd64`; none if it is not known."""
    old: str
    """The digest of the old build."""
    new: str
    """The digest of the new build."""
    builds_between: int | None
    """How many builds the tag pointed at between them; none if the tag's history does not have both."""
    packages: PackageChanges | None
    """The packages that differ; none if the publisher does not attest those of both builds."""
    config: dict[str, list[Any]] | None
    """The old and the new value of each part of the configuration that differs; none if it is not known."""
    size: list[int | None]
    """The old and the new size of the layers for the platform, compressed, in bytes."""
    created: list[str | None]
    """When the builds were created, as RFC 3339 text in UTC, by their annotations."""
    verified: bool
    """Whether the attestations were verified, rather than taken as published."""


class AwaitableGetImageChangesResult(GetImageChangesResult):
    """The same, and one can await it, as one can the results of other packages' functions."""

    def __await__(self) -> Generator[None, None, GetImageChangesResult]:
        # Not itself: whatever awaits would await that again, without end.
        yield from ()
        names = GetImageChangesResult.__annotations__
        return made(GetImageChangesResult, {name: getattr(self, name) for name in names})


def get_image_changes(
    image: str,
    new: str | None = None,
    *,
    since: AtLike | None = None,
    until: AtLike | None = None,
    platform: str | None = None,
    signed: bool | None = None,
) -> AwaitableGetImageChangesResult:
    """Compares two builds of an image: packages, configuration and size.

    If the publisher does not attest the packages, a warning says so, and the program goes on, unless `signed` is true.

    Args:
        image: the image with the digest of the old build, `cgr.dev/ORG/IMAGE:TAG@sha256:…`; or without a digest, with `since`.
        new: the new build, if `image` has the old one: a digest, a reference with a digest, or `latest`, the default.
        since: the instant of the old build.
        until: the instant of the new build. By default the present.
        platform: the platform whose packages are compared, such as `linux/arm64`. By default `linux/amd64`, or the first one of
            the image.
        signed: whether one of the `signers` must have signed the packages, which cosign verifies. By default as the setting
            `signed` says.

    Raises:
        pulumi.RunError: the arguments do not say which builds to compare, one cannot be resolved, or with `signed`, its
            packages cannot be verified.
    """
    given = {"image": image, "new": new, "since": since, "until": until, "platform": platform, "signed": signed}
    with ending_cleanly():
        difference = _compare(given)
    return _of_difference(AwaitableGetImageChangesResult, difference)


def get_image_changes_output(
    image: pulumi.Input[str],
    new: pulumi.Input[str] | None = None,
    *,
    since: pulumi.Input[AtLike] | None = None,
    until: pulumi.Input[AtLike] | None = None,
    platform: pulumi.Input[str] | None = None,
    signed: pulumi.Input[bool] | None = None,
) -> pulumi.Output[GetImageChangesResult]:
    """Compares two builds that may not be known yet.

    Takes the arguments of `get_image_changes` as inputs, and ends the program in the same way.
    """

    async def look_up(arguments: Mapping[str, Any]) -> GetImageChangesResult:
        with ending_cleanly():
            difference = await current_run().in_thread(lambda: _compare(arguments))
        return _of_difference(GetImageChangesResult, difference)

    given = {"image": image, "new": new, "since": since, "until": until, "platform": platform, "signed": signed}
    return pulumi.Output.from_input(given).apply(look_up)


def _compare(arguments: Mapping[str, Any]) -> Difference:
    difference = compare_image({name: as_input(value) for name, value in arguments.items()}, current_run().resolver)
    warn(warnings_of(difference))
    return difference


def _of_difference(kind: type[_Result], difference: Difference) -> _Result:
    values = result_of(difference)
    packages = made(PackageChanges, values["packages"]) if values["packages"] else None
    return made(kind, {**values, "packages": packages})
