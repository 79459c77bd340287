"""The hosts of a training job, as SageMaker names them in resourceconfig.json."""

import os
import socket
from dataclasses import dataclass

from include.image_classification.container import ProgramError
from include.image_classification.job_hosts import JobHosts, read_training_hosts

ADDRESSES = "HOST_ADDRESSES"
"""The variable that says where hosts are whose names do not resolve: `algo-1=127.9.9.1,...`.

On SageMaker the names resolve. Where one machine plays all hosts, each has an address of its own.
"""


@dataclass(frozen=True)
class Cluster(JobHosts):
    """All hosts of the job, and the one that this program runs on."""

    @property
    def first(self) -> str:
        """The host that runs the scheduler, tells the metrics and leaves the model."""
        return self.hosts[0]

    @property
    def others(self) -> tuple[str, ...]:
        """All hosts but the first."""
        return self.hosts[1:]

    @property
    def rest(self) -> tuple[str, ...]:
        """All hosts but this one."""
        return tuple(host for host in self.hosts if host != self.current)

    @property
    def is_first(self) -> bool:
        """Whether this is the first host."""
        return self.rank == 0


def read_cluster() -> Cluster:
    """Return the hosts of the training job; one host if there is no resourceconfig.json.

    Raises:
        ProgramError: The file is invalid; the message names the file and the field.
    """
    hosts = read_training_hosts()
    return Cluster(hosts.current, hosts.hosts)


def address_of(host: str) -> str:
    """A host's IPv4 address.

    Raises:
        OSError: The name does not resolve; at a job's start, not yet.
        ProgramError: HOST_ADDRESSES is not of its form, or does not name the host.
    """
    told = os.environ.get(ADDRESSES)
    if not told:
        return socket.gethostbyname(host)
    pairs = [pair.partition("=") for pair in told.split(",")]
    known = {name.strip(): address.strip() for name, _, address in pairs}
    if not known.get(host):
        raise ProgramError(f"{ADDRESSES} is {told!r}: it must say {host}=<address>")
    return known[host]
