"""Small sums over all hosts: figures, BatchNorm's statistics, whether to stop.

Gradients go through MXNet's parameter server. These do not: with dist_async its servers would take
them for gradients, and here a host that is gone is an error at once, not a wait without end.
"""

import threading
from collections.abc import Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError

Values = NDArray[np.float64]
_OUT_OF_STEP = b"out of step"


class HostLost(ProgramError):
    """This host cannot go on, and the reason lies with another."""

    WORDS = "another host ended"
    """What the message begins with."""

    def __init__(self, doing: str) -> None:
        super().__init__(f"{self.WORDS}: its log says why (this one was at: {doing})")


class Exchange:
    """Answers each worker with the sum of what all of them sent; a thread of the first host.

    Args:
        address: Where to listen; the kernel chooses the `port`.
        workers: How many there are.
        key: What only this job's workers know.
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
                connection = _accepted(self._listener)
                by_rank[connection.recv_bytes()] = connection
            workers = [by_rank[rank] for rank in sorted(by_rank)]
            while True:
                _answer(workers)
        except (EOFError, OSError):  # one is gone: so is what the others wait for
            for connection in by_rank.values():
                connection.close()


class Sums:
    """A worker's end of the exchange. All workers must ask for the same sums in the same order."""

    def __init__(self, address: str, port: int, key: bytes, rank: int) -> None:
        self._connection = Client((address, port), authkey=key)
        self._connection.send_bytes(str(rank).encode())

    def total(self, what: str, values: Sequence[float] | Values) -> Values:
        """Return the element-wise sum of all workers' values.

        Raises:
            HostLost: A host is gone.
        """
        sent = np.asarray(values, np.float64)
        try:
            self._connection.send_bytes(what.encode() + b"\0" + sent.tobytes())
            answer = self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise HostLost(what) from error
        if answer == _OUT_OF_STEP:
            raise RuntimeError(f"the hosts are not at the same point: this one is at {what!r}")
        return np.frombuffer(answer, np.float64)

    def close(self) -> None:
        """Leave; the other workers' next question fails."""
        self._connection.close()


def _accepted(listener: Listener) -> Connection:
    while True:
        try:
            return listener.accept()
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # a stranger


def _answer(connections: Sequence[Connection]) -> None:
    parts = [connection.recv_bytes().partition(b"\0") for connection in connections]
    if len({(name, len(content)) for name, _, content in parts}) == 1:
        answer = np.sum([np.frombuffer(content) for _, _, content in parts], axis=0).tobytes()
    else:
        answer = _OUT_OF_STEP
    for connection in connections:
        connection.send_bytes(answer)
