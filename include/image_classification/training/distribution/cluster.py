"""The hosts of a training job, as SageMaker names them in resourceconfig.json."""

import os
import socket
from dataclasses import dataclass

from include.image_classification.channels import read_configuration
from include.image_classification.container import ProgramError

ADDRESSES = "HOST_ADDRESSES"
"""The variable that says where hosts are whose names do not resolve: `algo-1=127.9.9.1,...`.

On SageMaker the names resolve. Where one machine plays all hosts, each has an address of its own.
"""


@dataclass(frozen=True)
class Cluster:
    """All hosts of the job, and the one that this program runs on."""

    current: str
    hosts: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many hosts there are."""
        return len(self.hosts)

    @property
    def rank(self) -> int:
        """This host's place among them, from 0."""
        return self.hosts.index(self.current)

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
    """Read the job's hosts; one, where nothing says otherwise.

    Raises:
        ProgramError: The file is not what SageMaker writes.
    """
    content = read_configuration("resourceconfig")
    hosts = content.get("hosts", ["algo-1"])
    if not (isinstance(hosts, list) and hosts and all(isinstance(host, str) for host in hosts)):
        raise ProgramError(f"resourceconfig.json: hosts is {hosts!r}, not a list of names")
    current = content.get("current_host", hosts[0] if len(hosts) == 1 else None)
    if not isinstance(current, str) or current not in hosts:
        raise ProgramError(f"resourceconfig.json: current_host {current!r} is not among its hosts")
    return Cluster(current, tuple(hosts))


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
