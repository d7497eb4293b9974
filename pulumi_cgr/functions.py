# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The functions `get_image_digest` and `get_image_digest_output`: an answer without a resource."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi

from ._pulumi.arguments import as_input
from ._pulumi.resolve_image import resolve_image
from ._pulumi.results import ending_cleanly, made
from ._pulumi.rule_inputs import reject_unknown
from ._pulumi.run import current_run, warn
from .resolver import AtLike, Resolution

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._pulumi.rule_inputs import OutputRuleInputs, RuleValues

_Result = TypeVar("_Result")


@pulumi.output_type
class Build:
    """A build beside the one that was chosen."""

    digest: str
    """`sha256:…`."""
    updated_at: str
    """When the tag moved to it, as RFC 3339 text in UTC."""


@pulumi.output_type
class Signed:
    """Who signed a digest, and when."""

    by: str
    """The identity in the certificate."""
    issuer: str
    """The issuer of that identity."""
    logged: str | None
    """When the transparency log recorded the signature, as RFC 3339 text in UTC; none if the log gives no time."""
    kind: str
    """Where the signature is: `bundle` for a Sigstore bundle, `legacy` for the tag `sha256-….sig`."""


@pulumi.output_type
class GetImageDigestResult:
    """The digest of an image, and why it was chosen."""

    image: str
    """The image as it was written."""
    repository: str
    """The registry and the repository's name, such as `cgr.dev/acme.com/python`."""
    tag: str | None
    """The tag; none for an image that was pinned by its digest alone."""
    digest: str
    """The digest the tag pointed at, which is that of the index for all platforms; or that of the image for the `platform`
    that was asked for."""
    ref: str
    """The reference to deploy, `repository:tag@digest`."""
    updated_at: str | None
    """When the tag moved to the digest, in UTC; none for an image that was already pinned."""
    at: str | None
    """The instant asked for, in UTC; none for the present."""
    reason: str
    """Why this build was chosen, for a person."""
    previous: Build | None
    """The build before this one, if it was read, with its `digest` and when the tag moved to it (`updated_at`)."""
    next: Build | None
    """The build after this one, if there was one, with its `digest` and when the tag moved to it (`updated_at`)."""
    active_seconds: int | None
    """How many seconds the tag pointed at this build; none if no later build was read."""
    platform: str | None = None
    """The platform that was asked for, such as `linux/arm64`; none if none was."""
    index: str | None = None
    """The digest that the tag pointed at, if a `platform` was asked for."""
    platforms: dict[str, str] | None = None
    """The digests of the images for the platforms, if they were asked for; empty for a single image."""
    created: str | None = None
    """When it was built, as RFC 3339 text in UTC; none if it does not say, or was not asked."""
    signed: Signed | None = None
    """Who signed the digest, and when; none if that was not asked for."""


class AwaitableGetImageDigestResult(GetImageDigestResult):
    """The same, and one can await it, as one can the results of other packages' functions."""

    def __await__(self) -> Generator[None, None, GetImageDigestResult]:
        # Not itself: whatever awaits would await that again, without end.
        yield from ()
        return made(GetImageDigestResult, {name: getattr(self, name) for name in GetImageDigestResult.__annotations__})


def get_image_digest(
    image: str,
    at: AtLike | None = None,
    *,
    lock: str | None = None,
    **rule: Unpack[RuleValues],
) -> AwaitableGetImageDigestResult:
    """Resolves an image at once.

    Args:
        image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; without a tag it means `latest`. An image that is already pinned
            (`…@sha256:…`) is returned as it is, without a request.
        at: resolve as of this instant: RFC 3339 or ISO 8601 text, a date, or a date and time; UTC if it has no time zone. By
            default the present.
        lock: see `ImageDigest`.
        rule: which build to choose, and when to warn: `min_age`, `builds_back`, `exclude`, `current`, `stale_after`,
            `signed`; see `pulumi_cgr.resolver.Rule`.

    Raises:
        pulumi.RunError: the image cannot be resolved; the program ends with one sentence.
    """
    reject_unknown("get_image_digest", rule)
    with ending_cleanly():
        resolution = _look_up({"image": image, "at": at, "lock": lock, **rule})
    return _of_resolution(AwaitableGetImageDigestResult, resolution)


def get_image_digest_output(
    image: pulumi.Input[str],
    at: pulumi.Input[AtLike] | None = None,
    *,
    lock: pulumi.Input[str] | None = None,
    **rule: Unpack[OutputRuleInputs],
) -> pulumi.Output[GetImageDigestResult]:
    """Resolves an image whose name or rule may not be known yet; several are resolved at the same time.

    Takes the arguments of `get_image_digest` as inputs, and ends the program in the same way if the image cannot be resolved.
    """
    reject_unknown("get_image_digest_output", rule)

    arguments = pulumi.Output.from_input({"image": image, "at": at, "lock": lock, **rule})

    async def look_up(query: Mapping[str, Any]) -> GetImageDigestResult:
        is_secret = await arguments.is_secret()
        with ending_cleanly(is_secret):
            resolution = await current_run().in_thread(lambda: _look_up(query, is_secret))
        return _of_resolution(GetImageDigestResult, resolution)

    return arguments.apply(look_up)


def _look_up(arguments: Mapping[str, Any], is_secret: bool = False) -> Resolution:
    given = {name: as_input(value) for name, value in arguments.items()}
    resolution = resolve_image(given, current_run().resolver)
    if not is_secret:
        warn(resolution.warnings)
    return resolution


def _of_resolution(kind: type[_Result], resolution: Resolution) -> _Result:
    values = resolution.to_result()
    builds = {name: made(Build, values[name]) if values[name] else None for name in ("previous", "next")}
    signed = {"signed": made(Signed, values["signed"])} if values.get("signed") else {}
    missing = dict.fromkeys(set(GetImageDigestResult.__annotations__) - set(values))
    return made(kind, {**missing, **values, **builds, **signed})
