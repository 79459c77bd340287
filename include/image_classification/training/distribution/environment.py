"""Configuration that a host's supervisor passes to its worker in environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from include.image_classification.training.distribution.cluster import Cluster, address_of

_EXCHANGE, _RANK, _SIZE, _KEY = "EXCHANGE_ADDRESS", "HOST_RANK", "HOST_COUNT", "EXCHANGE_KEY"


@dataclass(frozen=True)
class WorkerConfig:
    """A worker's rank among the hosts, and the address of the exchange server."""

    rank: int
    size: int
    address: str
    port: int
    key: bytes


def worker_environment(cluster: Cluster, port: int, key: bytes) -> dict[str, str]:
    """Return the environment variables that `read_worker_config` reads."""
    return {
        _EXCHANGE: f"{address_of(cluster.first)}:{port}",
        _RANK: str(cluster.rank),
        _SIZE: str(cluster.size),
        _KEY: key.hex(),
    }


def read_worker_config(environment: Mapping[str, str]) -> WorkerConfig | None:
    """Return this process's configuration, or None if no supervisor started it as a worker."""
    if _EXCHANGE not in environment:
        return None
    address, _, port = environment[_EXCHANGE].rpartition(":")
    rank, size = int(environment[_RANK]), int(environment[_SIZE])
    return WorkerConfig(rank, size, address, int(port), bytes.fromhex(environment[_KEY]))
