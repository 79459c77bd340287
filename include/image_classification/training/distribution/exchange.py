"""Sums of small values over all hosts: metrics, BatchNorm statistics, stop requests.

Gradients go through MXNet's parameter server. These values do not: under dist_async the servers
would treat them as gradients, and MXNet waits forever for a lost host, while the exchange fails at
once.
"""

import threading
from collections.abc import Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError

Values = NDArray[np.float64]
_OUT_OF_STEP = b"out of step"


class HostLostError(CommandError):
    """Another host ended, so this host cannot continue."""

    PREFIX = "another host ended"
    """The beginning of the message."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"{self.PREFIX}: see that host's log (this host's last operation: {operation})"
        )


class ExchangeServer:
    """Sends the sum of all workers' values to each worker. Runs in a thread of the first host.

    Args:
        address: The address to listen on; the kernel chooses the `port`.
        workers: The number of workers.
        key: A secret that only the workers of this job know.
    """

    def __init__(self, address: str, workers: int, key: bytes) -> None:
        self._listener = Listener((address, 0), backlog=workers, authkey=key)
        self._workers = workers
        self.port: int = self._listener.address[1]
        threading.Thread(target=self._serve, name="exchange", daemon=True).start()

    def _serve(self) -> None:
        by_rank: dict[bytes, Connection] = {}
        try:
            while len(by_rank) < self._workers:
                connection = _accept(self._listener)
                by_rank[connection.recv_bytes()] = connection
            workers = [by_rank[rank] for rank in sorted(by_rank)]
            while True:
                _answer(workers)
        except (EOFError, OSError):  # a worker ended: closing the connections ends the others
            for connection in by_rank.values():
                connection.close()


class ExchangeClient:
    """A worker's connection. All workers must request the same sums in the same order."""

    def __init__(self, address: str, port: int, key: bytes, rank: int) -> None:
        self._connection = Client((address, port), authkey=key)
        self._connection.send_bytes(str(rank).encode())

    def sum(self, operation: str, values: Sequence[float] | Values) -> Values:
        """Return the element-wise sum of all workers' values.

        Args:
            operation: The name of the sum, which must be the same on all workers.
            values: This worker's values.

        Raises:
            HostLostError: Another worker ended.
        """
        array = np.asarray(values, np.float64)
        try:
            self._connection.send_bytes(operation.encode() + b"\0" + array.tobytes())
            answer = self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise HostLostError(operation) from error
        if answer == _OUT_OF_STEP:
            raise RuntimeError(
                f"the hosts are out of step: this host requested {operation!r}, another host "
                "requested another sum"
            )
        return np.frombuffer(answer, np.float64)

    def close(self) -> None:
        """Close the connection; the next request of the other workers fails."""
        self._connection.close()


def _accept(listener: Listener) -> Connection:
    while True:
        try:
            return listener.accept()
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # not a worker of this job


def _answer(connections: Sequence[Connection]) -> None:
    requests = [connection.recv_bytes().partition(b"\0") for connection in connections]
    if len({(name, len(content)) for name, _, content in requests}) == 1:
        arrays = [np.frombuffer(content) for _, _, content in requests]
        answer = np.sum(arrays, axis=0).tobytes()
    else:
        answer = _OUT_OF_STEP
    for connection in connections:
        connection.send_bytes(answer)
