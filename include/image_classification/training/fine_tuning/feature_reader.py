"""Reader of batches of features in place of images."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.image_classification.training.fine_tuning.feature_cache import Features
from include.image_classification.training.input.batches import Batch

ComputeFeatures = Callable[[threading.Event], Features | None]
"""Computes a channel's features; returns None if the event was set meanwhile."""


class FeatureReader:
    """Reads the features of a channel's images in batches of one size.

    The features are computed by `prepare`, which must be called before the first batch is read.

    Args:
        compute: Computes the features.
        images: The number of images.
        size: The number of rows of a batch.
    """

    def __init__(self, compute: ComputeFeatures, images: int, size: int) -> None:
        self._compute, self._images, self._size = compute, images, size
        self._features: Features | None = None

    @property
    def batches(self) -> int:
        """The number of batches of a training epoch."""
        return self._images // self._size

    def prepare(self, stop: threading.Event) -> bool:
        """Compute the features; return False if `stop` was set meanwhile."""
        if self._features is None:
            self._features = self._compute(stop)
        return self._features is not None

    def training(
        self, epoch: int, augmentation: str, seed: int, resize: int | None = None
    ) -> Iterator[Batch]:
        """Yield batches with each image once, in the epoch's random order and a random view.

        Images that do not fill a batch are left out. Other augmentation than the views has no
        effect, and `resize` has none.
        """
        features = self._prepared()
        order = np.random.default_rng([seed, epoch]).permutation(self._images)
        views = np.random.default_rng([seed, epoch, 0]).integers(
            len(features.values), size=self._images
        )
        for number in range(self.batches):
            chunk = order[number * self._size : (number + 1) * self._size]
            yield Batch(features.values[views[chunk], chunk], features.labels[chunk], self._size)

    def validation(self) -> Iterator[Batch]:
        """Yield batches with each image once, in file order, squashed as in serving."""
        features = self._prepared()
        for start in range(0, self._images, self._size):
            end = min(start + self._size, self._images)
            values = self._pad(features.values[0, start:end])
            yield Batch(values, self._pad(features.labels[start:end]), end - start)

    def _prepared(self) -> Features:
        if self._features is None:
            raise RuntimeError("the features have not been computed: call prepare")
        return self._features

    def _pad(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return rows, padded with zeros to the size of a batch."""
        missing = np.zeros((self._size - len(rows), *rows.shape[1:]), rows.dtype)
        return np.concatenate([rows, missing]) if len(missing) else rows
