"""Supervisor of a host in a training on several hosts.

The supervisor starts this host's processes and watches them and, through the first host's
supervisor, the other hosts. If a process fails on any host, all hosts end with the same reason.
MXNet alone would wait forever for a lost host.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import NoReturn

from include.image_classification.container import CommandError, base_dir
from include.image_classification.training.distribution.cluster import Cluster, address_of
from include.image_classification.training.distribution.environment import (
    read_worker_config,
    worker_environment,
)
from include.image_classification.training.distribution.exchange import (
    ExchangeServer,
    HostLostError,
)
from include.image_classification.training.distribution.host_processes import WORKER, HostProcesses
from include.image_classification.training.distribution.links import (
    Link,
    Message,
    accept_hosts,
    connect_to_first,
    job_key,
)

_log = logging.getLogger(__name__)
POLL_SECONDS = 0.2
"""Interval between two checks of the processes."""

REASON_WAIT_SECONDS = 5.0
"""How long to wait for the reason of a worker that failed on another host."""

CLOSE_SECONDS = 2.0
"""How long to wait until the other hosts have received this host's final message."""

FINAL_MESSAGES = {"finished", "failed", "abandon"}
"""The messages that a host sends before it ends."""

STOP_SECONDS = 100.0
"""How long all hosts may take to end after SIGTERM; SageMaker allows 120 s."""


def needs_supervisor(cluster: Cluster, kv_store: str | None) -> bool:
    """Return whether this process must supervise a training on several hosts.

    Raises:
        CommandError: There are several hosts, but kv_store is not set.
    """
    if cluster.size == 1:
        if kv_store:
            _log.info("kv_store %s has no effect on a single instance", kv_store)
        return False
    if kv_store is None:
        raise CommandError(
            f"InstanceCount is {cluster.size}: set the hyperparameter kv_store to dist_sync or "
            "dist_async, or InstanceCount to 1"
        )
    return read_worker_config(os.environ) is None


def supervise(cluster: Cluster, stop: threading.Event, worker: Sequence[str] = WORKER) -> None:
    """Run this host's part of the training to its end.

    Returns when all hosts have succeeded. After `stop` is set, also returns when the hosts ended
    before there was a model.

    Raises:
        CommandError: A process failed on this host or on another, which the message names.
    """
    connected = _connect(cluster, stop)
    if connected is None:
        _log.info("Stopped before all hosts were connected: there is no model")
        return
    links, ports = connected
    _log.info("%s trains together with %s", cluster.current, ", ".join(cluster.rest))
    (base_dir() / "output" / "failure").unlink(missing_ok=True)
    environment = worker_environment(cluster, int(str(ports["exchange"])), job_key())
    processes = HostProcesses(cluster, int(str(ports["scheduler"])), environment, worker)
    try:
        Supervisor(cluster, links, processes, stop).run()
    finally:
        processes.kill()


def _connect(cluster: Cluster, stop: threading.Event) -> tuple[list[Link], Message] | None:
    if not cluster.is_first:
        connected = connect_to_first(cluster, stop)
        return connected and ([connected[0]], connected[1])
    links = accept_hosts(cluster, stop)
    if len(links) < len(cluster.others):
        return None
    address = address_of(cluster.first)
    exchange = ExchangeServer(address, cluster.size, job_key())
    ports: Message = {"scheduler": _free_port(address), "exchange": exchange.port}
    for link in links:
        link.send(**ports)
    return links, ports


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class Supervisor:
    """Watches this host's processes and its links until the end of the training."""

    def __init__(
        self,
        cluster: Cluster,
        links: list[Link],
        processes: HostProcesses,
        stop: threading.Event,
    ) -> None:
        self._cluster, self._links, self._processes, self._stop = cluster, links, processes, stop
        self._stop_started: float | None = None
        self._host_lost_since: float | None = None
        self._abandoned = self._finished = False
        for link in links:
            link.reset_timers()

    def run(self) -> None:
        """Return when all hosts have succeeded or were stopped.

        Raises:
            CommandError: A process failed on any host.
        """
        while not self._is_over():
            self._read_links()
            self._check_processes()
            if self._stop.is_set() and self._stop_started is None:
                self._stop_all()
            wait([link.connection for link in self._links if not link.closed], POLL_SECONDS)

    def _is_over(self) -> bool:
        if self._abandoned:
            return True
        if self._stop_started and time.monotonic() - self._stop_started > STOP_SECONDS:
            _log.warning("Not all hosts ended within %.0f s: killing the rest", STOP_SECONDS)
            return True
        if not self._processes.all_ended or self._processes.failed():
            return False
        if not self._finished:
            self._finished = True
            self._broadcast(finished=True)
        # The hosts end together: another host may still fail, and its failure must be known here.
        return all(link.finished or link.closed for link in self._links)

    def _read_links(self) -> None:
        for link in self._links:
            link.send_heartbeat()
            for message in link.receive():
                self._handle(link, message)
            if (failure := link.failure()) and not link.finished:
                self._handle_lost_host(failure)

    def _handle(self, link: Link, message: Message) -> None:
        if message.get("stop"):
            self._stop.set()
        link.finished = link.finished or _is_final(message)
        if "failed" in message:
            self._fail(str(message["failed"]))
        if message.get("abandon") and not self._abandoned:
            self._abandon()

    def _handle_lost_host(self, failure: str) -> None:
        if self._stop_started is not None and not self._abandoned:
            self._abandon()
        elif not self._abandoned and (self._cluster.is_first or not self._finished):
            self._fail(failure)

    def _check_processes(self) -> None:
        failed = self._processes.failed()
        if failed is None:
            return
        reason = _failure_reason(*failed)
        if self._stop_started is not None:
            self._abandon()
        elif not reason.startswith(HostLostError.PREFIX) or self._waited_for_reason():
            self._fail(f"{self._cluster.current}: {reason}")

    def _waited_for_reason(self) -> bool:
        """Return whether the host that failed first has had time to send its reason."""
        self._host_lost_since = self._host_lost_since or time.monotonic()
        return time.monotonic() - self._host_lost_since > REASON_WAIT_SECONDS

    def _stop_all(self) -> None:
        self._stop_started = time.monotonic()
        self._broadcast(stop=True)
        self._processes.stop()

    def _abandon(self) -> None:
        """End without an error: SIGTERM killed a process before it could handle the signal."""
        self._abandoned = True
        self._broadcast(abandon=True)
        self._drain()

    def _fail(self, reason: str) -> NoReturn:
        self._broadcast(failed=reason)
        self._drain()
        raise CommandError(reason)

    def _drain(self) -> None:
        """Read the links until the other hosts have ended.

        A connection that is closed with unread messages loses this host's final message.
        """
        deadline = time.monotonic() + CLOSE_SECONDS
        while waiting := [link for link in self._links if not (link.closed or link.finished)]:
            if time.monotonic() > deadline:
                return
            wait([link.connection for link in waiting], timeout=POLL_SECONDS)
            for link in waiting:
                link.finished = any(_is_final(message) for message in link.receive())

    def _broadcast(self, **message: object) -> None:
        for link in self._links:
            link.send(**message)


def _is_final(message: Message) -> bool:
    return bool(message.keys() & FINAL_MESSAGES)


def _failure_reason(role: str, code: int) -> str:
    failure = base_dir() / "output" / "failure"
    if role == "worker" and code > 0 and failure.is_file():
        return failure.read_text(encoding="utf-8")
    status = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"the training's {role} ended with {status}: see this host's log"
