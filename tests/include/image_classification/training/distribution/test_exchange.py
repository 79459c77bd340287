"""Sums over all workers, and errors when a worker ends."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from include.image_classification.training.distribution.exchange import (
    ExchangeClient,
    ExchangeServer,
    HostLostError,
    Values,
)

KEY = b"this job"


@pytest.fixture
def workers() -> list[ExchangeClient]:
    """Three workers. The server answers once all are connected."""
    exchange = ExchangeServer("127.0.0.1", 3, KEY)
    return [ExchangeClient("127.0.0.1", exchange.port, KEY, rank) for rank in range(3)]


def test_each_worker_receives_the_sum_of_all(workers: list[ExchangeClient]) -> None:
    for factor in (1.0, 2.0):
        sums = _request_sums(workers, "metrics", factor)
        assert [future.result(10).tolist() for future in sums] == [[3 * factor, 6 * factor]] * 3


def test_a_worker_that_ended_is_an_error_for_the_others(workers: list[ExchangeClient]) -> None:
    workers[1].close()
    for future in _request_sums([workers[0], workers[2]], "metrics", 1.0):
        with pytest.raises(HostLostError, match="another host ended"):
            future.result(10)


def test_requests_for_different_sums_are_an_error(workers: list[ExchangeClient]) -> None:
    with ThreadPoolExecutor() as pool:
        sums = [
            pool.submit(worker.sum, f"step {rank > 1}", [1.0])
            for rank, worker in enumerate(workers)
        ]
        for future in sums:
            with pytest.raises(RuntimeError, match="out of step: this host requested 'step"):
                future.result(10)


def test_a_worker_with_another_key_is_rejected() -> None:
    exchange = ExchangeServer("127.0.0.1", 1, KEY)
    with pytest.raises(Exception, match=r"digest|rejected"):
        ExchangeClient("127.0.0.1", exchange.port, b"another job", 0)
    assert ExchangeClient("127.0.0.1", exchange.port, KEY, 0).sum("one", [7.0]).tolist() == [7.0]


def _request_sums(
    workers: list[ExchangeClient], operation: str, factor: float
) -> "list[Future[Values]]":
    pool = ThreadPoolExecutor()
    return [pool.submit(worker.sum, operation, [factor, 2 * factor]) for worker in workers]
