# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments and the work of the module `changes_info`, shared by the module and its action plugin."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ._changes.listing import list_changes
from ._changes.moves import Changes
from ._digest_info import telling
from ._lockfile.codec import read_lock
from ._options import RULE_OPTIONS, SETTING_OPTIONS, SETTINGS_REQUIRED_TOGETHER, given
from ._resolver.cache.cache import Cache
from ._resolver.errors import InvalidArgument, InvalidImage
from ._resolver.history.timeline import tag_of
from ._resolver.model import reference
from ._resolver.resolve.access import Trace
from ._resolver.resolver import Resolver
from ._validation import reject_misplaced

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "images": {"type": "list", "elements": "str"},
        "paths": {"type": "list", "elements": "path"},
        "since": {"type": "str", "required": True},
        "until": {"type": "str"},
        "packages": {"type": "bool", "default": True},
        "platform": {"type": "str"},
        "signed": {"type": "bool"},
        **{name: option for name, option in SETTING_OPTIONS.items() if name not in RULE_OPTIONS},
    },
    "mutually_exclusive": [("images", "paths")],
    "required_together": SETTINGS_REQUIRED_TOGETHER,
}


def list_moves(
    params: Mapping[str, Any],
    paths: Sequence[str],
    trace: Trace | None = None,
    run_cache: Cache | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Does a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.
        paths: its paths, as they are to be opened.
        trace: see `Resolver`; it also gets the progress.
        run_cache: see `Resolver`.

    Returns:
        The result of the task, and the warnings to show. A task fails if an image could not be looked up.

    Raises:
        CgrError: an argument is wrong, or the lock file cannot be read.
    """
    settings = given(params, SETTING_OPTIONS)
    lock = settings.pop("lock", None)
    resolver = Resolver(trace=trace, run_cache=run_cache, lock="", **settings)
    found = list_changes(
        resolver,
        _images(params, paths, lock, resolver),
        params["since"],
        params.get("until"),
        packages=params["packages"],
        platform=params.get("platform"),
        progress=telling(trace),
    )
    result = found.to_dict()
    failed = result.pop("failed")  # to Ansible, this name means that the task fails
    return {"changed": False, **result, **_failure(failed)}, _warnings(found)


def _images(
    params: Mapping[str, Any], paths: Sequence[str], lock: str | None, resolver: Resolver
) -> dict[str, list[str]]:
    """Returns the images, each with the digests to which it is pinned."""
    if params.get("images"):
        return _named(params["images"], resolver)
    if paths:
        return _in_files(paths, resolver)
    if not lock:
        raise InvalidArgument("say which images: give images, paths or lock.", "images")
    images: dict[str, list[str]] = {}
    for entry in read_lock(lock).entries:
        images.setdefault(entry.image, []).append(entry.index_digest)
    return images


def _named(named: Sequence[Any], resolver: Resolver) -> dict[str, list[str]]:
    images: dict[str, list[str]] = {}
    for number, image in enumerate(named):
        reject_misplaced(image, f"images[{number}]")
        parsed = reference.parse(image, resolver.mirrors)
        images.setdefault(tag_of(parsed), []).extend([parsed.digest] if parsed.digest else [])
    return images


def _in_files(paths: Sequence[str], resolver: Resolver) -> dict[str, list[str]]:
    from ._files.matcher import Matcher
    from ._files.scan import scan  # takes PyYAML

    images: dict[str, list[str]] = {}
    found = scan(list(paths), None, Matcher(resolver.mirrors))
    if found.problems:
        raise InvalidArgument("; ".join(str(problem) for problem in found.problems), "paths")
    for file in found.files:
        for occurrence in file.occurrences:
            try:
                image = tag_of(reference.parse(occurrence.asked, resolver.mirrors))
            except InvalidImage:
                continue  # a template, or an image in another registry
            images.setdefault(image, []).extend([occurrence.digest] if occurrence.digest else [])
    return images


def _failure(failed: Mapping[str, str]) -> dict[str, Any]:
    if not failed:
        return {}
    message = "; ".join(f"{image}: {why}" for image, why in failed.items())
    return {"failed": True, "msg": message, "failed_images": dict(failed)}


def _warnings(found: Changes) -> list[str]:
    return [f"{image.image}: {warning}" for image in found.images for warning in image.to_dict()["warnings"]]
