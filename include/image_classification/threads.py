"""A thread pool that keeps the order of items and limits the number of pending ones.

Threads are sufficient for decoding, resizing and hashing, which release Python's lock, and need no
copies between processes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")

# Enough to keep threads busy while a result waits for an earlier one, in constant memory.
IN_FLIGHT_PER_THREAD = 8


def ordered_threads(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield function(item) for all items in order, computed by several threads.

    The calling thread reads the items, one at a time and only a few ahead. They may therefore be a
    stream of any length, or come from a reader that is not thread-safe. An exception of the
    function or of the items is raised in its place and stops the rest, as does closing the iterator
    or Ctrl-C. With 1 thread, the calling thread does the work. OpenCV's threads are disabled.
    """
    cv2.setNumThreads(1)
    if threads == 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from _in_order(pool, function, iter(items), threads * IN_FLIGHT_PER_THREAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterator[Item],
    in_flight: int,
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) == in_flight:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
