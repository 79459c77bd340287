"""Processes of a host: a worker, a parameter server and, on the first host, the scheduler."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from include.image_classification.training.distribution.cluster import Cluster, address_of

WORKER = (sys.executable, "-m", "include.image_classification.training.distribution.worker")
NODE = (sys.executable, "-m", "include.image_classification.training.distribution.node")
_PR_SET_PDEATHSIG = 1

_prctl = ctypes.CDLL(None, use_errno=True).prctl


def parameter_server(cluster: Cluster, role: str, port: int) -> dict[str, str]:
    """Return the environment variables of a process of MXNet's parameter server."""
    return {
        "DMLC_ROLE": role,
        "DMLC_PS_ROOT_URI": address_of(cluster.first),
        "DMLC_PS_ROOT_PORT": str(port),
        "DMLC_NODE_HOST": address_of(cluster.current),
        "DMLC_NUM_WORKER": str(cluster.size),
        "DMLC_NUM_SERVER": str(cluster.size),
    }


class HostProcesses:
    """The running processes of this host.

    The kernel kills them when this process ends. The caller must call `kill` at the end.

    Args:
        cluster: The hosts of the job.
        port: The scheduler's port on the first host.
        worker_environment: Additional environment variables of the worker.
        worker: The command of the worker.
    """

    def __init__(
        self,
        cluster: Cluster,
        port: int,
        worker_environment: Mapping[str, str],
        worker: Sequence[str] = WORKER,
    ) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        roles = ["scheduler"] if cluster.is_first else []
        with contextlib.ExitStack() as undo:
            undo.callback(self.kill)
            for role in [*roles, "server", "worker"]:
                environment = {**os.environ, **parameter_server(cluster, role, port)}
                environment |= worker_environment if role == "worker" else {}
                command = worker if role == "worker" else NODE
                self._running[role] = subprocess.Popen(
                    command, env=environment, preexec_fn=_end_with_parent(os.getpid())
                )
            undo.pop_all()

    def failed(self) -> tuple[str, int] | None:
        """Return role and exit status of a failed process, the worker first; None if none failed.

        The exit status is negative for a signal.
        """
        for role in sorted(self._running, key=lambda role: role != "worker"):
            if code := self._running[role].poll():
                return role, code
        return None

    @property
    def all_ended(self) -> bool:
        """Whether all processes have ended."""
        return all(process.poll() is not None for process in self._running.values())

    def stop(self) -> None:
        """Send SIGTERM to the worker. The other processes end when all workers have ended."""
        if self._running["worker"].poll() is None:
            self._running["worker"].send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the processes that still run."""
        for process in self._running.values():
            process.kill()
            process.wait()


def _end_with_parent(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before prctl
            os._exit(1)

    return prepare
