"""A host's supervisor: where one host of a training is lost, MXNet lets the others wait for ever.

It starts this host's processes, watches them and, through the first host's supervisor, the other
hosts; when anything fails anywhere, everything ends, everywhere with the same reason.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import NoReturn

from include.image_classification.container import ProgramError, base_dir
from include.image_classification.training.distribution.children import WORKER, Children
from include.image_classification.training.distribution.cluster import Cluster, address_of
from include.image_classification.training.distribution.environment import (
    worker_environment,
    worker_of,
)
from include.image_classification.training.distribution.exchange import Exchange, HostLost
from include.image_classification.training.distribution.links import (
    Link,
    Message,
    await_others,
    find_first,
    job_key,
)

_log = logging.getLogger(__name__)
TICK = 0.2
"""Seconds between two looks at the children."""

NEWS = 5.0
"""Seconds for the word of why another host's worker is gone."""

PARTING = 2.0
"""Seconds for the others to hear this host's last word."""

LAST_WORDS = {"finished", "failed", "abandon"}
"""What a host says before it ends."""

GRACE = 100.0
"""Seconds that all have to end after SIGTERM; SageMaker gives 120."""


def needs_supervisor(cluster: Cluster, kv_store: str | None) -> bool:
    """Whether this process has to see to the training on several hosts.

    Raises:
        ProgramError: Nothing says how the hosts work together.
    """
    if cluster.size == 1:
        if kv_store:
            _log.info("kv_store %s is for several instances: there is one", kv_store)
        return False
    if kv_store is None:
        raise ProgramError(
            f"InstanceCount is {cluster.size}: set the hyperparameter kv_store to dist_sync or "
            "dist_async, or InstanceCount to 1"
        )
    return worker_of(os.environ) is None


def supervise(cluster: Cluster, stop: threading.Event, worker: Sequence[str] = WORKER) -> None:
    """Run this host's part of the training to its end.

    Returns when all hosts have ended well; after `stop` is set, also when they were ended before
    there was anything to keep.

    Raises:
        ProgramError: Something failed on this host or on another, which is named.
    """
    met = _meet(cluster, stop)
    if met is None:
        _log.info("Told to stop before all hosts were there: there is no model")
        return
    links, ports = met
    _log.info("%s trains together with %s", cluster.current, ", ".join(cluster.rest))
    (base_dir() / "output" / "failure").unlink(missing_ok=True)
    told = worker_environment(cluster, int(str(ports["exchange"])), job_key())
    children = Children(cluster, int(str(ports["scheduler"])), told, worker)
    try:
        Supervisor(cluster, links, children, stop).run()
    finally:
        children.kill()


def _meet(cluster: Cluster, stop: threading.Event) -> tuple[list[Link], Message] | None:
    if not cluster.is_first:
        found = find_first(cluster, stop)
        return found and ([found[0]], found[1])
    links = await_others(cluster, stop)
    if len(links) < len(cluster.others):
        return None
    address = address_of(cluster.first)
    exchange = Exchange(address, cluster.size, job_key())
    ports: Message = {"scheduler": _free_port(address), "exchange": exchange.port}
    for link in links:
        link.send(**ports)
    return links, ports


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class Supervisor:
    """Watches this host's children and its links until the end."""

    def __init__(
        self, cluster: Cluster, links: list[Link], children: Children, stop: threading.Event
    ) -> None:
        self._cluster, self._links, self._children, self._stop = cluster, links, children, stop
        self._stopping: float | None = None
        self._surprised: float | None = None
        self._abandoned = self._finished = False
        for link in links:
            link.begin()

    def run(self) -> None:
        """Return when all have ended well, or were told to stop; raise ProgramError otherwise."""
        while not self._is_over():
            self._listen()
            self._look_after_children()
            if self._stop.is_set() and self._stopping is None:
                self._pass_stop_on()
            wait([link.connection for link in self._links if not link.gone], timeout=TICK)

    def _is_over(self) -> bool:
        if self._abandoned:
            return True
        if self._stopping is not None and time.monotonic() - self._stopping > GRACE:
            _log.warning("Not all hosts ended within %.0f s: ended at once", GRACE)
            return True
        if not self._children.all_ended or self._children.failed():
            return False
        if not self._finished:
            self._finished = True
            self._tell(finished=True)
        # All end together: the first host may still fail, and hears the others' last words.
        return all(link.finished or link.gone for link in self._links)

    def _listen(self) -> None:
        for link in self._links:
            link.beat()
            for message in link.received():
                self._heed(link, message)
            if (lost := link.lost()) and not link.finished:
                self._bear_loss(lost)

    def _heed(self, link: Link, message: Message) -> None:
        if message.get("stop"):
            self._stop.set()
        link.finished = link.finished or _is_last(message)
        if "failed" in message:
            self._fail(str(message["failed"]))
        if message.get("abandon") and not self._abandoned:
            self._abandon()

    def _bear_loss(self, lost: str) -> None:
        if self._stopping is not None and not self._abandoned:
            self._abandon()
        elif not self._abandoned and (self._cluster.is_first or not self._finished):
            self._fail(lost)

    def _look_after_children(self) -> None:
        failed = self._children.failed()
        if failed is None:
            return
        reason = _reason(*failed)
        if self._stopping is not None:
            self._abandon()
        elif not reason.startswith(HostLost.WORDS) or self._waited_for_news():
            self._fail(f"{self._cluster.current}: {reason}")

    def _waited_for_news(self) -> bool:
        """Whether the host that is the reason has had the time to say so."""
        self._surprised = self._surprised or time.monotonic()
        return time.monotonic() - self._surprised > NEWS

    def _pass_stop_on(self) -> None:
        self._stopping = time.monotonic()
        self._tell(stop=True)
        self._children.stop()

    def _abandon(self) -> None:
        """End without an error: some process was ended by the stop before it could heed it."""
        self._abandoned = True
        self._tell(abandon=True)
        self._part()

    def _fail(self, reason: str) -> NoReturn:
        self._tell(failed=reason)
        self._part()
        raise ProgramError(reason)

    def _part(self) -> None:
        """Let the others hear the last word: closed with unread messages, a connection loses it."""
        deadline = time.monotonic() + PARTING
        while waiting := [link for link in self._links if not (link.gone or link.finished)]:
            if time.monotonic() > deadline:
                return
            wait([link.connection for link in waiting], timeout=TICK)
            for link in waiting:
                link.finished = any(_is_last(message) for message in link.received())

    def _tell(self, **message: object) -> None:
        for link in self._links:
            link.send(**message)


def _is_last(message: Message) -> bool:
    return bool(message.keys() & LAST_WORDS)


def _reason(role: str, code: int) -> str:
    failure = base_dir() / "output" / "failure"
    if role == "worker" and code > 0 and failure.is_file():
        return failure.read_text(encoding="utf-8")
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"the training's {role} was ended by {how}: see this host's log"
