"""Shuffle a stream in bounded memory."""

from collections.abc import Iterable, Iterator

import numpy as np

from include.image_classification.recordio.record_stream import Sample

MAX_SAMPLES = 4096
MAX_BYTES = 256 * 2**20
"""Limits of the buffer. A larger stream is shuffled within the buffer only."""


def shuffle(
    samples: Iterable[Sample],
    random: np.random.Generator,
    max_samples: int = MAX_SAMPLES,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Sample]:
    """Yield the samples in random order, taking a random sample from a buffer each time.

    If the stream fits the buffer, all orders have the same probability.
    """
    buffer: list[Sample] = []
    buffered_bytes = 0
    for sample in samples:
        buffer.append(sample)
        buffered_bytes += len(sample.content)
        while len(buffer) > max_samples or (buffered_bytes > max_bytes and len(buffer) > 1):
            chosen = _take(buffer, random)
            buffered_bytes -= len(chosen.content)
            yield chosen
    while buffer:
        yield _take(buffer, random)


def _take(buffer: list[Sample], random: np.random.Generator) -> Sample:
    index = int(random.integers(len(buffer)))
    buffer[index], buffer[-1] = buffer[-1], buffer[index]
    return buffer.pop()
