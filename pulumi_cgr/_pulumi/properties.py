# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The properties of the resources: their names, and what is read from them in the same way for one image and for a set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.output import Unknown

from .._bridge import PARTS, REPLACED
from ..resolver import InvalidArgument, InvalidRule, Resolver

Properties = Mapping[str, Any]

NOT_FOR_RESOURCES = frozenset({"current", "details"})
"""The parts of a rule that resources do not take: their state holds what is deployed, and nothing that is only informative."""

RULE = tuple(part.name for part in PARTS if part.is_locked)
"""The parts of a rule that are properties; the state holds what is deployed, which is `current`."""
CHECKS = tuple(part.name for part in PARTS if not part.is_locked and part.name not in NOT_FOR_RESOURCES)
"""The parts of a rule that are only inputs: they check what is found, and are not kept in the state."""
UPSTREAM = "upstream"
"""Where an image on a mirror is resolved.  Another upstream is another query."""
TRIGGERS, LOCK = "triggers", "lock"
STALE_AFTER = "stale_after"
INDEX = "index"
"""The digest that the tag pointed at, if `digest` is that of the image for a platform."""
CHOOSE_NOTHING = frozenset({TRIGGERS, LOCK, STALE_AFTER})
"""The arguments from which nothing can be learned about the image and its digest."""

PREFETCHED = "prefetched"
"""The input with what the program looked up ahead, as JSON text; it is not kept in the state."""
PREVIEW = "preview"
"""The input that says that this is a preview; it is not kept in the state."""
HIDES_ARGUMENTS = "hides_arguments"
"""The input that says whether the image, or what chooses its digest, is a secret; it is not kept in the state."""
FAILURE = "failure"
"""The checked input that says, in a preview, why the digest is missing; it is never in the state."""

# Pulumi's SDKs return texts like these when a program formats an Output.
_TEXTS_OF_OUTPUTS = {
    "on an Output[T] is not supported": (
        ", as in f'{output}'. Use pulumi.Output.format or pulumi.Output.concat instead."
    ),
    "on an [Output<T>] is not supported": ", as in `${output}`. Use pulumi.interpolate instead.",
}


def read_arguments(news: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    """Returns the arguments that are given, with numbers as they were written.

    Args:
        news: the inputs of a check.
        names: the names of the arguments.

    Raises:
        InvalidArgument: an argument contains the text of an Output.
    """
    given = {name: whole_numbers(news[name]) for name in names if news.get(name) is not None}
    for name, value in given.items():
        reject_output_text(name, value)
    return given


def reject_output_text(name: str, value: Any) -> None:
    """Raises `InvalidArgument` if an argument contains the text of an Output inside an f-string or a template string."""
    for text, advice in _TEXTS_OF_OUTPUTS.items():
        if isinstance(value, str) and text in value:
            raise InvalidArgument(f"{name} contains an Output that was formatted as text{advice}", name)
    if isinstance(value, Mapping):
        for each in value.values():
            reject_output_text(name, each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            reject_output_text(name, each)


def reject_contradictions(given: Properties, resolver: Resolver) -> None:
    """Raises `InvalidRule` if `triggers` are given together with a lock file or `stale_after`."""
    if TRIGGERS in given and resolver.lock:
        raise InvalidRule(
            f"triggers and a lock file cannot be combined: only {resolver.lock} says when the pin changes. Remove triggers, or"
            ' set lock="".',
            TRIGGERS,
        )
    if TRIGGERS in given and STALE_AFTER in given:
        raise InvalidRule(
            "triggers and stale_after cannot be combined: a pin with triggers is not looked up again.", STALE_AFTER
        )


def resolver_for(given: Properties, resolver: Resolver) -> Resolver:
    """Returns the resolver for some arguments: one that resolves from the lock file they name, if they name one."""
    lock = given.get(LOCK)
    return resolver if lock is None or is_unknown(lock) else resolver.with_lock(str(lock))


def replaced_reasons(reasons: Iterable[Any]) -> tuple[str, ...]:
    """Returns those reasons that say that a pin was replaced which is not in the tag's history."""
    return tuple(each for each in reasons if isinstance(each, str) and each.endswith(REPLACED))


def is_sticky(asked: Properties) -> bool:
    """Whether the digest is looked up once and then kept."""
    return "at" in asked or TRIGGERS in asked


def is_unknown(value: Any) -> bool:
    """Whether a property's value, or a part of it, is known only once something else has been deployed."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    if isinstance(value, list):
        return any(map(is_unknown, value))
    return isinstance(value, Unknown) or value == pulumi.UNKNOWN


def whole_numbers(value: Any) -> Any:
    """Returns a value in which whole numbers are integers again; Pulumi passes every number as a float."""
    if isinstance(value, Mapping):
        return {key: whole_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def without_none(values: Properties) -> dict[str, Any]:
    """Returns the properties that have a value."""
    return {key: value for key, value in values.items() if value is not None}


def differs(olds: Properties, news: Properties, keys: tuple[str, ...]) -> bool:
    """Whether checked inputs differ from what the state holds, as far as is known."""
    return any(is_unknown(news.get(key)) or olds.get(key) != news.get(key) for key in keys)
