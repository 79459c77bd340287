"""Transfer of images through a pipe, from the training to the process that quantizes.

A separate process quantizes, since bfloat16 changes the training's process permanently. Only the
training can read the channels: in Pipe mode they can be read once.
"""

import io
import struct
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

LENGTH = struct.Struct("<Q")

Images = NDArray[np.uint8]
"""batch x height x width x channels, in the network's shape."""


def write_batch(pipe: IO[bytes], images: Images, labels: NDArray[np.int64]) -> None:
    """Write one batch of at least one image."""
    buffer = io.BytesIO()
    np.savez(buffer, images=images, labels=labels)
    pipe.write(LENGTH.pack(buffer.tell()) + buffer.getbuffer())


def write_end(pipe: IO[bytes]) -> None:
    """Mark the end of a sequence of batches."""
    pipe.write(LENGTH.pack(0))


def read_batches(pipe: IO[bytes]) -> Iterator[tuple[Images, NDArray[np.int64]]]:
    """Yield the batches of a sequence.

    Raises:
        EOFError: The pipe ends before the end of the sequence.
    """
    while length := LENGTH.unpack(_read(pipe, LENGTH.size))[0]:
        with np.load(io.BytesIO(_read(pipe, length))) as batch:
            yield batch["images"], batch["labels"]


def _read(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError("the training ended before it had written all images")
    return data
