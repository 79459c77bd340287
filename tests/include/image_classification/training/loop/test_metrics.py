"""Accuracy counted by hand."""

import numpy as np
import pytest

from include.image_classification.training.loop.metrics import Accuracy, LabelAccuracy

SCORES = np.array([[5, 1, 0, 2], [1, 5, 2, 0], [0, 1, 2, 5], [9, 9, 9, 9]], np.float32)


def test_only_real_rows_count() -> None:
    accuracy = Accuracy(top_k=2)
    accuracy.add(SCORES, np.array([0, 2, 0, 0], np.float32), 3)
    assert accuracy.rows == 3
    assert accuracy.named() == pytest.approx({"accuracy": 1 / 3, "top_k_accuracy_2": 2 / 3})


def test_batches_add_up() -> None:
    accuracy = Accuracy(top_k=None)
    accuracy.add(SCORES, np.array([0, 1, 3, 0], np.float32), 3)
    accuracy.add(SCORES, np.array([1, 1, 1, 1], np.float32), 1)
    assert accuracy.named() == {"accuracy": 0.75}


def test_the_mean_loss_is_that_of_real_rows() -> None:
    metric = Accuracy(None)
    scores, labels = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    metric.add(scores, labels, 2, np.array([1, 2], np.float32))
    metric.add(scores, labels, 1, np.array([6, 100], np.float32))
    assert metric.named() == {"accuracy": 2 / 3, "cross-entropy": 3.0}


@pytest.mark.parametrize("metric", [Accuracy(2), LabelAccuracy()])
def test_without_rows_the_same_figures_are_named(metric: Accuracy | LabelAccuracy) -> None:
    """Protects the sums over hosts of which one has nothing to validate with."""
    named = metric.named()
    assert set(named.values()) == {0}
    labels = np.zeros(4 if isinstance(metric, Accuracy) else (4, 4), np.float32)
    metric.add(SCORES, labels, 4, np.ones(4, np.float32))
    assert named.keys() == metric.named().keys()


def test_of_many_labels_every_class_is_a_question() -> None:
    metric = LabelAccuracy()
    scores = np.array([[3, -3, 0, -1], [9, 9, 9, 9]], np.float32)
    labels = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    metric.add(scores, labels, 1)
    assert metric.named() == {"accuracy": 0.75}
