"""The hosts of a training job, from SageMaker's resourceconfig.json."""

import os
import socket
from dataclasses import dataclass

from include.image_classification.container import CommandError
from include.image_classification.job_hosts import JobHosts, read_training_hosts

ADDRESSES = "HOST_ADDRESSES"
"""Environment variable with the addresses of hosts whose names do not resolve.

Its form is `algo-1=127.9.9.1,algo-2=127.9.9.2`. SageMaker's host names resolve. The local AWS runs
all hosts on one machine and gives each a loopback address.
"""


@dataclass(frozen=True)
class Cluster(JobHosts):
    """All hosts of the job, and the host of this process."""

    @property
    def first(self) -> str:
        """The host that runs the scheduler, logs the metrics and writes the model."""
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
        CommandError: The file is invalid; the message names the file and the field.
    """
    hosts = read_training_hosts()
    return Cluster(hosts.current, hosts.hosts)


def address_of(host: str) -> str:
    """Return a host's IPv4 address.

    Raises:
        OSError: The name does not resolve, or does not yet at the start of the job.
        CommandError: HOST_ADDRESSES is malformed, or lacks the host.
    """
    text = os.environ.get(ADDRESSES)
    if not text:
        return socket.gethostbyname(host)
    pairs = [pair.partition("=") for pair in text.split(",")]
    addresses = {name.strip(): address.strip() for name, _, address in pairs}
    if not addresses.get(host):
        raise CommandError(f"{ADDRESSES} is {text!r}: it must contain {host}=<address>")
    return addresses[host]
