# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The resource `ImageDigest`: an image, pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import Resource

from ._bridge import parse_at
from ._pulumi.check_image import ANSWER, RESOLVED
from ._pulumi.prefetch import resolve_ahead, warn_of_replaced
from ._pulumi.rule_inputs import reject_unknown
from .provider import ImageDigestProvider
from .resolver import AtLike

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._pulumi.rule_inputs import RuleInputs


class ImageDigest(Resource, module="cgr", name="ImageDigest"):
    """An image of cgr.dev, pinned to the digest its tag pointed at.

    With `at`, the digest is that of the instant, for good: it is looked up once and then kept in the state.  With `triggers`,
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
    """The digest the tag pointed at, which is that of the index for all platforms."""
    ref: pulumi.Output[str]
    """The reference to deploy, `repository:tag@digest`."""
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
            rule: which build to choose, and when to warn: `min_age`, `builds_back`, `exclude`, `stale_after`; see
                `pulumi_cgr.resolver.Rule`. With `min_age`, a newer build that is already deployed is kept.
        """
        reject_unknown("ImageDigest", rule, frozenset({"current"}))
        query = {
            "image": image,
            "at": at_input(at),
            **rule,
            "triggers": triggers,
            "lock": lock,
        }
        props: dict[str, Any] = {**dict.fromkeys(ANSWER), **query, "digest": digest}
        props[RESOLVED] = pulumi.Output.all(query, digest).apply(lambda asked: resolve_ahead(asked[0], asked[1], self))
        super().__init__(ImageDigestProvider(), resource_name, props, opts)
        self.reason.apply(lambda reason: warn_of_replaced([reason], self))


def at_input(at: pulumi.Input[AtLike] | None) -> pulumi.Input[Any] | None:
    """Returns an instant as an input of text; what is no instant is left as it is, for the check to refuse."""
    return None if at is None else pulumi.Output.from_input(at).apply(at_text)


def at_text(at: Any) -> Any:
    """Returns an instant as text; what is no instant is returned as it is."""
    return str(parse_at(at)) if isinstance(at, date) else at
