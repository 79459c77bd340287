"""The best epoch of a training."""

import math

import pytest

from include.image_classification.training.loop.history import History

HISTORY = History(best_epoch=2, validation_accuracy=[0.5, 0.7, 0.6], validation_loss=[3, 2, 1])


@pytest.mark.parametrize(
    ("accuracy", "loss", "expected"),
    [
        (0.8, 9, True),
        (0.7, 1.9, True),
        (0.7, 2, False),
        (0.7, 2.1, False),
        (0.7, math.nan, False),
        (0.6, 0.1, False),
    ],
)
def test_accuracy_decides_and_then_loss(accuracy: float, loss: float, expected: bool) -> None:
    assert HISTORY.would_be_best(accuracy, loss) is expected


def test_the_first_epoch_is_the_best_whatever_its_figures() -> None:
    assert History().would_be_best(0, math.nan)
