# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The settings and the resolver of a Pulumi program, and lookups that run beside each other.

Settings are read once per run, from the configuration `cgr:…` (secret, if it is set so) and the environment.  Under the
mocks of `pulumi_cgr.testing`, the mocks' resolver answers instead.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from .pin import properties
from .resolver import SETTINGS, Answer, CgrError, Resolver, Trace

CONCURRENCY = 16


def resolver_from(setting: Callable[[str], Any], trace: Trace | None = None) -> Resolver:
    """Makes a resolver from configuration.

    Args:
        setting: returns the value of a key such as `cgr:token`, or `None`.
        trace: see `Resolver`.

    Raises:
        InvalidQuestion: a setting is malformed.
    """
    return Resolver(**{name: setting(f"cgr:{name}") for name in SETTINGS}, trace=trace)


@dataclass
class _Run:
    """What one run of a program shares: connections, granted tokens, and the threads in which lookups wait."""

    resolver: Resolver
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(CONCURRENCY, "cgr-lookup"))


_runs: WeakKeyDictionary[Any, _Run] = WeakKeyDictionary()


def resolve(image: str, at: str | None) -> Answer:
    """Looks an image up with the program's settings; raises what `Resolver.resolve` does."""
    answer = _run().resolver.resolve(image, at=at)
    for warning in answer.warnings:
        pulumi.log.warn(warning)
    return answer


async def resolve_beside(image: str, at: str | None) -> Answer:
    """Does what `resolve` does, in a thread: lookups that are awaited together run beside each other."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_run().threads, lambda: context.run(resolve, image, at))


async def resolve_ahead(image: Any, at: Any, digest: Any) -> dict[str, Any] | None:
    """Looks a followed tag up, ahead of the check of its resource, which the engine runs one at a time.

    Returns:
        What `pin.checked` takes as `resolved`: the answer, or the sentence that says why there is none; `None` where the
        check can do without.
    """
    if at is not None or digest is not None or not isinstance(image, str):
        return None
    try:
        return {"image": image, **properties(await resolve_beside(image, None))}
    except CgrError as error:
        return {"image": image, "error": str(error)}


def _run() -> _Run:
    # One monitor serves one run of one program; a process can hold several (Automation API, unit tests).
    monitor = pulumi.runtime.settings.get_monitor()
    run = _runs.get(monitor)
    if run is None:
        resolver = getattr(getattr(monitor, "mocks", None), "resolver", None)
        run = _runs[monitor] = _Run(
            resolver if isinstance(resolver, Resolver) else resolver_from(_setting, pulumi.log.debug)
        )
    return run


def _setting(key: str) -> str | None:
    namespace, _colon, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
