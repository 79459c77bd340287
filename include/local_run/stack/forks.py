"""Start Airflow's components as forks of one process, the fork server."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from include.local_run.errors import RunError
from include.local_run.stack.component import Component, ExecutedProcess, RunningProcess, tail

MAX_MESSAGE = 1 << 12

LOST = 255
"""The status of a process whose fork server ended before it could report one."""


class ForkServer:
    """The connection to a fork server, which is started when it is needed, and again if it ended.

    Args:
        program: The fork server; the number of its socket is appended to the command.
    """

    def __init__(self, program: Component) -> None:
        self._program = program
        self._lock = threading.RLock()
        self._server: ExecutedProcess | None = None
        self._channel: socket.socket | None = None
        self._running: set[int] = set()
        self._statuses: dict[int, int] = {}

    @property
    def log(self) -> Path:
        """The log of the fork server."""
        return self._program.log

    def open(self) -> None:
        """Start the fork server, which takes seconds to import its modules, unless it runs."""
        with self._lock:
            # A server that dies closes its channel before it has ended.
            if self._server and self._channel and not self._server.ended:
                return
            self.close()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = (*self._program.command, str(theirs.fileno()))
                self._server = ExecutedProcess(
                    replace(self._program, command=command), (theirs.fileno(),)
                )
            self._channel = ours

    def start(self, component: Component, arguments: Sequence[str]) -> ForkedProcess:
        """Run `airflow ARGUMENTS` in a fork, with the component's environment, folder and log.

        The first fork waits for the fork server's imports.

        Raises:
            RunError: The fork server ended. The message has the end of its log.
        """
        component.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        request = {
            "arguments": list(arguments),
            "environment": dict(component.environment),
            "folder": str(component.folder),
            "log": str(component.log),
        }
        with self._lock:
            self.open()
            if self._channel is not None:
                try:
                    self._channel.send(json.dumps(request).encode())
                except ConnectionError:
                    self._lose()
            while self._channel is not None:
                if pid := self._receive():
                    return ForkedProcess(component, pid, self)
        raise RunError(f"{self._program.name} ended; its log is {self.log}:\n{tail(self.log)}")

    def status(self, pid: int, seconds: float = 0.0) -> int | None:
        """Return the exit status of a fork, or None if it still runs after `seconds`."""
        deadline = time.monotonic() + seconds
        with self._lock:
            while pid in self._running and self._channel is not None:
                left = max(0.0, deadline - time.monotonic())
                if not select.select([self._channel], [], [], left)[0]:
                    return None
                self._receive()
            return self._statuses.get(pid, LOST)

    def close(self) -> None:
        """End the fork server; its forks get SIGTERM."""
        with self._lock:
            self._lose()
            if self._server is not None:
                self._server.wait(1.0)

    def _receive(self) -> int | None:
        """Take a message; return the id of the process that has started, if it says so."""
        assert self._channel is not None
        try:
            message = self._channel.recv(MAX_MESSAGE)
        except ConnectionError:
            message = b""
        if not message:
            self._lose()
            return None
        event: dict[str, Any] = json.loads(message)
        if "started" in event:
            pid = int(event["started"])
            self._statuses.pop(pid, None)
            self._running.add(pid)
            return pid
        self._statuses[event["ended"]] = event["status"]
        self._running.discard(event["ended"])
        return None

    def _lose(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._running.clear()


class ForkedProcess(RunningProcess):
    """A fork of the fork server."""

    def __init__(self, component: Component, pid: int, server: ForkServer) -> None:
        self.component, self.pid = component, pid
        self._server = server

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while the process runs."""
        return self._server.status(self.pid)

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the process; return whether it has ended."""
        return self._server.status(self.pid, seconds) is not None
