# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments and the result of the module `digest_info`, shared by the module and its action plugin."""

from __future__ import annotations

from typing import Any, Mapping

from ._options import RULE_OPTIONS, SETTING_OPTIONS, SETTINGS_REQUIRED_TOGETHER, given
from ._resolver.cache.cache import Cache
from ._resolver.cache.present import RunPresent
from ._resolver.errors import CgrError, SeveralFailed
from ._resolver.model.resolution import Resolution, Resolutions
from ._resolver.resolve.access import Trace
from ._resolver.resolve.snapshot import Progress
from ._resolver.resolver import Resolver
from ._validation import explain, read_images, reject_misplaced

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "image": {"type": "str"},
        "images": {"type": "raw"},
        "changes_from": {"type": "str"},
        **RULE_OPTIONS,
        **SETTING_OPTIONS,
    },
    "mutually_exclusive": [("image", "images"), ("images", "current"), ("images", "changes_from")],
    "required_one_of": [("image", "images")],
    "required_together": SETTINGS_REQUIRED_TOGETHER,
}


def look_up(
    params: Mapping[str, Any],
    trace: Trace | None = None,
    run_cache: Cache | None = None,
    present: RunPresent | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Runs a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.
        trace: see `Resolver`; it also gets the progress of large sets.
        run_cache, present: see `Resolver`.

    Returns:
        The result of the task, and the warnings to show.

    Raises:
        CgrError: an image cannot be resolved; `failed` makes the result of it.
    """
    images = reject_malformed(params)
    rule = given(params, RULE_OPTIONS)
    resolver = Resolver(trace=trace, run_cache=run_cache, present=present, **given(params, SETTING_OPTIONS))
    if images is None:
        resolution = resolver.resolve(params["image"], **rule)
        changes, warnings = _changes(params, resolver, resolution)
        return {"changed": False, **_result(resolution), **changes}, [*resolution.warnings, *warnings]
    resolutions = resolver.resolve_all(_by_key(images), progress=telling(trace), **rule)
    return {"changed": False, **_set(resolutions, isinstance(images, Mapping))}, list(resolutions.warnings)


def reject_malformed(params: Mapping[str, Any]) -> Any:
    """Returns the list or dictionary of `images`; `None` if the task has `image`.

    Raises:
        InvalidImage, InvalidInstant, InvalidRule: they hold what belongs elsewhere, or nothing.
    """
    if params.get("images") is not None:
        return read_images(params["images"])
    reject_misplaced(params["image"], "image")
    return None


def failed(error: CgrError) -> dict[str, Any]:
    """Returns the result of a task that fails."""
    result: dict[str, Any] = {"changed": False, "failed": True, "msg": explain(error), "error_code": error.error_code}
    if isinstance(error, SeveralFailed):
        result["failed_images"] = {
            key: {"msg": explain(each), "error_code": each.error_code} for key, each in error.errors.items()
        }
    return result


def telling(trace: Trace | None) -> Progress:
    """Returns a function that traces the progress of a set."""

    def tell(done: int, total: int, image: str) -> None:
        if trace:
            trace(f"{image}: looked up ({done} of {total})")

    return tell


def _changes(
    params: Mapping[str, Any], resolver: Resolver, resolution: Resolution
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Returns what changed from the build in `changes_from` to this one, and the warnings about it."""
    if not params.get("changes_from"):
        return {}, ()
    from ._changes.compare import compare_digests  # only then
    from ._changes.ends import digest_in

    image = resolution.image
    old = digest_in(resolver, params["changes_from"], image, "changes_from")
    difference = compare_digests(resolver, image, old, resolution.index, platform=resolution.platform)
    return {"changes": difference.to_dict()}, difference.warnings


def _by_key(images: Any) -> dict[str, Any]:
    if isinstance(images, Mapping):
        return {str(key): entry for key, entry in images.items()}
    return {f"images[{number}]": entry for number, entry in enumerate(images)}


def _result(resolution: Resolution) -> dict[str, Any]:
    """Returns the values of one image; the instant is that of the run if none was asked for."""
    at = resolution.at or resolution.present
    result = resolution.to_result()
    return {**result, "at": str(at) if at else None, "is_next_known": resolution.is_next_known}


def _set(resolutions: Resolutions, by_key: bool) -> dict[str, Any]:
    found = {key: _result(resolution) for key, resolution in resolutions.resolutions.items()}
    parts: dict[str, dict[str, Any]] = {"images": found, "digests": resolutions.digests, "refs": resolutions.refs}
    shaped = {name: values if by_key else list(values.values()) for name, values in parts.items()}
    return {**shaped, "at": str(resolutions.at) if resolutions.at else None}
