"""Several hosts of one training, played by this machine: each has an address and a base folder."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.include.image_classification.training.making import ROOT, make_job

HOSTS = ("algo-1", "algo-2")
_networks = itertools.count(1)


def addresses() -> str:
    """HOST_ADDRESSES of a job of its own: the whole of 127.0.0.0/8 is this machine."""
    network = f"127.{os.getpid() % 200 + 20}.{next(_networks)}"
    return ",".join(f"{host}={network}.{number}" for number, host in enumerate(HOSTS, 1))


class Hosts:
    """A training job that runs the program `train` on each of two hosts."""

    def __init__(
        self, root: Path, program: Sequence[str], validation: int = 10, /, **hyperparameters: str
    ) -> None:
        self.bases = [make_job(root / host, validation, **hyperparameters) for host in HOSTS]
        for host, base in zip(HOSTS, self.bases, strict=True):
            resources = {"current_host": host, "hosts": HOSTS}
            (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
        self._root, told = root, addresses()
        self.programs = [self._start(host, program, told) for host in HOSTS]

    def _start(self, host: str, program: Sequence[str], told: str) -> "subprocess.Popen[bytes]":
        own = {"SAGEMAKER_BASE_DIR": str(self._root / host), "TRAINING_JOB_NAME": "two"}
        with (self._root / f"{host}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *program],
                env={**os.environ, **own, "HOST_ADDRESSES": told, "OMP_NUM_THREADS": "1"},
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self, number: int) -> str:
        """What one of them has printed."""
        return (self._root / f"{HOSTS[number]}.log").read_text()

    def ended(self, timeout: float) -> list[int]:
        """Wait for the ends; their exit statuses."""
        return [program.wait(timeout) for program in self.programs]

    def worker(self, number: int) -> int:
        """The pid of a host's worker."""
        return next(pid for pid in self.children(number) if b".worker\0" in _command(pid))

    def children(self, number: int) -> list[int]:
        """The pids of a host's processes below its supervisor."""
        pid = self.programs[number].pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """End what still runs."""
        for program in self.programs:
            program.send_signal(signal.SIGKILL)
            program.wait()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
