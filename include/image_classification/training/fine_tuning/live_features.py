"""Reader of the features of augmented images, computed anew in each epoch."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from include.image_classification.training.input.batches import Batch
from include.image_classification.training.input.reader import Reader

Extract = Callable[[NDArray[Any]], NDArray[Any]]
"""Returns the features of a batch of images."""


class LiveFeatureReader:
    """Reads batches of features of a channel's images.

    Args:
        images: The reader of the channel.
        make_extractor: Returns the function that computes the features. It is called before the
            first batch, when the weights of the frozen layers are known.
    """

    def __init__(self, images: Reader, make_extractor: Callable[[], Extract]) -> None:
        self._images, self._make_extractor = images, make_extractor

    @property
    def batches(self) -> int:
        """The number of batches of a training epoch."""
        return self._images.batches

    def prepare(self, stop: threading.Event) -> bool:
        """Prepare the reader of the images; return False if `stop` was set meanwhile."""
        return self._images.prepare(stop)

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Yield the features of the complete batches of an epoch."""
        yield from self._features(self._images.training(epoch, augmentation, seed, resize))

    def validation(self) -> Iterator[Batch]:
        """Yield the features of batches with each image once."""
        yield from self._features(self._images.validation())

    def _features(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        extract = self._make_extractor()
        for batch in batches:
            yield Batch(extract(batch.images), batch.labels, batch.rows)
