"""Figures computed by hand."""

import numpy as np
import pytest

from include.image_classification.evaluation.metrics import score


def test_top_1_and_confusion_by_hand() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    scores = score(probabilities, np.array([0, 0, 1, 2]))
    assert scores.images == 4
    assert scores.top1 == 0.5
    assert scores.confusion.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert [scores.class_top1(label) for label in range(3)] == [0.5, 0, 1]
    assert [scores.class_images(label) for label in range(3)] == [2, 1, 1]


def test_top_5_looks_at_five() -> None:
    probabilities = np.array([[6, 5, 4, 3, 2, 1, 0]] * 4) / 21
    scores = score(probabilities, np.array([0, 4, 5, 6]))
    assert scores.top5 == 0.5


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_with_up_to_five_classes_top_5_is_always_right(classes: int) -> None:
    probabilities = np.full((2, classes), 1 / classes)
    assert score(probabilities, np.array([0, classes - 1])).top5 == 1


def test_a_tie_goes_to_the_lower_label() -> None:
    scores = score(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0, 1]))
    assert scores.confusion.tolist() == [[1, 0], [1, 0]]


def test_a_class_without_images_has_no_accuracy() -> None:
    assert score(np.array([[1.0, 0.0]]), np.array([0])).class_top1(1) is None


def test_calibration_is_the_mean_distance_of_certainty_and_accuracy() -> None:
    # Nine guesses of 0.95 of which six are right, one of 0.55 that is right: 0.2833 and 0.45 off.
    probabilities = np.array([[0.95, 0.05]] * 9 + [[0.55, 0.45]])
    labels = np.array([0] * 6 + [1] * 3 + [0])
    expected = 0.9 * (0.95 - 6 / 9) + 0.1 * 0.45
    assert score(probabilities, labels).calibration_error == pytest.approx(expected)


def test_whole_certainty_that_is_always_right_is_calibrated() -> None:
    assert score(np.array([[1.0, 0.0]] * 3), np.array([0, 0, 0])).calibration_error == 0
