# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images resolve`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from .._bridge import RuleArguments
from ..resolver import Resolution, Resolutions, Resolver
from . import options
from .decorators import takes_resolver, takes_rule
from .output import bar, is_terminal, print_json, show, warn


@takes_rule()
@takes_resolver(with_lock=True)
def resolve(
    images: options.Images,
    *,
    rule: RuleArguments,
    resolver: Resolver,
    as_json: options.Json = False,
) -> None:
    """Looks up the digest of an image, or of several at one instant, and prints what to deploy: `repository:tag@digest`."""
    resolutions = _resolutions(resolver, images, rule)
    warn(resolutions.warnings)
    if as_json:
        print_json(as_dict(resolutions))
        return
    for resolution in resolutions.resolutions.values():
        show(Text(resolution.ref), *(_told(resolution) if is_terminal() else []))


def _told(resolution: Resolution) -> Iterator[Text]:
    """Yields what is said about a resolution to a person."""
    yield Text(f"  {resolution.reason}", "dim")
    if resolution.details:
        built = f"built at {resolution.created}" if resolution.created else "gives no build time"
        platforms = ", ".join(resolution.platforms) or "a single image"
        yield Text(f"  {built}; {platforms}", "dim")


def as_dict(resolutions: Resolutions) -> dict[str, Any]:
    """Returns answers in the shape that `--json` prints."""
    images = [
        {**resolution.to_result(), "warnings": list(resolution.warnings)}
        for resolution in resolutions.resolutions.values()
    ]
    return {"at": str(resolutions.at) if resolutions.at else None, "images": images}


def _resolutions(resolver: Resolver, images: list[str], rule: RuleArguments) -> Resolutions:
    if len(images) == 1:
        resolution = resolver.resolve(images[0], **rule)
        return Resolutions(resolution.at, {images[0]: resolution})
    with bar("Looking up", "images") as progress:
        return resolver.resolve_all({image: image for image in images}, progress=progress, **rule)
