"""Losses compared with their formulas."""

import numpy as np
import pytest
from numpy.typing import NDArray

from include.image_classification.mxnet_import import mx
from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.objective import (
    MultiLabel,
    SingleLabel,
    class_weights,
)

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]], np.float32)


def test_the_loss_of_a_single_label_is_smoothed_cross_entropy() -> None:
    settings = {"num_classes": "3", "num_training_samples": "9", "label_smoothing": "0.3"}
    logs = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    targets = np.full((2, 3), 0.1)
    targets[0, 1] = targets[1, 2] = 0.8
    loss = SingleLabel(parse(settings)).loss(mx.nd.array(LOGITS), mx.nd.array([1, 2]))
    assert loss.asnumpy() == pytest.approx(-(targets * logs).sum(axis=1), rel=1e-5)


@pytest.mark.parametrize("weights", [None, np.array([3.0, 0.5, 1.0], np.float32)])
def test_the_loss_of_several_labels_is_weighted_binary_cross_entropy(
    weights: NDArray[np.float32] | None,
) -> None:
    labels = np.array([[1, 0, 1], [0, 1, 0]], np.float32)
    p = 1 / (1 + np.exp(-LOGITS))
    positive_weight = 1.0 if weights is None else weights
    terms = positive_weight * labels * np.log(p) + (1 - labels) * np.log(1 - p)
    expected = -terms.mean(axis=1)
    loss = MultiLabel(weights).loss(mx.nd.array(LOGITS), mx.nd.array(labels))
    assert loss.asnumpy() == pytest.approx(expected, rel=1e-5)


def test_class_weights_balance_positive_and_negative_labels() -> None:
    labels = np.zeros((1000, 4), np.float32)
    labels[:250, 0], labels[:999, 1], labels[:1, 2] = 1, 1, 1
    assert class_weights(labels).tolist() == pytest.approx([3.0, 0.01, 100.0, 1.0])
