# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resource `ImageDigest`: an image, pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from ._pulumi.arguments import check_options, context_inputs, known_with, plain_input, secret_inputs
from ._pulumi.check_image import RESOLUTION
from ._pulumi.image_query import ARGUMENTS
from ._pulumi.prefetch import prefetch_image
from ._pulumi.properties import FAILURE, HIDES_ARGUMENTS, NOT_FOR_RESOURCES, PREFETCHED, PREVIEW, UPSTREAM
from ._pulumi.rule_inputs import reject_unknown
from ._pulumi.run import current_run
from .provider import ImageDigestProvider
from .resolver import AtLike

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._pulumi.rule_inputs import RuleInputs


class ImageDigest(Resource, module="cgr", name="ImageDigest"):
    """An image of cgr.dev, pinned to the digest its tag pointed at.

    With `at`, the digest is that of the instant: it is looked up once and then kept in the state.  With `triggers`,
    it is looked up once, too, and kept until a trigger or another argument changes.  Otherwise the tag is followed: every
    preview looks up the build that the rule chooses, and shows the change.

        web = ImageDigest("web", image="cgr.dev/chainguard/python:latest-dev", at="2024-06-01T00:00:00Z")
        pulumi.export("web", web.ref)

    Every failure is reported on the resource, and changes nothing.
    """

    image: pulumi.Output[str]
    """The image as it was written."""
    at: pulumi.Output[str | None]
    """The instant asked for, in UTC; none for the present."""
    repository: pulumi.Output[str]
    """The registry and the repository's name, such as `cgr.dev/acme.com/python`."""
    tag: pulumi.Output[str | None]
    """The tag; none for an image that was pinned by its digest alone."""
    digest: pulumi.Output[str]
    """The digest the tag pointed at, which is that of the index for all platforms; or that of the image for the `platform`
    that was asked for."""
    ref: pulumi.Output[str]
    """The reference to deploy, `repository:tag@digest`."""
    platform: pulumi.Output[str | None]
    """The platform that was asked for, such as `linux/arm64`; none if none was."""
    index: pulumi.Output[str | None]
    """The digest that the tag pointed at, if a `platform` was asked for."""
    updated_at: pulumi.Output[str | None]
    """When the tag moved to the digest, in UTC; none for an image that was already pinned, or by a `digest` that was given."""
    reason: pulumi.Output[str]
    """Why this build was chosen, for a person."""

    def __init__(
        self,
        resource_name: str,
        *,
        image: pulumi.Input[str],
        at: pulumi.Input[AtLike] | None = None,
        triggers: pulumi.Input[Mapping[str, Any] | Sequence[Any]] | None = None,
        lock: pulumi.Input[str] | None = None,
        digest: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **rule: Unpack[RuleInputs],
    ) -> None:
        """Declares the pin.

        Args:
            resource_name: the name of the resource.
            image: the image, `cgr.dev/ORG/IMAGE[:TAG]`; without a tag it means `latest`. An image that is already pinned
                (`…@sha256:…`) is taken as it is, without a request.
            at: resolve as of this instant: RFC 3339 or ISO 8601 text, a date, or a date and time; UTC if it has no time zone.
                By default the tag is followed.
            triggers: keep the pin, without a network, until one of these values or another argument changes.
            lock: a lock file, as written by `cgr-images lock`; a relative path is relative to the directory of the program.
                The image is resolved from it, without a network. An empty value (`""`) uses no lock file. By default the one
                in the configuration, if it names one.
            digest: a digest to pin to; nothing is looked up.  `ignore_changes=["digest"]` freezes the one in the state.
            opts: the options of the resource.
            rule: which build to choose, what to check and when to warn: `min_age`, `min_age_from`, `builds_back`, `exclude`,
                `platform`, `pullable`, `on_denied`, `check_mirror`, `stale_after`, `signed`; see `pulumi_cgr.resolver.Rule`.
                With `min_age`, a newer build that is already deployed is kept.
        """
        reject_unknown("ImageDigest", rule, NOT_FOR_RESOURCES)
        is_frozen = check_options("ImageDigest", resource_name, opts, ("digest", *_ARGUMENTS))
        given = {"image": image, "at": at, "triggers": triggers, "lock": lock, "digest": digest, **rule}
        arguments = {name: plain_input(value) for name, value in given.items() if value is not None}
        context = context_inputs(prefetch_image, arguments, self, is_frozen)
        props = {
            **dict.fromkeys(("at", "platform", *RESOLUTION, FAILURE)),
            **secret_inputs(arguments, RESOLUTION),
        }
        super().__init__(ImageDigestProvider(), resource_name, {**props, **arguments, **context}, opts)
        current_run().watch(self, self.__dict__[FAILURE], self.reason)
        for name in ("at", "tag", "platform", "index", "updated_at"):
            setattr(self, name, known_with(getattr(self, name), self.reason))
        for name in (FAILURE, PREFETCHED, PREVIEW, HIDES_ARGUMENTS):
            self.__dict__.pop(name, None)  # an export of the whole resource has only what is documented


_ARGUMENTS = tuple(name for name in ARGUMENTS if name != UPSTREAM)
