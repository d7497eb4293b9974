# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images resolve`."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from ..resolver import Resolutions, Resolver
from . import options
from .output import bar, console, print_json, show, warn


def resolve(
    images: options.Images,
    at: options.At = None,
    min_age: options.MinAge = None,
    builds_back: options.BuildsBack = None,
    exclude: options.Exclude = None,
    current: options.Current = None,
    stale_after: options.StaleAfter = None,
    lock: options.Lock = None,
    registry: options.Registry = None,
    mirror: options.Mirror = None,
    verbose: options.Verbose = False,
    as_json: options.Json = False,
) -> None:
    """Looks up the digest of an image, or of several at one instant, and prints what to deploy: `repository:tag@digest`."""
    rule = options.rule_of(at=at, min_age=min_age, builds_back=builds_back, exclude=exclude, stale_after=stale_after)
    resolutions = _resolutions(options.resolver_of(registry, mirror, verbose, lock), images, current, rule)
    warn(resolutions.warnings)
    if as_json:
        print_json(as_dict(resolutions))
        return
    for resolution in resolutions.resolutions.values():
        show(Text(resolution.ref), *([Text(f"  {resolution.reason}", "dim")] if console().is_terminal else []))


def as_dict(resolutions: Resolutions) -> dict[str, Any]:
    """Returns answers in the shape that `--json` prints."""
    images = [
        {**resolution.to_result(), "warnings": list(resolution.warnings)}
        for resolution in resolutions.resolutions.values()
    ]
    return {"at": str(resolutions.at) if resolutions.at else None, "images": images}


def _resolutions(resolver: Resolver, images: list[str], current: str | None, rule: dict[str, Any]) -> Resolutions:
    if len(images) == 1:
        resolution = resolver.resolve(images[0], current=current, **rule)
        return Resolutions(resolution.at, {images[0]: resolution})
    if current is not None:
        rule["current"] = current  # it belongs to one image: the resolver says so
    with bar("Looking up", "images") as progress:
        return resolver.resolve_all({image: image for image in images}, progress=progress, **rule)
