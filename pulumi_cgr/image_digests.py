# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resource `ImageDigests`: a set of images, all pinned at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from ._pulumi.check_image import RESOLVED
from ._pulumi.check_set import ANSWER
from ._pulumi.prefetch import resolve_all_ahead, warn_of_replaced
from ._pulumi.rule_inputs import reject_unknown
from .image_digest import at_input, at_text
from .provider import ImageDigestsProvider
from .resolver import AtLike

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._pulumi.rule_inputs import RuleInputs


class ImageDigests(Resource, module="cgr", name="ImageDigests"):
    """A set of images of cgr.dev, pinned to the digests their tags pointed at, all at one instant: all of them, or none.

    What is followed, what stays, and the rules are as of `ImageDigest`.

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
    reasons: pulumi.Output[dict[str, str]]
    """Why these builds, for a person, by the user's keys."""
    instant: pulumi.Output[str | None]
    """The instant of the whole set, as RFC 3339 text in UTC.  None for a set that follows its tags, where it would be a
    change of its own at every run."""

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
        reject_unknown("ImageDigests", rule, frozenset({"current"}))
        query = {
            "images": pulumi.Output.from_input(images).apply(_plain),
            "at": at_input(at),
            **rule,
            "triggers": triggers,
            "lock": lock,
        }
        props: dict[str, Any] = {**dict.fromkeys(ANSWER), **query}
        props[RESOLVED] = pulumi.Output.from_input(query).apply(lambda asked: resolve_all_ahead(asked, self))
        super().__init__(ImageDigestsProvider(), resource_name, props, opts)
        self.reasons.apply(lambda reasons: warn_of_replaced((reasons or {}).values(), self))


def _plain(images: Any) -> Any:
    """Returns the images with their instants as text, as they can be sent; what is no mapping is left for the check to refuse."""
    if not isinstance(images, Mapping):
        return images
    return {
        key: {name: at_text(value) for name, value in entry.items()} if isinstance(entry, Mapping) else entry
        for key, entry in images.items()
    }
