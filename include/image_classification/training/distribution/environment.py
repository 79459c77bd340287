"""What a worker is told by its supervisor."""

from collections.abc import Mapping
from dataclasses import dataclass

from include.image_classification.training.distribution.cluster import Cluster, address_of

_EXCHANGE, _RANK, _SIZE, _KEY = "EXCHANGE_ADDRESS", "HOST_RANK", "HOST_COUNT", "EXCHANGE_KEY"


@dataclass(frozen=True)
class Told:
    """This worker's place among the hosts, and where the exchange is."""

    rank: int
    size: int
    address: str
    port: int
    key: bytes


def worker_environment(cluster: Cluster, port: int, key: bytes) -> dict[str, str]:
    """The variables that `worker_of` reads."""
    return {
        _EXCHANGE: f"{address_of(cluster.first)}:{port}",
        _RANK: str(cluster.rank),
        _SIZE: str(cluster.size),
        _KEY: key.hex(),
    }


def worker_of(environment: Mapping[str, str]) -> Told | None:
    """What the supervisor told this process, or None if it is no worker."""
    if _EXCHANGE not in environment:
        return None
    address, _, port = environment[_EXCHANGE].rpartition(":")
    rank, size = int(environment[_RANK]), int(environment[_SIZE])
    return Told(rank, size, address, int(port), bytes.fromhex(environment[_KEY]))
