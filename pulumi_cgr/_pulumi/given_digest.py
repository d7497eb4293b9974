# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Digests that are given: by the user, or by `ignore_changes`, which brings back the one in the state."""

from __future__ import annotations

from typing import Any

from .._bridge import Reference, is_digest
from ..resolver import InvalidImage, Resolver
from .image_query import ImageQuery
from .pin import Pin
from .properties import INDEX, is_unknown, reject_output_text

GIVEN_REASON = "the digest that was given; nothing was looked up"


def use_given_digest(digest: Any, pin: Pin, asked: ImageQuery, resolver: Resolver, argument: str) -> dict[str, Any]:
    """Returns what is found for an image whose digest is given, after the checks that the rule asks for.

    Args:
        digest: the digest.
        pin: what the state holds for the image.
        asked: the query for the image.
        resolver: makes the checks.
        argument: the property that the digest is in.

    Raises:
        InvalidImage: it is not a digest, contradicts the image, or belongs to another image or platform.
        CgrError: a check failed.
    """
    query = asked.query
    _reject_wrong_digest(digest, pin, query.reference, argument)
    is_deployed = digest == pin.digest
    if is_deployed:
        _reject_digest_of_other(pin, asked, argument)
        if asked.is_that_of(pin.held):
            return pin.found
    rule = query.rule
    if rule.check_mirror or (rule.pullable and not is_deployed):
        image = query.reference.pinned(digest)
        resolver.resolve(image, pullable=rule.pullable, check_mirror=rule.check_mirror, signed=False)
    index = pin.held.get(INDEX) if is_deployed else None
    reason = GIVEN_REASON
    if rule.signed:
        signature = resolver.verify(query.reference.image, index or digest)
        reason = f"the digest that was given; {signature.sentence}"
    return {"digest": digest, INDEX: index, "updated_at": None, "reason": reason}


def _reject_wrong_digest(digest: Any, pin: Pin, reference: Reference, argument: str) -> None:
    reject_output_text(argument, digest)
    if not is_digest(digest):
        wrong = f"{argument} {digest!r} is not a digest: write sha256: and 64 lower-case hex digits."
        raise InvalidImage(wrong, argument, image=reference.image)
    index = pin.index if digest == pin.digest else digest
    if reference.digest not in (None, digest, index):
        wrong = f"the image is already pinned to another digest than {argument} {digest}. Remove one of them."
        raise InvalidImage(wrong, argument, image=reference.image)


def _reject_digest_of_other(pin: Pin, asked: ImageQuery, argument: str) -> None:
    """Checks that the digest in the state is for the image and for the platform that are asked for now."""
    reference = asked.query.reference
    if reference.digest is None and pin.source != (None, None) and not pin.is_of(reference):
        named = ":".join(str(part) for part in pin.source if part)
        raise InvalidImage(
            f"the digest {pin.digest} is that of {named}, kept from before. Remove ignore_changes or give another digest; to"
            " keep this one on purpose, write it into the image: repository:tag@digest.",
            argument,
            image=reference.image,
        )
    before, now = pin.held.get("platform"), asked.properties.get("platform")
    was_looked_up = pin.is_resolved or pin.held.get(INDEX)
    if was_looked_up and before != now and not is_unknown(now):
        raise InvalidImage(
            f"the digest {pin.digest} is that of {before or 'the index of all platforms'}, kept from before, but platform is"
            f" {now or 'not given'} now. Remove ignore_changes or give another digest.",
            argument,
            image=reference.image,
        )
