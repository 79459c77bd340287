"""Mixing a stream in bounded memory."""

from collections.abc import Iterable, Iterator

import numpy as np

from include.image_classification.recordio.record_stream import Sample

MOST_SAMPLES = 4096
MOST_BYTES = 256 * 2**20
"""A buffer holds this much at most; what is larger than it is mixed within it only."""


def shuffled(
    samples: Iterable[Sample],
    random: np.random.Generator,
    most: int = MOST_SAMPLES,
    most_bytes: int = MOST_BYTES,
) -> Iterator[Sample]:
    """Yield the samples in random order, each a random one of those in a buffer.

    A stream that fits the buffer comes in any order with the same probability.
    """
    buffer: list[Sample] = []
    held = 0
    for sample in samples:
        buffer.append(sample)
        held += len(sample.content)
        while len(buffer) > most or (held > most_bytes and len(buffer) > 1):
            chosen = _take(buffer, random)
            held -= len(chosen.content)
            yield chosen
    while buffer:
        yield _take(buffer, random)


def _take(buffer: list[Sample], random: np.random.Generator) -> Sample:
    at = int(random.integers(len(buffer)))
    buffer[at], buffer[-1] = buffer[-1], buffer[at]
    return buffer.pop()
