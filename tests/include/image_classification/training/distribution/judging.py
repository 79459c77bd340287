"""The program `train` on one of two hosts, which judges long, the second host much longer."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from include.image_classification.training.distribution.cluster import read_cluster
from include.image_classification.training.distribution.environment import worker_of
from include.image_classification.training.distribution.supervise import supervise
from include.image_classification.training.input.batches import Batch, BatchReader
from include.image_classification.training.networks import network
from tests.include.image_classification.training.distribution.plain import plain

MODULE = "tests.include.image_classification.training.distribution.judging"
BATCHES = (2, 240)
BATCH_SECONDS = 0.25

_whole = BatchReader.validation


def slow(reader: BatchReader) -> Iterator[Batch]:
    """The first batch again and again."""
    told, batch = worker_of(os.environ), next(_whole(reader))
    print("judging", flush=True)
    for _ in range(BATCHES[told.rank if told else 0]):
        time.sleep(BATCH_SECONDS)
        yield batch


def main() -> None:
    """Train, as a supervisor that heeds SIGTERM or as its worker."""
    if "supervise" in sys.argv:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        supervise(read_cluster(), stop, (sys.executable, "-m", MODULE))
        return
    network.make_network = plain
    BatchReader.validation = slow  # type: ignore[assignment, method-assign]
    from include.image_classification.__main__ import main as program
    from include.image_classification.training.distribution.worker import leave

    leave(program(["train"]))


if __name__ == "__main__":
    main()
