"""Batches of images for one epoch, decoded by threads while the network computes."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.images.resizing import Image, squash
from include.image_classification.recordio.labels import label_rows
from include.image_classification.recordio.record_file import Records
from include.image_classification.training.distribution.share import WHOLE, Share
from include.image_classification.training.input.augmentation import augment, resized
from include.image_classification.training.input.decoded_images import DecodedImages

AHEAD = 2


@dataclass(frozen=True)
class Batch:
    """Always of the full size, so that shapes never change; only the first `rows` rows count."""

    images: NDArray[np.uint8]
    """batch x channels x height x width, 0..255, RGB."""
    labels: NDArray[np.float32]
    """The classes' numbers; or, with several labels an image, a row of 0 and 1 for each."""
    rows: int


class BatchReader:
    """Reads batches of one size and shape from a channel's records.

    Pixels depend only on the seed, the epoch and the record, not on the threads. Of several hosts
    each reads its `share`.
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
        self._decoded = DecodedImages(records, shape[0])
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    @property
    def batches(self) -> int:
        """How many batches an epoch of training has."""
        return len(self._share.training(np.arange(len(self._records)), self._size)) // self._size

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Every record once in random order; the rest that fills no batch is left for next time.

        With `resize`, an image's shorter side is first brought to so many pixels.
        """
        order = np.random.default_rng([seed, epoch]).permutation(len(self._records))

        def view(index: int) -> Image:
            _, height, width = self._shape
            image = self._decoded[index]
            image = image if resize is None else resized(image, resize)
            if image.shape[0] < height or image.shape[1] < width:
                raise self._too_small(index, image)
            random = np.random.default_rng([seed, epoch, index])
            return augment(image, augmentation, height, width, random)

        yield from self._batches(self._share.training(order, self._size), view)

    def validation(self) -> Iterator[Batch]:
        """Every record exactly once, in file order, squashed to the shape as serving does."""

        def view(index: int) -> Image:
            return squash(self._decoded[index], *self._shape[1:])

        yield from self._batches(self._share.validation(np.arange(len(self._records))), view)

    def _batches(self, order: NDArray[np.intp], view: Callable[[int], Image]) -> Iterator[Batch]:
        waiting: deque[tuple[Batch, list[Future[None]]]] = deque()
        for at in range(0, len(order), self._size):
            waiting.append(self._begin(order[at : at + self._size], view))
            if len(waiting) > AHEAD:
                yield _complete(*waiting.popleft())
        while waiting:
            yield _complete(*waiting.popleft())

    def _begin(
        self, chunk: NDArray[np.intp], view: Callable[[int], Image]
    ) -> tuple[Batch, list[Future[None]]]:
        images = np.zeros((self._size, *self._shape), np.uint8)
        labels = label_rows((self._records.label(int(index)) for index in chunk), self._size)

        def put(row: int, index: int) -> None:
            images[row] = view(index).transpose(2, 0, 1)

        begun = [self._pool.submit(put, row, int(index)) for row, index in enumerate(chunk)]
        return Batch(images, labels, len(chunk)), begun

    def _too_small(self, index: int, image: Image) -> ProgramError:
        _, height, width = self._shape
        return ProgramError(
            f"{self._records.describe(index)} has {image.shape[1]}x{image.shape[0]} pixels, fewer "
            f"than image_shape's {width}x{height}: convert with a "
            "larger --resize or train with a smaller image_shape"
        )


def _complete(batch: Batch, begun: list[Future[None]]) -> Batch:
    for future in begun:
        future.result()
    return batch
