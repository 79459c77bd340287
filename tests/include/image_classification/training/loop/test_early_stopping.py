"""Early stopping."""

import pytest

from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.early_stopping import EarlyStopping

SETTINGS = {
    "num_classes": "2",
    "num_training_samples": "9",
    "early_stopping": "True",
    "early_stopping_min_epochs": "3",
    "early_stopping_patience": "2",
}


@pytest.mark.parametrize(
    ("changes", "accuracies", "stops"),
    [
        ({}, [0.5, 0.4], False),  # below the minimum number of epochs
        ({}, [0.5, 0.4, 0.5], True),  # two epochs without an improvement
        ({}, [0.5, 0.4, 0.6], False),
        ({}, [0.5, 0.6, 0.6, 0.6], True),
        ({}, [0.0, 0.0, 0.0], True),
        ({"early_stopping_tolerance": "0.1"}, [0.5, 0.51, 0.52], True),
        # The tolerance is relative to the best accuracy, not to the last improvement.
        ({"early_stopping_tolerance": "0.1"}, [0.5, 0.54, 0.58], True),
        ({"early_stopping_tolerance": "0.1"}, [0.5, 0.4, 0.55], False),
        ({"early_stopping_tolerance": "0.1"}, [0.5, 0.53, 0.56, 0.7], False),
        ({"early_stopping_tolerance": "1"}, [0.0, 0.0, 0.1], False),
        ({"early_stopping": "False"}, [0.5, 0.4, 0.4, 0.4], False),
    ],
)
def test_training_stops_after_epochs_without_an_improvement(
    changes: dict[str, str], accuracies: list[float], stops: bool
) -> None:
    assert EarlyStopping(parse(SETTINGS | changes)).should_stop(accuracies) is stops
