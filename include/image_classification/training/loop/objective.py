"""Loss and metric of a training, for one label or several labels per image."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.labels import label_rows
from include.image_classification.recordio.record_file import Images
from include.image_classification.training.hyperparameters import Hyperparameters
from include.image_classification.training.loop.metrics import Accuracy, LabelAccuracy, Metric


class Objective(Protocol):
    """The loss of a batch, and the metric of an epoch."""

    def loss(self, logits: Any, labels: Any) -> Any:
        """Return the loss of each row; all are MXNet arrays of one device."""

    def make_metric(self) -> Metric:
        """Return a new metric."""


def make_objective(settings: Hyperparameters, images: Images | None) -> Objective:
    """Return the objective that the hyperparameters select.

    Args:
        settings: The hyperparameters.
        images: The training images, whose labels weight the loss; None in Pipe mode.

    Raises:
        CommandError: use_weighted_loss is set in Pipe mode.
    """
    if not settings.multi_label:
        return SingleLabel(settings)
    if not settings.use_weighted_loss:
        return MultiLabel()
    if images is None:
        raise CommandError(
            "use_weighted_loss needs the train channel in File mode: the labels in a pipe cannot "
            "be counted before the training"
        )
    return MultiLabel(class_weights(label_rows(map(images.label, range(len(images))))))


class SingleLabel:
    """Softmax cross-entropy for one label per image, with label smoothing."""

    def __init__(self, settings: Hyperparameters) -> None:
        self._top_k, self._classes = settings.top_k, settings.num_classes
        share = settings.label_smoothing / settings.num_classes
        self._values = {"on_value": 1 - settings.label_smoothing + share, "off_value": share}
        self._loss = mx.gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
        self._loss.hybridize()

    def loss(self, logits: Any, labels: Any) -> Any:
        """Return the cross-entropy of each row; labels are class numbers."""
        return self._loss(logits, mx.nd.one_hot(labels, self._classes, **self._values))

    def make_metric(self) -> Metric:
        """Return a metric of top-1 and optionally top-k accuracy."""
        return Accuracy(self._top_k)


class MultiLabel:
    """Binary cross-entropy of each class, for any number of labels per image.

    Args:
        weights: The weight of a positive label of each class; a negative label has weight 1.
    """

    def __init__(self, weights: NDArray[np.float32] | None = None) -> None:
        self._weights = None if weights is None else mx.nd.array(weights.reshape(1, -1))
        self._loss = mx.gluon.loss.SigmoidBinaryCrossEntropyLoss()

    def loss(self, logits: Any, labels: Any) -> Any:
        """Return the mean cross-entropy over each row's classes; labels are rows of 0 and 1."""
        weights = None if self._weights is None else self._weights.as_in_context(logits.ctx)
        return self._loss(logits, labels, None, weights)

    def make_metric(self) -> Metric:
        """Return a metric of the share of correct labels."""
        return LabelAccuracy()


MAX_WEIGHT = 100.0


def class_weights(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the weight of a positive label of each class, so that both labels weigh the same.

    The weight is the ratio of negative to positive labels, limited to 1/100 and 100. A class
    without a positive label has weight 1.

    Args:
        labels: images x classes of 0 and 1.
    """
    positive = labels.sum(axis=0)
    ratios = (len(labels) - positive) / np.maximum(positive, 1)
    weights = ratios.clip(1 / MAX_WEIGHT, MAX_WEIGHT)
    return np.where(positive > 0, weights, 1.0).astype(np.float32)
