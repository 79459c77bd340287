"""Connections between the hosts' supervisors: all other hosts connect to the first host."""

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

from include.image_classification.container import CommandError
from include.image_classification.training.distribution.cluster import Cluster, address_of

PORT = 7900
"""The port on which the first host accepts the other hosts. It sends them all other ports."""

CONNECT_TIMEOUT_SECONDS = 600.0
"""Hosts start, and receive their input data, at different times."""

HEARTBEAT_SECONDS = 1.0
HEARTBEAT_TIMEOUT_SECONDS = 30.0
"""A host that sends nothing for this long counts as lost."""

Message = dict[str, object]


class Link:
    """The connection to another host's supervisor."""

    def __init__(self, host: str, connection: Connection) -> None:
        self.host, self.connection = host, connection
        self.closed = self.finished = False
        self.reset_timers()

    def reset_timers(self) -> None:
        """Start the heartbeat timeout from now."""
        self._last_received = self._last_sent = time.monotonic()

    def send(self, **message: object) -> None:
        """Send a message. Errors are ignored: `receive` detects a closed connection."""
        with contextlib.suppress(OSError):
            self.connection.send_bytes(json.dumps(message).encode())

    def send_heartbeat(self) -> None:
        """Send a heartbeat if one is due."""
        if time.monotonic() - self._last_sent >= HEARTBEAT_SECONDS:
            self._last_sent = time.monotonic()
            self.send(alive=True)

    def receive(self) -> Iterator[Message]:
        """Yield the messages that have arrived, without waiting for more."""
        try:
            while not self.closed and self.connection.poll():
                self._last_received = time.monotonic()
                yield json.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            self.closed = True

    def failure(self) -> str | None:
        """Return why the host counts as lost, or None if it does not."""
        if self.closed:
            return f"{self.host} closed its connection: its process or its instance ended"
        if time.monotonic() - self._last_received > HEARTBEAT_TIMEOUT_SECONDS:
            return f"{self.host} has sent no heartbeat for {HEARTBEAT_TIMEOUT_SECONDS:.0f} s"
        return None


def job_key() -> bytes:
    """Return a key that only this job's hosts know, so that no host of another job can connect."""
    name = os.environ.get("TRAINING_JOB_ARN") or os.environ.get("TRAINING_JOB_NAME", "")
    return hashlib.sha256(name.encode()).digest()


def accept_hosts(
    cluster: Cluster, stop: threading.Event, timeout: float = CONNECT_TIMEOUT_SECONDS
) -> list[Link]:
    """On the first host: wait until all other hosts are connected, or `stop` is set.

    Raises:
        CommandError: A host did not connect in time, or the port is in use.
    """
    accepted: queue.Queue[Link] = queue.Queue()
    address = address_of(cluster.current)
    try:
        listener = Listener((address, PORT), backlog=cluster.size, authkey=job_key())
    except OSError as error:
        where = f"{cluster.current} cannot listen on {address}:{PORT}"
        raise CommandError(f"{where}: {error}") from None
    threading.Thread(target=_accept, args=(listener, accepted), daemon=True).start()
    links: dict[str, Link] = {}
    deadline = time.monotonic() + timeout
    while missing := [host for host in cluster.others if host not in links]:
        if stop.is_set():
            break
        if time.monotonic() > deadline:
            raise CommandError(f"{', '.join(missing)} did not connect within {timeout:.0f} s")
        try:
            link = accepted.get(timeout=0.2)
        except queue.Empty:
            continue
        if link.host in missing:
            links[link.host] = link
    return list(links.values())


def connect_to_first(
    cluster: Cluster, stop: threading.Event, timeout: float = CONNECT_TIMEOUT_SECONDS
) -> tuple[Link, Message] | None:
    """On the other hosts: connect to the first host and wait for its first message.

    Returns None if `stop` is set before the message arrives.

    Raises:
        CommandError: The first host did not answer in time, or ended.
    """
    deadline = time.monotonic() + timeout
    link: Link | None = None
    while not stop.is_set():
        if link is None:
            link = _try_connect(cluster)
        elif message := next(link.receive(), None):
            return link, message
        elif link.closed:
            raise CommandError(f"{link.host} ended before the training began: see its log")
        if time.monotonic() > deadline:
            raise CommandError(f"{cluster.first} did not answer within {timeout:.0f} s")
        stop.wait(0.2)
    return None


def _try_connect(cluster: Cluster) -> Link | None:
    try:
        connection = Client((address_of(cluster.first), PORT), authkey=job_key())
        connection.send_bytes(cluster.current.encode())
    except (OSError, EOFError, AuthenticationError):
        return None  # the first host does not listen yet
    return Link(cluster.first, connection)


def _accept(listener: Listener, accepted: "queue.Queue[Link]") -> None:
    while True:
        try:
            connection = listener.accept()
            accepted.put(Link(connection.recv_bytes().decode(), connection))
        except (AuthenticationError, EOFError, ConnectionError, UnicodeDecodeError):
            continue  # not a host of this job
        except OSError:
            return
