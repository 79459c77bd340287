"""Learning rate schedules."""

import pytest

from include.image_classification.training.hyperparameters import parse
from include.image_classification.training.loop.schedule import Schedule, make_schedule


def schedule(**changes: str) -> Schedule:
    required = {"num_classes": "2", "num_training_samples": "9", "learning_rate": "0.1"}
    return make_schedule(parse(required | changes))


def test_each_step_multiplies_the_rate_by_the_factor() -> None:
    rate = schedule(lr_scheduler_step="2,4", lr_scheduler_factor="0.5")
    assert [rate(epoch) for epoch in (0, 1.9, 2, 3.9, 4)] == pytest.approx(
        [0.1, 0.1, 0.05, 0.05, 0.025]
    )


def test_without_steps_the_rate_is_constant() -> None:
    assert schedule()(29) == pytest.approx(0.1)


def test_one_cycle_rises_to_the_learning_rate_and_falls_to_zero() -> None:
    rate = schedule(lr_schedule="one_cycle", epochs="10")
    rates = [rate(step / 10) for step in range(101)]
    assert max(rates) == pytest.approx(rate(3)) == pytest.approx(0.1)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
