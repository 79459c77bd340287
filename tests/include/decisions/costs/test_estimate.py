"""An estimate rests on the last training like tonight's, and says on which."""

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.config.instances import InstanceConfig
from include.config.prices import Price
from include.config.sections.training import Training
from include.decisions.costs.billing import TrainingJob
from include.decisions.costs.estimate import estimate_training

PRICE = Price(0.75, date(2026, 9, 25))
TOLD = {"num_layers": "50", "image_shape": "3,224,224", "epochs": "30"}
TOLD |= {"num_training_samples": "1000"}
MACHINE = InstanceConfig(instance_type="ml.c5.4xlarge", max_runtime_minutes=120)
JOB = TrainingJob(
    name="cars-train-1",
    created=datetime(2026, 11, 1, tzinfo=UTC),
    completed=True,
    instance_type="ml.c5.4xlarge",
    instances=1,
    hyperparameters=TOLD,
    seconds=2400,
    billed_seconds=600,
)


def night(**changes: Any) -> Training:
    return Training(instance=MACHINE, **changes)


def test_the_last_training_like_it_tells_how_long_it_takes() -> None:
    """By the clock, not by its bill: tonight may find no spare machine as cheap."""
    later = dataclasses.replace(JOB, name="cars-train-2", seconds=4800)
    estimate = estimate_training(night(), TOLD, PRICE, [JOB, later])
    assert estimate.usd == pytest.approx(0.5)
    assert estimate.text == (
        "$0.50 for the training job (1 x ml.c5.4xlarge at $0.75 an hour, the price of 2026-09-25, "
        "for 2400 s: cars-train-1 took 2400 s)"
    )


@pytest.mark.parametrize("changes", [{"epochs": "45"}, {"num_training_samples": "1500"}])
def test_more_to_learn_takes_longer_in_proportion(changes: dict[str, str]) -> None:
    estimate = estimate_training(night(), {**TOLD, **changes}, PRICE, [JOB])
    assert estimate.usd == pytest.approx(0.75)
    assert "for 3600 s: cars-train-1 took 2400 s, for 1.50 times its images and epochs" in (
        estimate.text
    )


def test_no_job_takes_longer_than_it_may() -> None:
    estimate = estimate_training(night(), {**TOLD, "epochs": "3000"}, PRICE, [JOB])
    assert estimate.usd == pytest.approx(2 * 0.75)


@pytest.mark.parametrize(
    "changes",
    [
        {"completed": False},
        {"instance_type": "ml.c5.xlarge"},
        {"instances": 2},
        {"hyperparameters": {**TOLD, "num_layers": "18"}},
        {"hyperparameters": {**TOLD, "network": "mxnet"}},
        {"hyperparameters": {"num_layers": "50", "image_shape": "3,224,224"}},
    ],
)
def test_another_kind_of_training_tells_nothing(changes: dict[str, Any]) -> None:
    """Its time limit is then the most that it can cost."""
    estimate = estimate_training(night(), TOLD, PRICE, [dataclasses.replace(JOB, **changes)])
    assert estimate.usd == pytest.approx(2 * 0.75)
    assert "for 7200 s: instance.max_runtime_minutes, at most" in estimate.text


def test_every_machine_costs() -> None:
    several = night(instance_count=3, hyperparameters={"kv_store": "dist_sync"})
    estimate = estimate_training(several, TOLD, PRICE, [])
    assert estimate.usd == pytest.approx(3 * 2 * 0.75)
    assert "(3 x ml.c5.4xlarge" in estimate.text


def test_spot_machines_are_estimated_at_the_price_that_they_cannot_exceed() -> None:
    estimate = estimate_training(night(spot=True), TOLD, PRICE, [JOB])
    assert estimate.usd == pytest.approx(0.5)
    assert estimate.text.endswith("took 2400 s; spot machines cost less)")
