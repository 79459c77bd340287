"""What training does about int8 when it has its model."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from include.image_classification.model.int8_decision import (
    Decision,
    discard,
    has_int8_instructions,
)
from include.image_classification.quantization.handover import write_batch, write_end

_log = logging.getLogger(__name__)
PROGRAM = "include.image_classification.quantization.quantize"
CALIBRATION_IMAGES = 512
"""Each doubling brings int8 nearer to float32, and these take the deepest networks minutes."""

_TICK = 0.1
_PARTING = 1.0
"""Seconds for the batch that is being read when the process has ended: its pipe then says so."""


class Batch(Protocol):
    """Training's batches: pixels of 0..255, of which the first `rows` rows count."""

    @property
    def images(self) -> NDArray[np.uint8]:
        """Batch x channels x height x width."""

    @property
    def labels(self) -> NDArray[np.float32]:
        """The classes."""

    @property
    def rows(self) -> int:
        """How many rows count."""


def add_int8(
    folder: Path, training: Iterable[Batch], validation: Iterable[Batch], stop: threading.Event
) -> None:
    """Lay an int8 form beside the model in a folder, where it is as good and faster.

    int8.json says what was decided, and why. Whatever happens here, the model stays as it is.

    Args:
        folder: Holds the model.
        training: Images to calibrate on; the first few hundred are read.
        validation: Images to judge by.
        stop: Ends this at once, without int8.
    """
    discard(folder)
    if not has_int8_instructions():
        _decline(folder, "this processor has no instructions for it (VNNI)")
        return
    command = [sys.executable, "-m", PROGRAM, str(folder)]
    environment = {
        # MXNet would take the process for one of several hosts that train together.
        **{name: text for name, text in os.environ.items() if not name.startswith("DMLC_")},
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "MXNET_SUBGRAPH_VERBOSE": "0",
    }
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    handing_over = _HandingOver(process.stdin, training, validation)
    try:
        while process.poll() is None and not stop.is_set() and not handing_over.failure:
            time.sleep(_TICK)
    finally:
        process.kill()
        process.wait()
    handing_over.join(_PARTING)
    if process.returncode or stop.is_set():
        discard(folder)
        told = "training was told to stop" if stop.is_set() else "the log says why"
        _decline(folder, f"quantising ended with status {process.returncode}: {told}")
    if handing_over.failure:
        raise handing_over.failure


def _decline(folder: Path, reason: str) -> None:
    Decision(served=False, reason=reason).write(folder)
    _log.warning("int8 is not served: %s", reason)


class _HandingOver(threading.Thread):
    """Writes the images: a process that calibrates lets its pipe fill up, for minutes."""

    def __init__(
        self, pipe: IO[bytes], training: Iterable[Batch], validation: Iterable[Batch]
    ) -> None:
        super().__init__(name="int8", daemon=True)
        self._pipe = pipe
        self._sequences = _first(training, CALIBRATION_IMAGES), validation
        self.failure: Exception | None = None
        self.start()

    def run(self) -> None:
        """Write until all is written or nobody reads any more."""
        try:
            with self._pipe:
                self._write()
        except BrokenPipeError:
            return  # it has ended, and its status says so
        except Exception as failure:
            self.failure = failure

    def _write(self) -> None:
        for batches in self._sequences:
            for batch in batches:
                images = batch.images[: batch.rows].transpose(0, 2, 3, 1)
                write_batch(self._pipe, images, batch.labels[: batch.rows].astype(int))
            write_end(self._pipe)


def _first(batches: Iterable[Batch], images: int) -> Iterator[Batch]:
    for batch in batches:
        yield batch
        images -= batch.rows
        if images <= 0:
            return
