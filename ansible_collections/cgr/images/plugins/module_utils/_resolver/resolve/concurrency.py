# Copyright: the pulumi-cgr authors
# SPDX-License-Identifier: Apache-2.0
"""Concurrent work in threads that an interrupted program does not wait for.

`concurrent.futures.ThreadPoolExecutor` joins its threads when Python ends: after an interrupt, that takes as long as
their requests may take.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, as_completed
from queue import Empty, SimpleQueue
from typing import Callable, Iterable, Iterator, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def run_concurrently(
    work: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[tuple[_Item, Future[_Result]]]:
    """Calls `work` with every item, and yields each item with its outcome as soon as it is done.

    Args:
        work: the function; what it raises is in the outcome.
        items: its arguments.
        workers: the maximum number of threads.
    """
    queue: SimpleQueue[tuple[_Item, Future[_Result]]] = SimpleQueue()
    tasks: dict[Future[_Result], _Item] = {}
    for item in items:
        future: Future[_Result] = Future()
        tasks[future] = item
        queue.put((item, future))

    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            try:
                item, future = queue.get_nowait()
            except Empty:
                return
            try:
                future.set_result(work(item))
            except BaseException as error:  # noqa: BLE001  (it is in the outcome, for the one who waits)
                future.set_exception(error)

    for _worker in range(min(workers, len(tasks))):
        threading.Thread(target=run, daemon=True, name="cgr-lookup").start()
    try:
        for future in as_completed(tasks):
            yield tasks[future], future
    finally:
        stopped.set()  # interrupted: do not begin the rest
