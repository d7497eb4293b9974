# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""The state that one run of a Pulumi program shares: the resolver, the threads, the pins, and what the state holds.

Settings are read once per run, from the stack's configuration and the environment, and the same query is resolved once.
Under the mocks of `pulumi_cgr.testing`, the mocks' resolver resolves.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import config as runtime_config

from ..resolver import CgrError, MemoryCache, Resolver
from .config import config_warnings, resolver_from_config
from .failures import Failed, end_program
from .held import read_held
from .properties import replaced_reasons
from .threads import DaemonThreads
from .trace import trace_once

_T = TypeVar("_T")
_INTERRUPTED = 130
"""How a program exits that was interrupted: 128 and the number of the signal."""


@dataclass
class Run:
    """One run of one program.

    Attributes:
        outcome: its resolver, or the error of a malformed setting.
        has_state: whether there is an engine with a state; unit tests with mocks have none.
    """

    outcome: Resolver | CgrError
    has_state: bool = True
    threads: DaemonThreads | None = None
    pins: list[tuple[pulumi.Resource, pulumi.Output[Any], pulumi.Output[Any]]] = field(default_factory=list)
    watcher: asyncio.Future[None] | None = None
    held: asyncio.Future[list[Mapping[str, Any]]] | None = None

    @property
    def resolver(self) -> Resolver:
        """The resolver of the run.

        Raises:
            InvalidArgument: a setting is malformed.
        """
        if isinstance(self.outcome, CgrError):
            raise self.outcome
        return self.outcome

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Does work in a thread; work that is awaited together is done at the same time."""
        self.threads = self.threads or DaemonThreads(self.resolver.concurrency)
        context = contextvars.copy_context()
        return await asyncio.wrap_future(self.threads.submit(lambda: context.run(work)))

    async def is_held(self, asked: Mapping[str, Any], keys: tuple[str, ...], digest: str) -> bool:
        """Whether the state holds the digest for a query, under whatever name; if in doubt, it is left to the check.

        Args:
            asked: the query, as properties.
            keys: the names of all properties of a query.
            digest: the name of the property with the digest.
        """
        if not self.has_state:
            return True
        if self.held is None:
            self.held = asyncio.ensure_future(read_held())
        try:
            held = await asyncio.shield(self.held)
        except Exception:  # noqa: BLE001  (whatever the engine has against it)
            return True
        return any(each.get(digest) and all(each.get(key) == asked.get(key) for key in keys) for each in held)

    def watch(self, pin: pulumi.Resource, failure: pulumi.Output[Any], reasons: pulumi.Output[Any]) -> None:
        """Ends the program if the check of a pin fails in a preview, and warns if it replaced a pin that is unknown."""
        self.pins.append((pin, failure, reasons))
        if self.watcher is None or self.watcher.done():
            self.watcher = asyncio.ensure_future(self._watch(len(self.pins) - 1))
            watched: pulumi.Input[None] = self.watcher
            pulumi.Output.from_input(watched)  # the program waits for it, and ends with its error

    async def _watch(self, begin: int) -> None:
        failed: list[Failed] = []
        while begin < len(self.pins):
            pins, begin = self.pins[begin:], len(self.pins)
            for pin, failure, reasons in pins:
                try:
                    found, why = await failure.future(), await reasons.future()
                except Exception:  # noqa: BLE001, S112  (its registration failed, which the program tells by itself)
                    continue
                if found:
                    failed.append(Failed(pin, found))
                warn_of_replaced(why.values() if isinstance(why, Mapping) else [why], pin)
        if failed:
            error = end_program(failed)
            await asyncio.sleep(0)  # what was logged is sent in the loop's next turn
            raise error


_runs: WeakKeyDictionary[Any, Run] = WeakKeyDictionary()


def current_run() -> Run:
    """Returns what this run of the program shares."""
    # One monitor serves one run of one program; a process can hold several (Automation API, unit tests).
    monitor = pulumi.runtime.settings.get_monitor()
    run = _runs.get(monitor)
    if run is None:
        mocked = getattr(getattr(monitor, "mocks", None), "resolver", None)
        outcome = mocked if isinstance(mocked, Resolver) else _make_resolver()
        run = _runs[monitor] = Run(outcome, has_state=not hasattr(monitor, "mocks"))
    return run


def warn(warnings: Iterable[str], resource: pulumi.Resource | None = None) -> None:
    """Shows warnings, on a resource if they are about one."""
    for warning in warnings:
        pulumi.log.warn(warning, resource)


def warn_of_replaced(reasons: Iterable[Any], resource: pulumi.Resource) -> None:
    """Warns on a resource if a pin was replaced that is not in the tag's history; only the check saw that."""
    warn(replaced_reasons(reasons), resource)


def _make_resolver() -> Resolver | CgrError:
    _exit_at_once_if_interrupted()
    project, environment = pulumi.get_project(), dict(os.environ)
    warn(config_warnings(sorted({**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}), project))
    get, cache = runtime_config.get_config, MemoryCache()
    try:
        return resolver_from_config(
            get, project, environment=environment, trace=trace_once(pulumi.log.debug), run_cache=cache
        )
    except CgrError as error:
        return error


def _exit_at_once_if_interrupted() -> None:
    """Makes an interrupt end the program at once, without a traceback and without waiting for lookups.

    The engine interrupts a program, too: when a check fails in an update.
    """

    def exit_at_once(_number: int, _frame: Any) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_INTERRUPTED)

    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, exit_at_once)
