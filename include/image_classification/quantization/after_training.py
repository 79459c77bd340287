"""Quantize the model at the end of a training, in a separate process."""

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
from include.image_classification.quantization.batch_pipe import write_batch, write_end

_log = logging.getLogger(__name__)
MODULE = "include.image_classification.quantization.quantize"
"""The module that runs in the separate process."""

CALIBRATION_IMAGES = 512
"""More images improve the accuracy; 512 take minutes with the deepest networks."""

_POLL_SECONDS = 0.1
_WRITER_TIMEOUT_SECONDS = 1.0
"""How long the writer may take to notice that the process has ended."""


class Batch(Protocol):
    """A batch of pixels 0..255, of which the first `rows` rows are images and the rest padding."""

    @property
    def images(self) -> NDArray[np.uint8]:
        """Batch x channels x height x width."""

    @property
    def labels(self) -> NDArray[np.float32]:
        """Class numbers."""

    @property
    def rows(self) -> int:
        """The number of images."""


def add_int8(
    folder: Path, training: Iterable[Batch], validation: Iterable[Batch], stop: threading.Event
) -> None:
    """Add an int8 form to the model in a folder, if it is accurate and faster.

    int8.json contains the decision and its reason. The float32 model is never changed. Images that
    cannot be read are such a reason: they end no training that has its model.

    Args:
        folder: The model folder.
        training: Images for the calibration; the first `CALIBRATION_IMAGES` are read.
        validation: Images for the comparison with float32.
        stop: Ends the quantization, without an int8 form.
    """
    discard(folder)
    if not has_int8_instructions():
        _decline(folder, "this processor has no instructions for it (VNNI)")
        return
    process = _start_process(folder)
    assert process.stdin is not None
    writer = _BatchWriter(process.stdin, training, validation)
    try:
        while process.poll() is None and not stop.is_set() and not writer.failure:
            time.sleep(_POLL_SECONDS)
    finally:
        process.kill()
        process.wait()
    writer.join(_WRITER_TIMEOUT_SECONDS)
    if process.returncode or stop.is_set():
        discard(folder)
        _decline(folder, _why_ended(process.returncode, stop, writer.failure))


def _why_ended(status: int, stop: threading.Event, failure: Exception | None) -> str:
    if failure:
        return f"the images of the channels cannot be read again: {failure}"
    cause = "the training was stopped" if stop.is_set() else "see the log"
    return f"the quantization ended with status {status}: {cause}"


def _start_process(folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        # With these variables, MXNet would run the process as a worker of the parameter server.
        **{name: text for name, text in os.environ.items() if not name.startswith("DMLC_")},
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "MXNET_SUBGRAPH_VERBOSE": "0",
    }
    command = [sys.executable, "-m", MODULE, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)


def _decline(folder: Path, reason: str) -> None:
    Decision(served=False, reason=reason).write(folder)
    _log.warning("int8 is not served: %s", reason)


class _BatchWriter(threading.Thread):
    """Writes the images in a thread, since the process does not read while it calibrates."""

    def __init__(
        self, pipe: IO[bytes], training: Iterable[Batch], validation: Iterable[Batch]
    ) -> None:
        super().__init__(name="int8", daemon=True)
        self._pipe = pipe
        self._sequences = _first(training, CALIBRATION_IMAGES), validation
        self.failure: Exception | None = None
        self.start()

    def run(self) -> None:
        """Write all batches, or until the process has ended."""
        try:
            with self._pipe:
                self._write()
        except BrokenPipeError:
            return  # the process has ended; its status is checked
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
