"""Training of all layers, compared with a plain Gluon loop of the same network."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.conversion import environment
from benchmarks.pairs import Ratio, compare
from benchmarks.training import BATCH, CLASSES, SHAPE
from include.image_classification.training.input.batches import Batch

BATCHES = 8
SETUP = f"{SHAPE[1]} px, batch {BATCH}, {BATCHES * BATCH} images in memory"


def all_layers(folder: Path) -> Ratio:
    """Train the project's network in its loop, both networks in float32 and on the same batches.

    Each loop has a process of its own, because MXNet's threads are set up once. The weights and
    images are random, which does not affect the speed.
    """
    with ExitStack() as stack:
        project, plain = (
            stack.enter_context(LoopProcess(loop, folder)) for loop in ("project", "plain")
        )
        return compare(
            project.epoch,
            plain.epoch,
            "Gluon's plain loop of the same network with nn.Conv2D, nn.BatchNorm and F.clip, "
            f"{SETUP}",
        )


class LoopProcess:
    """A process that trains an epoch when it gets a line, and answers with a line.

    Args:
        loop: `project` or `plain`.
        folder: A folder for checkpoints.
    """

    def __init__(self, loop: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.efficientnet.training_loop", loop, str(folder)],
            env=environment(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def epoch(self) -> None:
        """Train one epoch.

        Raises:
            RuntimeError: The process ended.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("epoch\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "trained\n":
            raise RuntimeError(f"the loop's process ended with {self._process.wait()}")


def make_batches(count: int, shape: tuple[int, int, int]) -> list[Batch]:
    """Return batches of random images."""
    random = np.random.default_rng(1)
    return [
        Batch(
            random.integers(0, 256, (BATCH, *shape)).astype(np.uint8),
            random.integers(0, CLASSES, BATCH).astype(np.float32),
            BATCH,
        )
        for _ in range(count)
    ]
