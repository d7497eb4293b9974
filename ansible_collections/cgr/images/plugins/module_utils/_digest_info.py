# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""What the module `digest_info` and its action plugin share: the arguments, and the answer to them."""

from __future__ import annotations

from typing import Any, Mapping

from ._options import RULE_OPTIONS, SETTING_OPTIONS, SETTINGS_REQUIRED_TOGETHER, given
from ._resolver.border import border, log_debug
from ._resolver.cache.cache import Cache
from ._resolver.errors import CgrError, SeveralFailed
from ._resolver.model.resolution import Resolutions
from ._resolver.resolve.single import Trace
from ._resolver.resolve.snapshot import Progress
from ._resolver.resolver import Resolver

ARGUMENTS: dict[str, Any] = {
    "argument_spec": {
        "image": {"type": "str"},
        "images": {"type": "raw"},
        **RULE_OPTIONS,
        **SETTING_OPTIONS,
    },
    "mutually_exclusive": [("image", "images"), ("images", "current")],
    "required_one_of": [("image", "images")],
    "required_together": SETTINGS_REQUIRED_TOGETHER,
}


def look_up(
    params: Mapping[str, Any], trace: Trace | None = None, run_cache: Cache | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Answers a task.

    Args:
        params: the arguments of the task, validated against `ARGUMENTS`.
        trace: see `Resolver`; it is told about the progress of long sets, too.
        memory: see `Resolver`.

    Returns:
        The result of the task: the answer for `image`, or those for `images` and their instant; else `failed`, with the
        sentence `msg` and the word `error_code`.  And the warnings to show.
    """
    rule = given(params, RULE_OPTIONS)
    try:
        with border(trace or log_debug):
            resolver = Resolver(trace=trace, run_cache=run_cache, **given(params, SETTING_OPTIONS))
            if params["image"] is not None:
                resolution = resolver.resolve(params["image"], **rule)
                return {"changed": False, **resolution.to_result()}, list(resolution.warnings)
            resolutions = resolver.resolve_all(_by_key(params["images"]), progress=telling(trace), **rule)
    except CgrError as error:
        return failed(error), []
    return {"changed": False, **_set(resolutions, isinstance(params["images"], Mapping))}, list(resolutions.warnings)


def _by_key(images: Any) -> dict[str, Any]:
    if isinstance(images, Mapping):
        return {str(key): _plain(entry) for key, entry in images.items()}
    entries = images if isinstance(images, (list, tuple)) else [images]
    return {f"images[{number}]": _plain(entry) for number, entry in enumerate(entries)}


def _plain(entry: Any) -> Any:
    # Ansible's own kinds of containers, with their tags, go no further.
    return dict(entry) if isinstance(entry, Mapping) else entry


def _set(resolutions: Resolutions, by_key: bool) -> dict[str, Any]:
    found = {key: resolution.to_result() for key, resolution in resolutions.resolutions.items()}
    parts: dict[str, dict[str, Any]] = {"images": found, "digests": resolutions.digests, "refs": resolutions.refs}
    shaped = {name: values if by_key else list(values.values()) for name, values in parts.items()}
    return {**shaped, "at": str(resolutions.at) if resolutions.at else None}


def failed(error: CgrError) -> dict[str, Any]:
    """Returns the result of a task that has no answer."""
    result: dict[str, Any] = {
        "changed": False,
        "failed": True,
        "msg": str(error),
        "error_code": error.error_code,
    }
    if isinstance(error, SeveralFailed):
        result["failed_images"] = {
            key: {"msg": str(each), "error_code": each.error_code} for key, each in error.errors.items()
        }
    return result


def telling(trace: Trace | None) -> Progress:
    """Returns what tells the progress of a set to those who want to know more."""

    def tell(done: int, total: int, image: str) -> None:
        if trace:
            trace(f"{image}: looked up ({done} of {total})")

    return tell
