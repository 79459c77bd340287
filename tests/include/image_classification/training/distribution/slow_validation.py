"""The command `train` on one of two hosts with a slow validation, slower on the second host."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.environment import read_worker_config
from include.image_classification.training.distribution.supervise import supervise
from include.image_classification.training.input.batches import Batch, BatchReader
from include.image_classification.training.networks import network
from tests.include.image_classification.training.distribution.no_batchnorm import make_network

MODULE = "tests.include.image_classification.training.distribution.slow_validation"
BATCHES = (2, 240)
BATCH_SECONDS = 0.25

_validation = BatchReader.validation


def slow_validation(reader: BatchReader) -> Iterator[Batch]:
    """Yield the first batch repeatedly."""
    config, batch = read_worker_config(os.environ), next(_validation(reader))
    print("validating", flush=True)
    for _ in range(BATCHES[config.rank if config else 0]):
        time.sleep(BATCH_SECONDS)
        yield batch


def main() -> None:
    """Run as the supervisor, which handles SIGTERM, or as its worker."""
    if "supervise" in sys.argv:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        supervise(read_cluster(), stop, (sys.executable, "-m", MODULE))
        return
    network.make_network = make_network
    BatchReader.validation = slow_validation  # type: ignore[assignment, method-assign]
    from include.image_classification.__main__ import main as run_command
    from include.image_classification.training.distribution.worker import exit_process

    exit_process(run_command(["train"]))


if __name__ == "__main__":
    main()
