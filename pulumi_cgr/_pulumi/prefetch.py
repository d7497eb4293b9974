# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The settings and the resolver of a Pulumi program, and lookups that run beside each other.

Settings are read once per run, from the configuration `cgr:…` (secret, if it is set so) and the environment.  Within a run
the same question is asked once.  Under the mocks of `pulumi_cgr.testing`, the mocks' resolver answers instead.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pulumi

from .._bridge import REPLACED, SETTINGS, Trace
from ..resolver import Cache, CgrError, InvalidArgument, MemoryCache, Resolver
from . import check_image as pin
from . import check_set as pins

_T = TypeVar("_T")


def resolver_from(
    setting: Callable[[str], Any], trace: Trace | None = None, run_cache: Cache | None = None
) -> Resolver:
    """Makes a resolver from configuration.

    Args:
        setting: returns the value of a key such as `cgr:token`, or `None`.
        trace: see `Resolver`.
        memory: see `Resolver`.

    Raises:
        InvalidArgument: a setting is malformed.
    """
    names = [name for each in SETTINGS for name in each.names]
    return Resolver(trace=trace, run_cache=run_cache, **{name: setting(f"cgr:{name}") for name in names})


@dataclass
class _Run:
    """What one run of a program shares: connections, granted tokens, answers, and the threads in which lookups wait."""

    resolver: Resolver
    threads: ThreadPoolExecutor


_runs: WeakKeyDictionary[Any, _Run] = WeakKeyDictionary()


def resolver() -> Resolver:
    """Returns the program's resolver."""
    return _run().resolver


async def beside(work: Callable[[], _T]) -> _T:
    """Does work in a thread: what is awaited together runs beside each other."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_run().threads, lambda: context.run(work))


def warn(warnings: Iterable[str], resource: pulumi.Resource | None = None) -> None:
    """Shows warnings, on a resource if they are about one."""
    for warning in warnings:
        pulumi.log.warn(warning, resource)


async def resolve_ahead(query: Mapping[str, Any], digest: Any, resource: pulumi.Resource) -> dict[str, Any] | None:
    """Looks a followed tag up, ahead of the check of its resource, which the engine runs one at a time.

    Args:
        question: the arguments of the resource that make up the question.
        digest: the digest that is given.
        resource: the resource, for warnings.

    Returns:
        What `pin.checked` takes as `resolved`: the answer, or the sentence that says why there is none; `None` where the
        check can do without.
    """
    try:
        answering = pin.answering(query, resolver())
        asked, kept = pin.read_query(query, answering)
    except InvalidArgument:
        return None  # the check says so, on the property
    if digest is not None or (pin.is_sticky(kept) and not answering.lock):
        return None
    text = pin.text_of(asked)
    try:
        resolution = await beside(lambda: answering.resolve_query(asked))
    except CgrError as error:
        return {"query": text, "error": error.to_dict()}
    warn(resolution.warnings, resource)
    return {"query": text, "resolution": resolution.to_dict()}


async def resolve_all_ahead(query: Mapping[str, Any], resource: pulumi.Resource) -> dict[str, Any] | None:
    """Looks the tags of a set up; arguments and result are as of `resolve_ahead`, for `pins.checked`."""
    try:
        given = {key: value for key, value in query.items() if value is not None}
        answering = pin.answering(given, resolver())
        queries, kept = pins.read_queries(given, answering)
    except CgrError:
        return None
    if not answering.lock and (pin.is_sticky(kept) or all(each.is_fixed for each in queries.values())):
        return None
    try:
        resolutions = await beside(lambda: answering.resolve_queries(queries))
    except CgrError as error:
        return {"error": error.to_dict()}
    warn(resolutions.warnings, resource)
    return pins.as_resolved(queries, resolutions)


def warn_of_replaced(reasons: Iterable[Any], resource: pulumi.Resource) -> None:
    """Warns on a resource of which a pin was replaced that the tag's history does not know; only the check saw that."""
    warn(tuple(each for each in reasons if isinstance(each, str) and each.endswith(REPLACED)), resource)


def _run() -> _Run:
    # One monitor serves one run of one program; a process can hold several (Automation API, unit tests).
    monitor = pulumi.runtime.settings.get_monitor()
    run = _runs.get(monitor)
    if run is None:
        mocked = getattr(getattr(monitor, "mocks", None), "resolver", None)
        made = mocked if isinstance(mocked, Resolver) else resolver_from(_setting, pulumi.log.debug, MemoryCache())
        run = _runs[monitor] = _Run(made, ThreadPoolExecutor(made.concurrency, "cgr-lookup"))
    return run


def _setting(key: str) -> str | None:
    namespace, _colon, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
