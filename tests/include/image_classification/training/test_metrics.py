"""Accuracy counted by hand."""

import numpy as np
import pytest

from include.image_classification.training.metrics import Accuracy

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
