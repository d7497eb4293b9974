# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The configuration of the provider: the settings, from the stack's configuration, a provider resource, or the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2

from .._bridge import SETTINGS, Settings
from .._pulumi.config import NAMESPACE, config_warnings
from .._pulumi.properties import is_unknown
from .._pulumi.trace import trace_once
from ..resolver import CgrError, MemoryCache, Resolver
from .lookups import Lookups
from .names import camel, respell, snake
from .wire import OWN, read, write

_NAMES = tuple(name for setting in SETTINGS for name in setting.names)
_SECRET = frozenset(name for setting in SETTINGS if setting.is_secret for name in setting.names)
_OF_ENGINE = ("version", "pluginDownloadURL")
_OF_PROJECT = (
    "The configuration key cgr:{0} belongs to this project, whose name is cgr, and is not read as a setting. For a setting,"
    " use the environment or a provider resource."
)


@dataclass(frozen=True)
class Configured:
    """The provider with its settings.

    Attributes:
        resolver: resolves images; the results of one run are cached.
        lookups: the lookups of this run.
    """

    resolver: Resolver
    lookups: Lookups

    @classmethod
    def of(cls, given: Mapping[str, Any], environment: Mapping[str, str], debug: Callable[[str], None]) -> Configured:
        """Configures the provider.

        Args:
            given: the settings, by their names in Python.
            environment: the environment variables, for settings that are not given.
            debug: logs a sentence that says where credentials were found.

        Raises:
            InvalidArgument: a setting is malformed.
        """
        resolver = Resolver(
            environment=environment, trace=trace_once(debug), run_cache=MemoryCache(), **_settings(given)
        )
        return cls(resolver, Lookups(resolver.concurrency))


def check_config(request: Any, environment: Mapping[str, str]) -> tuple[Any, list[str]]:
    """Checks the settings.

    Returns:
        The response, in which a token is secret even if it was given in plain text, and warnings.
    """
    if _is_of_project(request.urn):
        return provider_pb2.CheckResponse(inputs=write({})), [_OF_PROJECT.format(key) for key in _own(request)]
    given = read(request.news)
    try:
        Settings.read(_settings(given), environment)
    except CgrError as error:
        return provider_pb2.CheckResponse(failures=[_failure(error)]), []
    return provider_pb2.CheckResponse(inputs=write(given, given.secret | (_SECRET & given.keys()))), _misspelt(request)


def diff_config(request: Any) -> Any:
    """Compares settings: other settings never replace a resource."""
    olds, news = read(request.olds), read(request.news)
    differ = sorted(camel(key) for key in {*olds, *news} if olds.get(key) != news.get(key))
    changes = provider_pb2.DiffResponse.DIFF_SOME if differ else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=changes, diffs=differ)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in _NAMES if name in given and not is_unknown(given[name])}


def _failure(error: CgrError) -> Any:
    """Returns a failure about a setting.  The engine shows the value of the property that it names, so it names no secret."""
    is_shown = error.argument in _NAMES and error.argument not in _SECRET
    return provider_pb2.CheckFailure(property=camel(error.argument) if is_shown else "", reason=respell(str(error)))


def _is_of_project(urn: str) -> bool:
    """Whether the keys of a default provider are those of the project, because the project has the name of the provider."""
    *_stack, project, _type, name = urn.split("::") if urn.count("::") == 3 else ("", "", "")
    return project == NAMESPACE and name.startswith("default")


def _own(request: Any) -> list[str]:
    """Returns the keys that are given and not the engine's, as they were written."""
    return [key for key in request.news.fields if key not in _OF_ENGINE and not key.startswith(OWN)]


def _misspelt(request: Any) -> list[str]:
    """Returns a sentence for each key that is not a setting."""
    given = {f"{NAMESPACE}:{snake(key)}": f"{NAMESPACE}:{key}" for key in _own(request)}
    return [
        warning.replace(f"{key} ", f"{spelled} ")
        for key, spelled in given.items()
        for warning in config_warnings([key], None)
    ]
