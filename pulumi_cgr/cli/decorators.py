# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Options that decorators give to a command: for the rule, and for the access to the registry.

A command declares `rule: RuleArguments` or `resolver: Resolver` as keyword-only parameters, and gets what the options make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, cast

from .._bridge import PARTS, RuleArguments
from ..resolver import MemoryCache, Resolver
from . import options
from .lock_path import lock_given
from .output import errors

Command = Callable[..., None]


def takes_rule(*without: str) -> Callable[[Command], Command]:
    """Gives a command an option for each part of a rule; the command gets those that are given as `rule`.

    Args:
        without: the parts that the command has no option for.
    """
    parameters = [_keyword(part.name, *options.of_part(part)) for part in PARTS if part.name not in without]
    return lambda command: _expand(command, "rule", parameters, _rule)


def takes_resolver(*, with_lock: bool = False) -> Callable[[Command], Command]:
    """Gives a command the options for the access to the registry; the command gets a `resolver` with these settings.

    What is not given comes from the environment, except for the lock file.

    Args:
        with_lock: whether there is an option for a lock file to resolve from, which may come from the environment, too.
    """
    parameters = [_keyword("lock", options.Lock, None)] if with_lock else []
    parameters.append(_keyword("registry_url", options.RegistryUrl, None))
    parameters.append(_keyword("mirror", options.Mirror, None))
    parameters.append(_keyword("verbose", options.Verbose, False))
    return lambda command: _expand(command, "resolver", parameters, _resolver)


def _expand(command: Command, name: str, parameters: Iterable[Parameter], make: Callable[..., Any]) -> Command:
    """Replaces a parameter of a command by several; the command gets what they make."""

    @wraps(command)
    def run(**arguments: Any) -> None:
        made = make(**{parameter.name: arguments.pop(parameter.name) for parameter in parameters})
        command(**{name: made}, **arguments)

    expanded: list[Parameter] = []
    for parameter in signature(command, eval_str=True).parameters.values():
        expanded += parameters if parameter.name == name else [parameter]
    run.__signature__ = Signature(expanded)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in expanded}
    return run


def _keyword(name: str, annotation: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _rule(**parts: Any) -> RuleArguments:
    given = {name: value for name, value in parts.items() if value not in (None, [], False)}
    return cast("RuleArguments", given)


def _resolver(registry_url: str | None, mirror: list[str] | None, verbose: bool, lock: str | None = "") -> Resolver:
    console = errors()
    trace = (lambda sentence: console.print(sentence, style="dim", markup=False, soft_wrap=True)) if verbose else None
    mirrors = ",".join(mirror) if mirror else None
    return Resolver(
        registry_url=registry_url, mirrors=mirrors, lock=lock_given(lock), trace=trace, run_cache=MemoryCache()
    )
