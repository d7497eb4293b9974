# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""`cgr-images resolve`."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from ..resolver import Answers, Resolver
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
    answers = _answers(options.resolver_of(registry, mirror, verbose, lock), images, current, rule)
    warn(answers.warnings)
    if as_json:
        print_json(as_dict(answers))
        return
    for answer in answers.answers.values():
        show(Text(answer.ref), *([Text(f"  {answer.reason}", "dim")] if console().is_terminal else []))


def as_dict(answers: Answers) -> dict[str, Any]:
    """Returns answers in the shape that `--json` prints."""
    images = [{**answer.as_dict(), "warnings": list(answer.warnings)} for answer in answers.answers.values()]
    return {"at": str(answers.at) if answers.at else None, "images": images}


def _answers(resolver: Resolver, images: list[str], current: str | None, rule: dict[str, Any]) -> Answers:
    if len(images) == 1:
        answer = resolver.resolve(images[0], current=current, **rule)
        return Answers(answer.at, {images[0]: answer})
    if current is not None:
        rule["current"] = current  # it belongs to one image: the resolver says so
    with bar("Looking up", "images") as progress:
        return resolver.resolve_all({image: image for image in images}, progress=progress, **rule)
