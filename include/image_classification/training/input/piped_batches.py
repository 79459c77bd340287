"""Batches from a pipe: read forwards once an epoch, mixed in a buffer, decoded by threads."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.images.network_input import (
    decode_for_network,
    describe_undecodable,
)
from include.image_classification.images.resizing import Image, squash
from include.image_classification.recordio.labels import label_rows
from include.image_classification.recordio.record_stream import Sample, stream_samples
from include.image_classification.training.distribution.share import WHOLE, Share
from include.image_classification.training.input.augmentation import augment, resized
from include.image_classification.training.input.batches import AHEAD, Batch
from include.image_classification.training.input.pipe import Pipe
from include.image_classification.training.input.shuffling import shuffled

View = Callable[[int, Sample], Image]


class PipedReader:
    """Reads batches of one size and shape from a channel in Pipe mode.

    What is trained on depends on the seed, the epoch and the order of the stream. Of several hosts,
    which all get the whole stream, each decodes its `share`.
    """

    def __init__(
        self,
        pipe: Pipe,
        shape: tuple[int, int, int],
        size: int,
        classes: int,
        announced: int,
        threads: int,
        share: Share = WHOLE,
        several: bool = False,
    ) -> None:
        """Take the pipe, and how many images it is announced to hold: it cannot be counted."""
        cv2.setNumThreads(0)
        self._pipe, self._shape, self._size, self._classes = pipe, shape, size, classes
        self._announced, self._share, self._several = announced, share, several
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    @property
    def batches(self) -> int:
        """How many batches an epoch of training has, by the announced number of images."""
        return max(self._announced // (self._size * self._share.size), 1)

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Every image once, mixed; the rest that fills no batch is left out.

        Raises:
            ProgramError: The stream is damaged or holds fewer images than a batch, or an image is
                none or is smaller than the shape.
        """

        def view(number: int, sample: Sample) -> Image:
            _, height, width = self._shape
            image = _decoded(sample, self._shape[0])
            image = image if resize is None else resized(image, resize)
            if image.shape[0] < height or image.shape[1] < width:
                raise _too_small(sample, image, self._shape)
            random = np.random.default_rng([seed, epoch, number])
            return augment(image, augmentation, height, width, random)

        with self._pipe.opened() as stream:
            samples = stream_samples(stream, self._name, self._classes, self._several)
            mixed = shuffled(samples, np.random.default_rng([seed, epoch]))
            yield from self._batches(self._training_chunks(mixed), view)

    def validation(self) -> Iterator[Batch]:
        """Every image exactly once, in the stream's order, squashed to the shape.

        Raises:
            ProgramError: The stream is damaged or holds no image, or an image is none.
        """

        def view(_: int, sample: Sample) -> Image:
            return squash(_decoded(sample, self._shape[0]), *self._shape[1:])

        with self._pipe.opened() as stream:
            samples = stream_samples(stream, self._name, self._classes, self._several)
            some = _not_empty(samples, self._name)
            mine = itertools.islice(some, self._share.rank, None, self._share.size)
            yield from self._batches(_chunks(mine, self._size), view)

    @property
    def _name(self) -> str:
        return f"the pipe of channel {self._pipe.channel}"

    def _training_chunks(self, samples: Iterable[Sample]) -> Iterator[list[Sample]]:
        """This host's part of each batch of all hosts together; an incomplete one is left out."""
        together, images = self._size * self._share.size, 0
        for chunk in _chunks(samples, together):
            images += len(chunk)
            if len(chunk) == together:
                start = self._share.rank * self._size
                yield chunk[start : start + self._size]
        if images < together:
            raise ProgramError(
                "The number of input images must be bigger or equal to the mini_batch_size: "
                f"{images} images, mini_batch_size {self._size}, {self._share.size} instance(s)"
            )

    def _batches(self, chunks: Iterable[list[Sample]], view: View) -> Iterator[Batch]:
        waiting: deque[tuple[list[Sample], list[Future[Image]]]] = deque()
        number = itertools.count()
        for chunk in chunks:
            waiting.append(
                (chunk, [self._pool.submit(view, next(number), sample) for sample in chunk])
            )
            if len(waiting) > AHEAD:
                yield self._batch(*waiting.popleft())
        while waiting:
            yield self._batch(*waiting.popleft())

    def _batch(self, chunk: list[Sample], views: list[Future[Image]]) -> Batch:
        images: NDArray[Any] = np.zeros((self._size, *self._shape), np.uint8)
        labels = label_rows((sample.label for sample in chunk), self._size)
        for row, future in enumerate(views):
            images[row] = future.result().transpose(2, 0, 1)
        return Batch(images, labels, len(chunk))


def _not_empty(samples: Iterator[Sample], name: str) -> Iterator[Sample]:
    first = next(samples, None)
    if first is None:
        raise ProgramError(f"{name} holds no images: mend the channel's S3 address")
    return itertools.chain([first], samples)


def _chunks(samples: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    rest = iter(samples)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def _decoded(sample: Sample, channels: int) -> Image:
    image = decode_for_network(sample.content, channels)
    if image is None:
        raise ProgramError(
            f"{sample.name} is not an image; convert it again: "
            f"{describe_undecodable(sample.content)}"
        )
    return image


def _too_small(sample: Sample, image: Image, shape: tuple[int, int, int]) -> ProgramError:
    return ProgramError(
        f"{sample.name} has {image.shape[1]}x{image.shape[0]} pixels, fewer than image_shape's "
        f"{shape[2]}x{shape[1]}: convert with a larger --resize or train with a smaller image_shape"
    )
