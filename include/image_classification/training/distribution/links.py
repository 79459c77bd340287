"""What the hosts' supervisors tell each other, through the first, to which all others connect."""

import contextlib
import hashlib
import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener

from include.image_classification.container import ProgramError
from include.image_classification.training.distribution.cluster import Cluster, address_of

PORT = 7900
"""Where the first host waits for the others. All other ports are told there."""

PATIENCE = 600.0
"""Seconds for all hosts to come: their machines start, and get their data, at different times."""

BEAT, SILENCE = 1.0, 30.0
"""Seconds between signs of life, and without one until a host counts as lost."""

Message = dict[str, object]


class Link:
    """The connection to another host's supervisor."""

    def __init__(self, host: str, connection: Connection) -> None:
        self.host, self.connection = host, connection
        self.gone = self.finished = False
        self.begin()

    def begin(self) -> None:
        """Count silence from now on."""
        self._heard = self._beaten = time.monotonic()

    def send(self, **message: object) -> None:
        """Tell something; that a connection is gone shows when all that it brought is read."""
        with contextlib.suppress(OSError):
            self.connection.send_bytes(json.dumps(message).encode())

    def beat(self) -> None:
        """Give a sign of life when it is time."""
        if time.monotonic() - self._beaten >= BEAT:
            self._beaten = time.monotonic()
            self.send(alive=True)

    def received(self) -> Iterator[Message]:
        """What has come since; never waits."""
        try:
            while not self.gone and self.connection.poll():
                self._heard = time.monotonic()
                yield json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.gone = True

    def lost(self) -> str | None:
        """Why the host counts as lost, if it does: it ended without a word, or is silent."""
        if self.gone:
            return f"{self.host} is gone: its program or its machine ended"
        if time.monotonic() - self._heard > SILENCE:
            return f"{self.host} has given no sign of life for {SILENCE:.0f} s"
        return None


def job_key() -> bytes:
    """What only this job's hosts know: no other job's host is taken for one of them."""
    name = os.environ.get("TRAINING_JOB_ARN") or os.environ.get("TRAINING_JOB_NAME", "")
    return hashlib.sha256(name.encode()).digest()


def await_others(cluster: Cluster, stop: threading.Event, patience: float = PATIENCE) -> list[Link]:
    """On the first host: wait until all others are there; fewer when told to stop.

    Raises:
        ProgramError: A host did not come, or the port is taken.
    """
    came: queue.Queue[Link] = queue.Queue()
    address = address_of(cluster.current)
    try:
        listener = Listener((address, PORT), backlog=cluster.size, authkey=job_key())
    except OSError as error:
        where = f"{cluster.current} cannot listen on {address}:{PORT}"
        raise ProgramError(f"{where}: {error}") from None
    threading.Thread(target=_welcome, args=(listener, came), daemon=True).start()
    links: dict[str, Link] = {}
    deadline = time.monotonic() + patience
    while missing := [host for host in cluster.others if host not in links]:
        if stop.is_set():
            break
        if time.monotonic() > deadline:
            raise ProgramError(f"{', '.join(missing)} did not come within {patience:.0f} s")
        try:
            link = came.get(timeout=0.2)
        except queue.Empty:
            continue
        if link.host in missing:
            links[link.host] = link
    return list(links.values())


def find_first(
    cluster: Cluster, stop: threading.Event, patience: float = PATIENCE
) -> tuple[Link, Message] | None:
    """On the other hosts: connect to the first, and get what it tells all; None if told to stop.

    Raises:
        ProgramError: It is not there, or went away.
    """
    deadline = time.monotonic() + patience
    link: Link | None = None
    while not stop.is_set():
        if link is None:
            link = _try_first(cluster)
        elif message := next(link.received(), None):
            return link, message
        elif link.gone:
            raise ProgramError(f"{link.host} ended before the training began: its log says why")
        if time.monotonic() > deadline:
            raise ProgramError(f"{cluster.first} did not answer within {patience:.0f} s")
        stop.wait(0.2)
    return None


def _try_first(cluster: Cluster) -> Link | None:
    try:
        connection = Client((address_of(cluster.first), PORT), authkey=job_key())
        connection.send_bytes(cluster.current.encode())
    except (OSError, EOFError, AuthenticationError):
        return None  # not there yet
    return Link(cluster.first, connection)


def _welcome(listener: Listener, came: "queue.Queue[Link]") -> None:
    while True:
        try:
            connection = listener.accept()
            came.put(Link(connection.recv_bytes().decode(), connection))
        except (AuthenticationError, EOFError, ConnectionError, UnicodeDecodeError):
            continue  # a stranger
        except OSError:
            return
