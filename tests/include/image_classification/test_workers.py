"""The process pool: order, bounds, and workers that die."""

import os
from collections.abc import Iterator

import pytest

from include.image_classification import workers
from include.image_classification.container import ProgramError


def double(number: int) -> int:
    return number * 2


def die(number: int) -> int:
    os._exit(9)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order(processes: int) -> None:
    results = workers.ordered_map(double, range(50), processes)
    assert list(results) == [number * 2 for number in range(50)]


def test_a_long_stream_is_not_read_ahead() -> None:
    """Else a source larger than the memory would be in memory."""
    read = 0

    def stream() -> Iterator[int]:
        nonlocal read
        while read < 10_000:
            read += 1
            yield read

    results = workers.ordered_map(double, stream(), 2)
    next(results)
    assert read <= 2 * workers.IN_FLIGHT_PER_PROCESS + 1
    results.close()  # type: ignore[attr-defined]


def test_a_worker_that_dies_is_an_error_and_not_a_hang() -> None:
    with pytest.raises(ProgramError, match="a worker process died"):
        list(workers.ordered_map(die, range(3), 2))
