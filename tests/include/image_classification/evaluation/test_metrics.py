"""Metrics, compared with manual calculations."""

import numpy as np
import pytest

from include.image_classification.evaluation.metrics import remove_temperature, score


def test_top_1_and_confusion_match_a_manual_calculation() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    scores = score(probabilities, np.array([0, 0, 1, 2]))
    assert scores.images == 4
    assert scores.top1 == 0.5
    assert scores.confusion.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert [scores.class_top1(label) for label in range(3)] == [0.5, 0, 1]
    assert [scores.class_images(label) for label in range(3)] == [2, 1, 1]


def test_top_5_includes_five_classes() -> None:
    probabilities = np.array([[6, 5, 4, 3, 2, 1, 0]] * 4) / 21
    scores = score(probabilities, np.array([0, 4, 5, 6]))
    assert scores.top5 == 0.5


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_with_up_to_five_classes_top_5_is_always_correct(classes: int) -> None:
    probabilities = np.full((2, classes), 1 / classes)
    assert score(probabilities, np.array([0, classes - 1])).top5 == 1


def test_a_tie_goes_to_the_lower_label() -> None:
    scores = score(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0, 1]))
    assert scores.confusion.tolist() == [[1, 0], [1, 0]]


def test_a_class_without_images_has_no_accuracy() -> None:
    assert score(np.array([[1.0, 0.0]]), np.array([0])).class_top1(1) is None


def test_calibration_error_is_the_mean_difference_of_confidence_and_accuracy() -> None:
    # Nine predictions with 0.95, six of them correct, and a correct one with 0.55: 0.2833 and 0.45.
    probabilities = np.array([[0.95, 0.05]] * 9 + [[0.55, 0.45]])
    labels = np.array([0] * 6 + [1] * 3 + [0])
    expected = 0.9 * (0.95 - 6 / 9) + 0.1 * 0.45
    assert score(probabilities, labels).calibration_error == pytest.approx(expected)


def test_confidence_of_1_that_is_always_correct_is_calibrated() -> None:
    assert score(np.array([[1.0, 0.0]] * 3), np.array([0, 0, 0])).calibration_error == 0


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_probabilities_without_temperature_are_the_softmax_of_the_logits(
    temperature: float,
) -> None:
    logits = np.random.default_rng(0).normal(size=(50, 6)) * 4
    logits[0] = [0, -800, -900, -900, -900, -900]  # a probability of 0
    scaled, expected = (
        powers / powers.sum(axis=1, keepdims=True)
        for powers in (np.exp(logits / temperature), np.exp(logits))
    )
    assert remove_temperature(scaled, temperature) == pytest.approx(expected, abs=1e-9)


def test_probabilities_of_0_stay_0() -> None:
    """A server may answer so; the evaluation then has a bad score, not an error."""
    assert remove_temperature(np.zeros((1, 3)), 2.0).tolist() == [[0, 0, 0]]
