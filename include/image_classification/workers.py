"""A process pool that keeps order and bounds what is in flight."""

import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import cv2

from include.image_classification.container import ProgramError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Enough to keep a worker busy while its results wait for an earlier one; memory stays flat.
IN_FLIGHT_PER_PROCESS = 8


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Iterator[Result]:
    """Yield function(item) for each item in order, computed by so many processes.

    At most a few items a process are in flight, so items may be a stream of any length. The
    function and its items must be picklable. One process means this one. OpenCV runs one thread
    in each process: the processes are the parallelism.

    Raises:
        ProgramError: A worker died, which the system does to a process that takes all memory.
    """
    if processes == 1:
        _one_opencv_thread()
        yield from map(function, items)
        return
    # spawn: forking beside the threads of numpy and OpenCV can deadlock.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_one_opencv_thread) as pool:
        try:
            yield from _in_order(pool, function, iter(items), processes * IN_FLIGHT_PER_PROCESS)
        except BrokenProcessPool as error:
            message = "a worker process died, probably for lack of memory; use fewer --processes"
            raise ProgramError(message) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    function: Callable[[Item], Result],
    items: Iterator[Item],
    in_flight: int,
) -> Iterator[Result]:
    pending: deque[Future[Result]] = deque(
        pool.submit(function, item) for item in itertools.islice(items, in_flight)
    )
    while pending:
        result = pending.popleft().result()
        pending.extend(pool.submit(function, item) for item in itertools.islice(items, 1))
        yield result


def _one_opencv_thread() -> None:
    cv2.setNumThreads(1)
