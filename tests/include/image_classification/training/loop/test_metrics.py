"""Metrics compared with values computed by hand."""

import numpy as np
import pytest

from include.image_classification.training.loop.metrics import Accuracy, LabelAccuracy

SCORES = np.array([[5, 1, 0, 2], [1, 5, 2, 0], [0, 1, 2, 5], [9, 9, 9, 9]], np.float32)


def test_padding_rows_are_ignored() -> None:
    accuracy = Accuracy(top_k=2)
    accuracy.add(SCORES, np.array([0, 2, 0, 0], np.float32), 3)
    assert accuracy.rows == 3
    assert accuracy.values() == pytest.approx({"accuracy": 1 / 3, "top_k_accuracy_2": 2 / 3})


def test_a_metric_covers_all_batches() -> None:
    accuracy = Accuracy(top_k=None)
    accuracy.add(SCORES, np.array([0, 1, 3, 0], np.float32), 3)
    accuracy.add(SCORES, np.array([1, 1, 1, 1], np.float32), 1)
    assert accuracy.values() == {"accuracy": 0.75}


def test_the_mean_loss_ignores_padding_rows() -> None:
    metric = Accuracy(None)
    scores, labels = np.eye(2, dtype=np.float32), np.zeros(2, np.float32)
    metric.add(scores, labels, 2, np.array([1, 2], np.float32))
    metric.add(scores, labels, 1, np.array([6, 100], np.float32))
    assert metric.values() == {"accuracy": 2 / 3, "cross-entropy": 3.0}


@pytest.mark.parametrize("metric", [Accuracy(2), LabelAccuracy()])
def test_a_metric_without_rows_has_the_same_names(metric: Accuracy | LabelAccuracy) -> None:
    """Otherwise the sums over hosts would fail if one host has no validation images."""
    empty = metric.values()
    assert set(empty.values()) == {0}
    labels = np.zeros(4 if isinstance(metric, Accuracy) else (4, 4), np.float32)
    metric.add(SCORES, labels, 4, np.ones(4, np.float32))
    assert empty.keys() == metric.values().keys()


def test_label_accuracy_counts_each_class() -> None:
    metric = LabelAccuracy()
    scores = np.array([[3, -3, 0, -1], [9, 9, 9, 9]], np.float32)
    labels = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], np.float32)
    metric.add(scores, labels, 1)
    assert metric.values() == {"accuracy": 0.75}
