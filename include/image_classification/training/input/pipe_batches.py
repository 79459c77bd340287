"""Batches from a pipe: shuffled in a buffer, and decoded in threads."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image, squash
from include.image_classification.recordio.labels import Labelling, label_rows
from include.image_classification.recordio.record_stream import Sample
from include.image_classification.training.distribution.share import WHOLE, Share
from include.image_classification.training.input.augmentation import augment, resize_shorter_side
from include.image_classification.training.input.batches import PREFETCH_BATCHES, Batch
from include.image_classification.training.input.pipe import Pipe
from include.image_classification.training.input.record_decoder import RecordDecoder
from include.image_classification.training.input.shuffling import shuffle

View = Callable[[int, Sample], Image]


class PipeBatchReader:
    """Reads batches of one size and shape from a channel in Pipe mode.

    The pixels depend on seed, epoch and the order of the stream. Several hosts all receive the
    complete stream, and each decodes its `share`.

    Args:
        pipe: The channel's pipe.
        shape: Channels, height and width of the images.
        size: The batch size of one host.
        classes: The number of classes.
        expected_images: The number of images according to the hyperparameters.
        threads: The number of threads that decode.
        share: This host's part of the stream.
        multi_label: Whether each image has a label of 0 or 1 for each class.
    """

    def __init__(
        self,
        pipe: Pipe,
        shape: tuple[int, int, int],
        size: int,
        classes: int,
        expected_images: int,
        threads: int,
        share: Share = WHOLE,
        multi_label: bool = False,
    ) -> None:
        cv2.setNumThreads(0)
        self._pipe, self._shape, self._size = pipe, shape, size
        self._expected_images, self._share = expected_images, share
        self._labelling = Labelling(classes, multi_label)
        self._decoder = RecordDecoder(shape[0])
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    @property
    def batches(self) -> int:
        """The number of batches of a training epoch, according to the hyperparameters."""
        return max(self._expected_images // (self._size * self._share.size), 1)

    def prepare(self, stop: threading.Event) -> bool:
        """Return True: images need no preparation."""
        return True

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Yield batches with each image once, shuffled. An incomplete batch is left out.

        Raises:
            CommandError: The stream is damaged or contains fewer images than a batch, or an image
                is damaged or smaller than the shape.
        """

        def view(number: int, sample: Sample) -> Image:
            _, height, width = self._shape
            image = self._decode(sample)
            image = image if resize is None else resize_shorter_side(image, resize)
            if image.shape[0] < height or image.shape[1] < width:
                raise _too_small(sample, image, self._shape)
            random = np.random.default_rng([seed, epoch, number])
            return augment(image, augmentation, height, width, random)

        with self._pipe.samples(self._labelling) as samples:
            in_random_order = shuffle(samples, np.random.default_rng([seed, epoch]))
            yield from self._batches(self._training_chunks(in_random_order), view)

    def validation(self) -> Iterator[Batch]:
        """Yield batches with each image once, in the stream's order, squashed to the shape.

        Raises:
            CommandError: The stream is damaged or empty, or an image is damaged.
        """

        def view(_: int, sample: Sample) -> Image:
            return squash(self._decode(sample), *self._shape[1:])

        with self._pipe.samples(self._labelling) as samples:
            checked = _check_not_empty(samples, self._pipe)
            part = itertools.islice(checked, self._share.rank, None, self._share.size)
            yield from self._batches(_chunks(part, self._size), view)

    def _decode(self, sample: Sample) -> Image:
        return self._decoder(sample.content, lambda: sample.name)

    def _training_chunks(self, samples: Iterable[Sample]) -> Iterator[list[Sample]]:
        """Yield this host's part of each complete batch of all hosts."""
        total_size, images = self._size * self._share.size, 0
        for chunk in _chunks(samples, total_size):
            images += len(chunk)
            if len(chunk) == total_size:
                start = self._share.rank * self._size
                yield chunk[start : start + self._size]
        if images < total_size:
            raise CommandError(
                "The number of input images must be bigger or equal to the mini_batch_size: "
                f"{images} images, mini_batch_size {self._size}, {self._share.size} instance(s)"
            )

    def _batches(self, chunks: Iterable[list[Sample]], view: View) -> Iterator[Batch]:
        pending: deque[tuple[list[Sample], list[Future[Image]]]] = deque()
        number = itertools.count()
        for chunk in chunks:
            pending.append(
                (chunk, [self._pool.submit(view, next(number), sample) for sample in chunk])
            )
            if len(pending) > PREFETCH_BATCHES:
                yield self._batch(*pending.popleft())
        while pending:
            yield self._batch(*pending.popleft())

    def _batch(self, chunk: list[Sample], futures: list[Future[Image]]) -> Batch:
        images: NDArray[Any] = np.zeros((self._size, *self._shape), np.uint8)
        labels = label_rows((sample.label for sample in chunk), self._size)
        for row, future in enumerate(futures):
            images[row] = future.result().transpose(2, 0, 1)
        return Batch(images, labels, len(chunk))


def _check_not_empty(samples: Iterator[Sample], pipe: Pipe) -> Iterator[Sample]:
    first = next(samples, None)
    if first is None:
        raise CommandError(f"{pipe.name} contains no images: correct the channel's S3 URI")
    return itertools.chain([first], samples)


def _chunks(samples: Iterable[Sample], size: int) -> Iterator[list[Sample]]:
    iterator = iter(samples)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def _too_small(sample: Sample, image: Image, shape: tuple[int, int, int]) -> CommandError:
    return CommandError(
        f"{sample.name} has {image.shape[1]}x{image.shape[0]} pixels, fewer than the "
        f"{shape[2]}x{shape[1]} of a training image: convert with a larger --resize, or train with "
        "a smaller image_shape or training_size"
    )
