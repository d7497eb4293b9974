# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the resources, as the program gives them: values of Python, which may be Outputs."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, timedelta
from enum import Enum
from inspect import isawaitable
from typing import Any

import pulumi
from pulumi.output import Unknown

from .._bridge import parse_at
from .properties import CHOOSE_NOTHING, HIDES_ARGUMENTS, PREFETCHED, PREVIEW, UPSTREAM

_SENDABLE = (str, bool, int, float, Enum, Unknown, pulumi.Asset, pulumi.Archive, pulumi.Resource)

Prefetch = Callable[..., Coroutine[Any, Any, "str | None"]]


def has_outputs(value: Any) -> bool:
    """Whether a value is, or contains, something that Pulumi has to wait for."""
    if isinstance(value, Mapping):
        return any(map(has_outputs, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_outputs, value))
    return isinstance(value, pulumi.Output) or isawaitable(value)


def as_input(value: Any) -> Any:
    """Returns an argument as Pulumi can send it: instants, durations and paths as text, collections as lists.

    What has a wrong type is left for the check to refuse.

    Raises:
        pulumi.RunError: a key of a mapping is not text, or a value is bytes or an object, which cannot be sent.
    """
    if isinstance(value, date):
        return str(parse_at(value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, timedelta):
        return f"{value // timedelta(seconds=1)}s" if not value % timedelta(seconds=1) else str(value)
    if isinstance(value, Mapping):
        return {_text_key(key): as_input(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_input(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if value is not None and not isinstance(value, _SENDABLE):
        raise pulumi.RunError(f"{value!r:.100} is of type {type(value).__name__}, which cannot be sent; write text.")
    return value


def plain_input(value: Any) -> Any:
    """Returns an argument as `as_input` does: at once if it contains no Outputs, and as an Output otherwise."""
    return pulumi.Output.from_input(value).apply(as_input) if has_outputs(value) else as_input(value)


def images_input(images: Any) -> Any:
    """Returns the images of a set as `plain_input` does; one that is `None`, which Pulumi would drop, is kept to be refused."""

    def keep(given: Any) -> Any:
        named = as_input(given)
        return {key: {} if each is None else each for key, each in named.items()} if isinstance(named, dict) else named

    return pulumi.Output.from_input(images).apply(keep) if has_outputs(images) else keep(images)


def context_inputs(
    prefetch: Prefetch, arguments: Mapping[str, Any], resource: pulumi.Resource, is_frozen: bool
) -> dict[str, Any]:
    """Returns the inputs that tell the check what was looked up ahead, and whether this is a preview.

    Args:
        prefetch: looks up ahead.
        arguments: the arguments of the resource, as inputs.
        resource: the resource.
        is_frozen: whether `ignore_changes` brings back the digests in the state.
    """
    preview = {PREVIEW: True} if pulumi.runtime.is_dry_run() else {}
    if not has_outputs(arguments):
        return {PREFETCHED: asyncio.ensure_future(prefetch(arguments, resource, is_frozen=is_frozen)), **preview}
    output = pulumi.Output.from_input(arguments)

    async def look_up(values: Mapping[str, Any]) -> str | None:
        return await prefetch(values, resource, is_frozen=is_frozen, is_secret=await output.is_secret())

    return {PREFETCHED: output.apply(look_up), **preview}


def secret_inputs(arguments: Mapping[str, Any], properties: tuple[str, ...]) -> dict[str, Any]:
    """Returns inputs without a value that are secret if an argument is: the engine keeps properties of the same names secret.

    Args:
        arguments: the arguments of the resource, as inputs.
        properties: the names of the properties that are derived from them.
    """
    derived_from = {name: value for name, value in arguments.items() if name not in CHOOSE_NOTHING}
    if not has_outputs(derived_from):
        return {}
    given = pulumi.Output.from_input(derived_from)
    nothing: pulumi.Output[None] = given.apply(lambda _given: None, run_with_unknowns=True)
    is_secret: pulumi.Output[bool] = nothing.apply(lambda _none: nothing.is_secret(), run_with_unknowns=True)
    return {**dict.fromkeys((*properties, UPSTREAM), nothing), HIDES_ARGUMENTS: is_secret}


def known_with(value: pulumi.Output[Any], other: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Returns an output that is `None`, rather than unknown, in a preview in which another output of its resource is known.

    Pulumi's SDK does not distinguish a missing output from an unknown one in previews, so that everything that takes one
    would change in every preview.
    """
    return pulumi.Output(value.resources(), value.future(), other.is_known(), value.is_secret())


def check_options(kind: str, name: str, opts: pulumi.ResourceOptions | None, properties: tuple[str, ...]) -> bool:
    """Checks the options of a resource.

    Args:
        kind: the type of the resource.
        name: its name.
        opts: its options.
        properties: the properties that `ignore_changes` can name.

    Returns:
        Whether the digests in the state are frozen.

    Raises:
        pulumi.RunError: there is an option that cannot work.
    """
    if opts is None:
        return False
    if opts.import_ is not None:
        raise pulumi.RunError(
            f"{kind} {name}: import_ does not work for dynamic resources. Give the digest instead, in the image"
            " (repository:tag@digest)" + (" or as digest." if "digest" in properties else ".")
        )
    paths = [str(each) for each in opts.ignore_changes or ()]
    ignored = [path.partition(".")[0].partition("[")[0] for path in paths]
    for path, each in zip(paths, ignored, strict=True):
        if each == properties[0] != path:
            raise pulumi.RunError(
                f"{kind} {name}: ignore_changes does not work for {path}: the program gives no {each}, so Pulumi brings back all"
                f" of them or none. Ignore changes of {each}, or give the image a resource of its own."
            )
        if each not in (*properties, "*"):
            near = difflib.get_close_matches(each, properties, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"the arguments are {', '.join(properties)}."
            pulumi.log.warn(f"{kind} {name}: ignore_changes has no effect on {each}, which is not an argument; {hint}")
    return bool({"*", properties[0]} & set(opts.ignore_changes or ()))


def _text_key(key: Any) -> str:
    if not isinstance(key, str):
        raise pulumi.RunError(f"The key {key!r} is not text; write {str(key)!r}.")
    return key
