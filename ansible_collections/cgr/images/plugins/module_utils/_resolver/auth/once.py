# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Answers of programs, requests and pipes, each of which is asked for once and kept for a while."""

from __future__ import annotations

import copy
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar

from ..errors import CgrError

FRESH_SECONDS = 600
"""How long an answer is used before it is asked for again; a failure, too: a helper that hangs would hang again."""

_T = TypeVar("_T")


@dataclass(eq=False)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = 0.0
    answer: Any = None
    error: CgrError | None = None
    renewed: Any = None  # the answer that was refused, and for which it was asked again


class _Waited(threading.local):
    seconds = 0.0


class Answers:
    """Answers by key.  Threads that want the same one wait for the one that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._waited = _Waited()

    def get(self, key: str, ask: Callable[[], _T], refused: object = None) -> _T:
        """Returns an answer, asked for if need be.

        Args:
            key: what is asked for.
            ask: asks for it.
            refused: an answer that turned out to be of no use; it is asked for again, once.

        Raises:
            CgrError: what `ask` raised, now or to the thread that asked.
        """
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
        began = time.monotonic()
        with slot.lock:
            self._waited.seconds += time.monotonic() - began
            is_refused = refused is not None and slot.answer == refused and slot.renewed != refused
            if is_refused or time.monotonic() >= slot.until:
                slot.renewed = refused
                self._ask(slot, ask)
            if slot.error:
                raise copy.copy(slot.error)  # each thread says which image it is about
            answer: _T = slot.answer
            return answer

    def waited(self) -> float:
        """Returns for how many seconds this thread has waited for others, since it last asked."""
        seconds, self._waited.seconds = self._waited.seconds, 0.0
        return seconds

    def _ask(self, slot: _Slot, ask: Callable[[], object]) -> None:
        try:
            slot.answer, slot.error = ask(), None
        except CgrError as error:
            error.__cause__ = error.__context__ = error.__traceback__ = None
            slot.answer, slot.error = None, error
        slot.until = time.monotonic() + FRESH_SECONDS
