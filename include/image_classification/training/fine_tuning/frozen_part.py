"""The frozen layers of a network as the input of a training, and the layers that are trained."""

import functools
import threading
from collections.abc import Collection, Sequence
from typing import Any

from include.image_classification.mxnet_import import mx
from include.image_classification.training.fine_tuning.feature_cache import (
    Features,
    compute_features,
)
from include.image_classification.training.fine_tuning.feature_reader import FeatureReader
from include.image_classification.training.fine_tuning.live_features import LiveFeatureReader
from include.image_classification.training.input.reader import Reader
from include.image_classification.training.networks.frozen_features import BATCH, FrozenFeatures
from include.image_classification.training.networks.split import FEATURES, INPUT, split_symbol
from include.image_classification.training.networks.training_graph.block import training_block


class FrozenPart:
    """The layers of a network before those that are trained.

    Args:
        network: The network.
        trained: The names of the parameters that are trained.
        shape: Channels, height and width of the images.
        batch: The number of rows of a batch.
        devices: The devices that have the network's parameters.
    """

    def __init__(
        self,
        network: Any,
        trained: Collection[str],
        shape: tuple[int, int, int],
        batch: int,
        devices: Sequence[Any],
    ) -> None:
        self._network, self._trained, self._devices = network, trained, devices
        self._shape, self._batch = shape, batch
        self._features: FrozenFeatures | None = None

    def make_rest(self) -> Any:
        """Return a block from features to logits that shares the network's parameters."""
        _, rest = self._symbols
        return training_block(rest, FEATURES, (1, *self.feature_shape), self._network)

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The shape of one image's features."""
        _, (shape,), _ = self._symbols[0].infer_shape(**{INPUT: (1, *self._shape)})
        return tuple(shape[1:])

    @functools.cached_property
    def _symbols(self) -> tuple[Any, Any]:
        """The symbols of the frozen layers and of the rest."""
        return split_symbol(self._network(mx.sym.var(INPUT)), self._trained)

    def make_live_reader(self, images: Reader) -> LiveFeatureReader:
        """Return a reader that computes the features of each batch of images anew."""
        return LiveFeatureReader(images, self._extractor)

    def make_reader(self, channel: str, images: Reader, count: int, views: int) -> FeatureReader:
        """Return a reader of the features of a channel's images.

        Args:
            channel: The name of the channel, for the log.
            images: The reader of the channel.
            count: The number of images.
            views: 1 for the squashed images, or 2 for their mirror images, too.
        """

        def compute(stop: threading.Event) -> Features | None:
            extract = self._extractor()
            return compute_features(channel, images, count, views, extract.shape, extract, stop)

        return FeatureReader(compute, count, self._batch)

    def _extractor(self) -> FrozenFeatures:
        # Not before: a training that resumes restores the weights first, and they are copied.
        if self._features is None:
            self._features = FrozenFeatures(
                self._network,
                self._trained,
                self._shape,
                min(self._batch, BATCH),
                self._devices,
            )
        return self._features
