"""What a training minimises, and what it is judged by: of one label an image, or of several."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import ProgramError
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.labels import label_rows
from include.image_classification.recordio.record_file import Images
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.loop.metrics import Accuracy, LabelAccuracy, Metric


class Objective(Protocol):
    """The loss of a batch, and a metric to count over an epoch."""

    def loss(self, logits: Any, labels: NDArray[np.float32]) -> Any:
        """The loss of each row, as MXNet's array."""

    def metric(self) -> Metric:
        """A metric that has counted nothing yet."""


def make_objective(settings: Hyperparameters, images: Images | None) -> Objective:
    """Return what the settings ask for.

    Args:
        settings: How to train.
        images: The training images, whose labels weigh the loss; None if they cannot be counted.

    Raises:
        ProgramError: A weighted loss is asked for, and they cannot be counted.
    """
    if not settings.multi_label:
        return OneLabel(settings)
    if not settings.use_weighted_loss:
        return ManyLabels()
    if images is None:
        raise ProgramError(
            "use_weighted_loss needs the train channel in File mode: what a pipe holds cannot be "
            "counted before it is read"
        )
    return ManyLabels(class_weights(label_rows(map(images.label, range(len(images))))))


class OneLabel:
    """Cross-entropy over classes of which exactly one is right, smoothed if asked for."""

    def __init__(self, settings: Hyperparameters) -> None:
        self._top_k, self._classes = settings.top_k, settings.num_classes
        share = settings.label_smoothing / settings.num_classes
        self._values = {"on_value": 1 - settings.label_smoothing + share, "off_value": share}
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)

    def loss(self, logits: Any, labels: NDArray[np.float32]) -> Any:
        """The cross-entropy of each row; labels are numbers of classes."""
        return self._loss(logits, mx.nd.one_hot(mx.nd.array(labels), self._classes, **self._values))

    def metric(self) -> Metric:
        """Top-1 and, if asked for, top-k accuracy."""
        return Accuracy(self._top_k)


class ManyLabels:
    """Cross-entropy of every class by itself: an image may show any number of them.

    Args:
        weights: What a class that an image shows counts, where one that it does not show counts 1.
    """

    def __init__(self, weights: NDArray[np.float32] | None = None) -> None:
        self._weights = None if weights is None else mx.nd.array(weights.reshape(1, -1))
        self._loss = mx.gluon.loss.SigmoidBinaryCrossEntropyLoss()

    def loss(self, logits: Any, labels: NDArray[np.float32]) -> Any:
        """The mean cross-entropy of each row's classes; labels are rows of 0 and 1."""
        return self._loss(logits, mx.nd.array(labels), None, self._weights)

    def metric(self) -> Metric:
        """The share of answers that are right, each class being a question."""
        return LabelAccuracy()


MOST = 100.0


def class_weights(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much more a shown class must count for both answers of its to weigh the same.

    That is the images without it for one image with it, at least 1/100 and at most 100; 1 for a
    class that no image shows.

    Args:
        labels: images x classes of 0 and 1.
    """
    shown = labels.sum(axis=0)
    weights = (len(labels) - shown) / np.maximum(shown, 1)
    return np.where(shown > 0, weights.clip(1 / MOST, MOST), 1.0).astype(np.float32)
