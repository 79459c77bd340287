"""Batches of images of an epoch, decoded in threads while the network computes."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.images.resizing import Image, squash
from include.image_classification.recordio.labels import label_rows
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.distribution.share import WHOLE, Share
from include.image_classification.training.input.augmentation import augment, resize_shorter_side
from include.image_classification.training.input.decoded_images import DecodedImageCache

PREFETCH_BATCHES = 2
"""How many batches are decoded ahead."""


@dataclass(frozen=True)
class Batch:
    """A batch of constant size, of which the first `rows` rows are images and the rest padding."""

    images: NDArray[Any]
    """batch x channels x height x width, 0..255, RGB; or batch x the shape of an image's features,
    which are floating-point numbers."""
    labels: NDArray[np.float32]
    """Class numbers, or with several labels per image a row of 0 and 1 for each image."""
    rows: int


class BatchReader:
    """Reads batches of one size and shape from a channel's records.

    The pixels depend on seed, epoch and record only, not on the number of threads. With several
    hosts, each host reads its `share`.
    """

    def __init__(
        self,
        records: Records,
        shape: tuple[int, int, int],
        size: int,
        threads: int,
        share: Share = WHOLE,
    ) -> None:
        cv2.setNumThreads(0)
        self._records, self._shape, self._size, self._share = records, shape, size, share
        self._decoded = DecodedImageCache(records, shape[0])
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    @property
    def batches(self) -> int:
        """The number of batches of a training epoch."""
        return len(self._share.training(np.arange(len(self._records)), self._size)) // self._size

    def prepare(self, stop: threading.Event) -> bool:
        """Return True: images need no preparation."""
        return True

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Yield batches with each record once, in the epoch's random order.

        Records that do not fill a batch are left out. With `resize`, the shorter side of each image
        is first resized to this many pixels.

        Raises:
            CommandError: A record is not an image, or its image is smaller than the shape.
        """
        order = np.random.default_rng([seed, epoch]).permutation(len(self._records))

        def view(index: int) -> Image:
            _, height, width = self._shape
            image = self._decoded[index]
            image = image if resize is None else resize_shorter_side(image, resize)
            if image.shape[0] < height or image.shape[1] < width:
                raise self._too_small(index, image)
            random = np.random.default_rng([seed, epoch, index])
            return augment(image, augmentation, height, width, random)

        yield from self._batches(self._share.training(order, self._size), view)

    def validation(self) -> Iterator[Batch]:
        """Yield batches with each record once, in file order, squashed as in serving."""

        def view(index: int) -> Image:
            return squash(self._decoded[index], *self._shape[1:])

        yield from self._batches(self._share.validation(np.arange(len(self._records))), view)

    def _batches(self, order: NDArray[np.intp], view: Callable[[int], Image]) -> Iterator[Batch]:
        pending: deque[tuple[Batch, list[Future[None]]]] = deque()
        for start in range(0, len(order), self._size):
            pending.append(self._decode(order[start : start + self._size], view))
            if len(pending) > PREFETCH_BATCHES:
                yield _complete(*pending.popleft())
        while pending:
            yield _complete(*pending.popleft())

    def _decode(
        self, chunk: NDArray[np.intp], view: Callable[[int], Image]
    ) -> tuple[Batch, list[Future[None]]]:
        images = np.zeros((self._size, *self._shape), np.uint8)
        labels = label_rows((self._records.label(int(index)) for index in chunk), self._size)

        def fill(row: int, index: int) -> None:
            images[row] = view(index).transpose(2, 0, 1)

        futures = [self._pool.submit(fill, row, int(index)) for row, index in enumerate(chunk)]
        return Batch(images, labels, len(chunk)), futures

    def _too_small(self, index: int, image: Image) -> CommandError:
        _, height, width = self._shape
        return CommandError(
            f"{self._records.describe(index)} has {image.shape[1]}x{image.shape[0]} pixels, fewer "
            f"than the {width}x{height} of a training image: convert with a larger --resize, or "
            "train with a smaller image_shape or training_size"
        )


def _complete(batch: Batch, futures: list[Future[None]]) -> Batch:
    for future in futures:
        future.result()
    return batch
