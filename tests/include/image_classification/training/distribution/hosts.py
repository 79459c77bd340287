"""Test helper: the hosts of a training job as processes with loopback addresses."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.include.image_classification.training.job_data import ROOT, make_job

HOSTS = ("algo-1", "algo-2")
_networks = itertools.count(1)


def addresses() -> str:
    """Return a HOST_ADDRESSES value with addresses that no other job uses."""
    network = f"127.{os.getpid() % 200 + 20}.{next(_networks)}"
    return ",".join(f"{host}={network}.{number}" for number, host in enumerate(HOSTS, 1))


class Hosts:
    """A training job with two hosts, each of which runs a command."""

    def __init__(
        self, root: Path, program: Sequence[str], validation: int = 10, /, **hyperparameters: str
    ) -> None:
        self.bases = [make_job(root / host, validation, **hyperparameters) for host in HOSTS]
        for host, base in zip(HOSTS, self.bases, strict=True):
            resources = {"current_host": host, "hosts": HOSTS}
            (base / "input/config/resourceconfig.json").write_text(json.dumps(resources))
        self._root = root
        environment = {
            **os.environ,
            "TRAINING_JOB_NAME": "two",
            "HOST_ADDRESSES": addresses(),
            "OMP_NUM_THREADS": "1",
        }
        self.programs = [self._start(host, program, environment) for host in HOSTS]

    def _start(
        self, host: str, program: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        with (self._root / f"{host}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *program],
                env={**environment, "SAGEMAKER_BASE_DIR": str(self._root / host)},
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self, number: int) -> str:
        """Return the output of a host."""
        return (self._root / f"{HOSTS[number]}.log").read_text()

    def wait(self, timeout: float) -> list[int]:
        """Wait until all hosts have ended, and return their exit statuses."""
        return [program.wait(timeout) for program in self.programs]

    def worker(self, number: int) -> int:
        """Return the PID of a host's worker."""
        return next(pid for pid in self.children(number) if b".worker\0" in _command(pid))

    def children(self, number: int) -> list[int]:
        """Return the PIDs of a supervisor's child processes."""
        pid = self.programs[number].pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill(self) -> None:
        """Kill the processes that still run."""
        for program in self.programs:
            program.send_signal(signal.SIGKILL)
            program.wait()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
