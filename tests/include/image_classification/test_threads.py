"""The thread pool: order, limits and termination."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from include.image_classification.threads import IN_FLIGHT_PER_THREAD, ordered_threads


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 200])
def test_results_are_in_order(threads: int, count: int) -> None:
    results = ordered_threads(lambda number: number * 2, range(count), threads)
    assert list(results) == [number * 2 for number in range(count)]


def test_two_items_are_processed_at_the_same_time() -> None:
    """Each item waits for the other one."""
    both = threading.Barrier(2, timeout=30)
    assert len(list(ordered_threads(lambda _: both.wait(), range(10), 2))) == 10


@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_stream_is_not_read_ahead(threads: int) -> None:
    """Protects the memory from a source that is larger."""
    read = 0

    def stream() -> Iterator[int]:
        nonlocal read
        while read < 10_000:
            read += 1
            yield read

    results = ordered_threads(abs, stream(), threads)
    for _ in range(100):
        next(results)
    assert read <= 100 + threads * IN_FLIGHT_PER_THREAD
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_is_raised_in_its_place_and_stops_the_rest(threads: int) -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        done.append(number)
        return number

    results = ordered_threads(work, range(10_000), threads)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert len(done) < 100
    assert not _pool_threads()


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_of_the_stream_is_raised(threads: int) -> None:
    def stream() -> Iterator[int]:
        yield 1
        raise OSError("cut off")

    with pytest.raises(OSError, match="cut off"):
        list(ordered_threads(abs, stream(), threads))
    assert not _pool_threads()


def test_ctrl_c_stops_the_pool() -> None:
    code = (
        "import time\n"
        "from include.image_classification.threads import ordered_threads\n"
        "def work(n):\n"
        "    print(n, flush=True)\n"
        "    time.sleep(0.01)\n"
        "list(ordered_threads(work, iter(int, 1), 2))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors


def _pool_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("ThreadPoolExecutor")]
