# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Lookups that end when the user cancels, and lookups ahead.

While the engine waits for a check it does nothing else: after Ctrl-C it only calls `Cancel`, and waits on.  So every lookup is
done in a thread, and whoever waits for it also waits for `Cancel`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from typing import Any, TypeVar

from .._pulumi.threads import DaemonThreads
from ..resolver import CgrError

_T = TypeVar("_T")
WAITING = 256
"""How many calls of the engine are served at the same time; with a large `--parallel` it sends many."""


class Lookups:
    """The lookups of one configured provider.

    Args:
        ahead: how many lookups ahead are done at the same time.
    """

    def __init__(self, ahead: int) -> None:
        self._threads = DaemonThreads(WAITING)
        self._ahead = DaemonThreads(ahead)
        self._cancelled: Future[None] = Future()

    def result_of(self, work: Callable[[], _T]) -> _T:
        """Does work in a thread, and returns its result.

        Raises:
            CgrError: the work raised it, or the user cancelled.
        """
        future = self._threads.submit(work)
        awaited: list[Future[Any]] = [future, self._cancelled]
        wait(awaited, return_when=FIRST_COMPLETED)
        if not future.done():
            raise CgrError("Cancelled before the registry answered; nothing was changed.")
        return future.result()

    def start_ahead(self, work: Callable[[], Any]) -> None:
        """Starts work whose result the resolver's cache keeps; if it fails, whoever needs it looks it up again."""

        def quietly() -> None:
            with suppress(CgrError):
                work()

        if not self._cancelled.done():
            self._ahead.submit(quietly)

    def cancel(self) -> None:
        """Ends all waiting; the lookups themselves end with the process."""
        if not self._cancelled.done():
            self._cancelled.set_result(None)
