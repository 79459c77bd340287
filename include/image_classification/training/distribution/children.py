"""A host's processes: a worker, a parameter server, and on the first the scheduler."""

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
    """The environment of one process of the parameter server."""
    return {
        "DMLC_ROLE": role,
        "DMLC_PS_ROOT_URI": address_of(cluster.first),
        "DMLC_PS_ROOT_PORT": str(port),
        "DMLC_NODE_HOST": address_of(cluster.current),
        "DMLC_NUM_WORKER": str(cluster.size),
        "DMLC_NUM_SERVER": str(cluster.size),
    }


class Children:
    """The processes of this host; they die with this one, and `kill` must be called at the end."""

    def __init__(
        self, cluster: Cluster, port: int, told: Mapping[str, str], worker: Sequence[str] = WORKER
    ) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        roles = ["scheduler"] if cluster.is_first else []
        with contextlib.ExitStack() as undo:
            undo.callback(self.kill)
            for role in [*roles, "server", "worker"]:
                environment = {**os.environ, **parameter_server(cluster, role, port)}
                environment |= told if role == "worker" else {}
                command = worker if role == "worker" else NODE
                self._running[role] = subprocess.Popen(
                    command, env=environment, preexec_fn=_die_with(os.getpid())
                )
            undo.pop_all()

    def failed(self) -> tuple[str, int] | None:
        """The role and the exit status of one that failed, the worker first."""
        for role in sorted(self._running, key=lambda role: role != "worker"):
            if code := self._running[role].poll():
                return role, code
        return None

    @property
    def all_ended(self) -> bool:
        """Whether none runs any more."""
        return all(child.poll() is not None for child in self._running.values())

    def stop(self) -> None:
        """Tell the worker to stop; the others end when all workers have."""
        if self._running["worker"].poll() is None:
            self._running["worker"].send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End what still runs, at once."""
        for child in self._running.values():
            child.kill()
            child.wait()


def _die_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before
            os._exit(1)

    return prepare
