# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Settings in the configuration of a stack: `cgr:token` and so on.

Pulumi's own keys of a project named `cgr` have the same prefix.  In such a project the settings are `pulumi-cgr:token` and so
on, which works in every project.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._bridge import SETTINGS, Settings, Trace
from ..resolver import Cache, Resolver

NAMESPACE, OWN_NAMESPACE = "cgr", "pulumi-cgr"
_NAMES = [name for setting in SETTINGS for name in setting.names]


def resolver_from_config(
    get: Callable[[str], Any],
    project: str | None,
    *,
    environment: dict[str, str],
    longest_lookup: float | None = None,
    trace: Trace | None = None,
    run_cache: Cache | None = None,
) -> Resolver:
    """Makes a resolver with the settings of a stack.

    Args:
        get: returns the value of a key such as `cgr:token`, or `None`.
        project: the name of the project.
        environment: the environment variables.
        longest_lookup: how many seconds resolving one image may take, whatever the setting `timeout` says.
        trace: see `Resolver`.
        run_cache: see `Resolver`.

    Raises:
        InvalidArgument: a setting is malformed.
    """
    settings = {name: value for name in _NAMES if (value := _read(get, project, name)) is not None}
    if longest_lookup is not None:
        settings["timeout"] = min(Settings.read(settings, environment).timeout, longest_lookup)
    return Resolver(environment=environment, trace=trace, run_cache=run_cache, **settings)


def config_warnings(keys: Iterable[str], project: str | None) -> Iterator[str]:
    """Returns a sentence for each key of a configuration that looks like a setting, but is not read as one.

    Args:
        keys: the keys, such as `cgr:token`.
        project: the name of the project.
    """
    keys = list(keys)
    for key in keys:
        namespace, _colon, name = key.partition(":")
        if namespace == NAMESPACE == project:
            if name in _NAMES and f"{OWN_NAMESPACE}:{name}" not in keys:
                yield (
                    f"The configuration key {key} belongs to this project, whose name is cgr, and is not read as the setting"
                    f" {name}. For the setting, write {OWN_NAMESPACE}:{name}."
                )
        elif namespace in (NAMESPACE, OWN_NAMESPACE) and name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, 1, 0.5)
            hint = f"did you mean {namespace}:{near[0]}?" if near else f"the settings are {', '.join(_NAMES)}."
            yield f"The configuration key {key} is not a setting; {hint}"


def _read(get: Callable[[str], Any], project: str | None, name: str) -> Any:
    own = get(f"{OWN_NAMESPACE}:{name}")
    return own if own is not None or project == NAMESPACE else get(f"{NAMESPACE}:{name}")
