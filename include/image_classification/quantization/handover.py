"""Images from the training process to the one that quantises, through a pipe.

Training may have changed its own process for good (bfloat16 does), so that another one computes;
and only training can read its channels, some of them once.
"""

import io
import struct
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

LENGTH = struct.Struct("<Q")

Images = NDArray[np.uint8]
"""batch x height x width x channels, as the network's shape says."""


def write_batch(pipe: IO[bytes], images: Images, labels: NDArray[np.int64]) -> None:
    """Write one batch of at least one image."""
    buffer = io.BytesIO()
    np.savez(buffer, images=images, labels=labels)
    pipe.write(LENGTH.pack(buffer.tell()) + buffer.getbuffer())


def write_end(pipe: IO[bytes]) -> None:
    """End a sequence of batches."""
    pipe.write(LENGTH.pack(0))


def read_batches(pipe: IO[bytes]) -> Iterator[tuple[Images, NDArray[np.int64]]]:
    """Yield a sequence's batches.

    Raises:
        EOFError: the pipe ends before the sequence does.
    """
    while length := LENGTH.unpack(_read(pipe, LENGTH.size))[0]:
        with np.load(io.BytesIO(_read(pipe, length))) as batch:
            yield batch["images"], batch["labels"]


def _read(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError("training ended before it had handed over all images")
    return data
