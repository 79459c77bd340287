"""A thread pool that keeps order and bounds what is in flight.

Threads are enough where the work is decoding, resizing, hashing: those let go of Python's lock, and
nothing has to be copied between processes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")

# Enough to keep a thread busy while its results wait for an earlier one; memory stays flat.
IN_FLIGHT_PER_THREAD = 8


def ordered_threads(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield function(item) for each item in order, computed by so many threads.

    The items are read by the thread that asks for results, one at a time and at most a few a thread
    ahead, so that they may be a stream of any length, and an archive that only one may read. An
    exception, of the function or of the stream, comes out in its place and ends the rest; so does
    closing the iterator, or Ctrl-C. One thread means the calling one. OpenCV runs no threads of its
    own beside these.
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
