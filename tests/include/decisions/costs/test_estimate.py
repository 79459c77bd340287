"""Tests of cost estimates."""

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
HYPERPARAMETERS = {"num_layers": "50", "image_shape": "3,224,224", "epochs": "30"}
HYPERPARAMETERS |= {"num_training_samples": "1000"}
INSTANCE = InstanceConfig(instance_type="ml.c5.4xlarge", max_runtime_minutes=120)
JOB = TrainingJob(
    name="cars-train-1",
    created=datetime(2026, 11, 1, tzinfo=UTC),
    completed=True,
    instance_type="ml.c5.4xlarge",
    instances=1,
    hyperparameters=HYPERPARAMETERS,
    seconds=2400,
    billed_seconds=600,
)


def settings(**changes: Any) -> Training:
    return Training(instance=INSTANCE, **changes)


def test_the_duration_is_that_of_the_last_comparable_training() -> None:
    """The run time counts, not the billed time: spot savings may differ from run to run."""
    later = dataclasses.replace(JOB, name="cars-train-2", seconds=4800)
    estimate = estimate_training(settings(), HYPERPARAMETERS, PRICE, [JOB, later])
    assert estimate.usd == pytest.approx(0.5)
    assert estimate.text == (
        "$0.50 for the training job (1 x ml.c5.4xlarge at $0.75 an hour, the price of 2026-09-25, "
        "for 2400 s: cars-train-1 took 2400 s)"
    )


@pytest.mark.parametrize("changes", [{"epochs": "45"}, {"num_training_samples": "1500"}])
def test_the_duration_is_proportional_to_images_and_epochs(changes: dict[str, str]) -> None:
    estimate = estimate_training(settings(), {**HYPERPARAMETERS, **changes}, PRICE, [JOB])
    assert estimate.usd == pytest.approx(0.75)
    assert "for 3600 s: cars-train-1 took 2400 s, for 1.50 times its images and epochs" in (
        estimate.text
    )


def test_the_duration_is_at_most_the_time_limit() -> None:
    estimate = estimate_training(settings(), {**HYPERPARAMETERS, "epochs": "3000"}, PRICE, [JOB])
    assert estimate.usd == pytest.approx(2 * 0.75)


@pytest.mark.parametrize(
    "changes",
    [
        {"completed": False},
        {"instance_type": "ml.c5.xlarge"},
        {"instances": 2},
        {"hyperparameters": {**HYPERPARAMETERS, "num_layers": "18"}},
        {"hyperparameters": {**HYPERPARAMETERS, "network": "mxnet"}},
        {"hyperparameters": {**HYPERPARAMETERS, "fine_tune": "head"}},
        {"hyperparameters": {**HYPERPARAMETERS, "head_epochs": "5"}},
        {"hyperparameters": {"num_layers": "50", "image_shape": "3,224,224"}},
    ],
)
def test_without_a_comparable_training_the_time_limit_is_the_basis(changes: dict[str, Any]) -> None:
    estimate = estimate_training(
        settings(), HYPERPARAMETERS, PRICE, [dataclasses.replace(JOB, **changes)]
    )
    assert estimate.usd == pytest.approx(2 * 0.75)
    assert "for 7200 s: instance.max_runtime_minutes, since there is no" in estimate.text


def test_all_instances_are_counted() -> None:
    several = settings(instance_count=3, hyperparameters={"kv_store": "dist_sync"})
    estimate = estimate_training(several, HYPERPARAMETERS, PRICE, [])
    assert estimate.usd == pytest.approx(3 * 2 * 0.75)
    assert "(3 x ml.c5.4xlarge" in estimate.text


def test_spot_instances_are_estimated_at_the_on_demand_price() -> None:
    estimate = estimate_training(settings(spot=True), HYPERPARAMETERS, PRICE, [JOB])
    assert estimate.usd == pytest.approx(0.5)
    assert estimate.text.endswith("took 2400 s; spot instances cost less)")
