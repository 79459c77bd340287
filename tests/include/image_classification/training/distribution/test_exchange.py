"""Sums over all workers, and an error at once when one of them is gone."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from include.image_classification.training.distribution.exchange import (
    Exchange,
    HostLost,
    Sums,
    Values,
)

KEY = b"this job"


@pytest.fixture
def workers() -> list[Sums]:
    """Three workers; all must be there before any of them is answered."""
    exchange = Exchange("127.0.0.1", 3, KEY)
    return [Sums("127.0.0.1", exchange.port, KEY, rank) for rank in range(3)]


def test_every_worker_gets_the_sum_of_all(workers: list[Sums]) -> None:
    for factor in (1.0, 2.0):
        asked = _all(workers, "figures", factor)
        assert [each.result(10).tolist() for each in asked] == [[3 * factor, 6 * factor]] * 3


def test_no_worker_waits_for_one_that_is_gone(workers: list[Sums]) -> None:
    workers[1].close()
    for each in _all([workers[0], workers[2]], "figures", 1.0):
        with pytest.raises(HostLost, match="another host ended"):
            each.result(10)


def test_workers_that_do_different_things_are_told(workers: list[Sums]) -> None:
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(worker.total, f"step {n > 1}", [1.0]) for n, worker in enumerate(workers)
        ]
        for each in asked:
            with pytest.raises(RuntimeError, match="not at the same point: this one is at 'step"):
                each.result(10)


def test_a_stranger_does_not_take_a_workers_place() -> None:
    exchange = Exchange("127.0.0.1", 1, KEY)
    with pytest.raises(Exception, match=r"digest|rejected"):
        Sums("127.0.0.1", exchange.port, b"another job", 0)
    assert Sums("127.0.0.1", exchange.port, KEY, 0).total("one", [7.0]).tolist() == [7.0]


def _all(workers: list[Sums], what: str, factor: float) -> "list[Future[Values]]":
    pool = ThreadPoolExecutor()
    return [pool.submit(worker.total, what, [factor, 2 * factor]) for worker in workers]
