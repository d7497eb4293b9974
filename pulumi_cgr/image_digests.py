# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resource `ImageDigests`: a set of images, all pinned at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from ._pulumi.arguments import (
    check_options,
    context_inputs,
    images_input,
    known_with,
    plain_input,
    secret_inputs,
)
from ._pulumi.check_set import RESOLUTION
from ._pulumi.prefetch import prefetch_set
from ._pulumi.properties import FAILURE, HIDES_ARGUMENTS, NOT_FOR_RESOURCES, PREFETCHED, PREVIEW, UPSTREAM
from ._pulumi.rule_inputs import reject_unknown
from ._pulumi.run import current_run
from ._pulumi.set_query import ARGUMENTS
from .provider import ImageDigestsProvider
from .resolver import AtLike

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._pulumi.rule_inputs import RuleInputs


class ImageDigests(Resource, module="cgr", name="ImageDigests"):
    """A set of images of cgr.dev, pinned to the digests their tags pointed at, all at one instant: all of them, or none.

    For which digests follow their tag, which stay, and the rules, see `ImageDigest`.

        release = ImageDigests("release", images={"web": "cgr.dev/acme.com/web:1", "db": "cgr.dev/acme.com/db:1"})
        pulumi.export("web", release.refs["web"])

    An image may have a rule of its own, in place of the set's: `{"image": "cgr.dev/acme.com/db:1", "min_age": "7d"}`.
    """

    images: pulumi.Output[dict[str, Any]]
    """The images, by the user's keys, as they were written."""
    digests: pulumi.Output[dict[str, str]]
    """The digests, by the user's keys."""
    refs: pulumi.Output[dict[str, str]]
    """`repository:tag@digest`, to be deployed, by the user's keys."""
    updated_at: pulumi.Output[dict[str, str | None]]
    """When the tags moved to the digests, as RFC 3339 text in UTC, by the user's keys."""
    indexes: pulumi.Output[dict[str, str]]
    """The digests that the tags pointed at, by the user's keys, for images with a `platform`."""
    reasons: pulumi.Output[dict[str, str]]
    """Why these builds, for a person, by the user's keys."""
    at: pulumi.Output[str | None]
    """The instant of the whole set, as RFC 3339 text in UTC: the `at` that was given, or when a set with `triggers` was
    resolved.  None for a set that follows its tags, where it would change in every run."""

    def __init__(
        self,
        resource_name: str,
        *,
        images: pulumi.Input[Mapping[str, pulumi.Input[str | Mapping[str, Any]]]],
        at: pulumi.Input[AtLike] | None = None,
        triggers: pulumi.Input[Mapping[str, Any] | Sequence[Any]] | None = None,
        lock: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **rule: Unpack[RuleInputs],
    ) -> None:
        """Declares the pins.

        Args:
            resource_name: the name of the resource.
            images: the images by keys of your own, each as `image` of `ImageDigest`, or a mapping with `image` and a rule of
                its own.
            at: see `ImageDigest`; like the rule, it is for every image without one of its own.
            triggers: see `ImageDigest`.
            lock: see `ImageDigest`.
            opts: the options of the resource.
            rule: see `ImageDigest`.
        """
        reject_unknown("ImageDigests", rule, NOT_FOR_RESOURCES)
        is_frozen = check_options("ImageDigests", resource_name, opts, ("digests", *_ARGUMENTS))
        given = {"at": at, "triggers": triggers, "lock": lock, **rule}
        arguments = {name: plain_input(value) for name, value in given.items() if value is not None}
        arguments["images"] = images_input(images)
        context = context_inputs(prefetch_set, arguments, self, is_frozen)
        props = {**dict.fromkeys(("at", *RESOLUTION, FAILURE)), **secret_inputs(arguments, RESOLUTION)}
        super().__init__(ImageDigestsProvider(), resource_name, {**props, **arguments, **context}, opts)
        current_run().watch(self, self.__dict__[FAILURE], self.reasons)
        self.at = known_with(self.at, self.reasons)
        self.indexes = known_with(self.indexes, self.reasons).apply(lambda indexes: indexes or {})
        # Pulumi drops what is None inside a mapping.
        self.updated_at = pulumi.Output.all(known_with(self.updated_at, self.reasons), self.refs).apply(
            lambda both: {key: (both[0] or {}).get(key) for key in both[1] or {}}
        )
        for name in (FAILURE, PREFETCHED, PREVIEW, HIDES_ARGUMENTS):
            self.__dict__.pop(name, None)  # an export of the whole resource has only what is documented


_ARGUMENTS = tuple(name for name in ARGUMENTS if name != UPSTREAM)
