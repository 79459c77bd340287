"""Hyperparameters of a training: counts, overrides and limits."""

import pytest

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline
from include.config.hyperparameters import Hyperparameters

EFFICIENTNET = "efficientnet_lite0"
COUNTS = {"train": 100, "validation": 20, "classes": 5}


def test_a_batch_is_not_larger_than_the_dataset(cars: Pipeline) -> None:
    few = {"train": 7, "validation": 1, "classes": 2}
    made = make.training_hyperparameters(cars, few, {})
    assert (made["mini_batch_size"], made["num_classes"], made["num_training_samples"]) == (
        "7",
        "2",
        "7",
    )


def test_a_runs_override_replaces_the_pipelines_value(cars: Pipeline) -> None:
    overrides = {"epochs": 3, "num_layers": None, "learning_rate": 0.5}
    made = make.training_hyperparameters(cars, COUNTS, overrides)
    assert (made["epochs"], made["num_layers"], made["learning_rate"]) == ("3", "50", "0.5")


def test_a_runs_override_is_validated_with_the_other_values(cars: Pipeline) -> None:
    with pytest.raises(ValueError, match="needs num_layers to be one of"):
        make.training_hyperparameters(cars, COUNTS, {"num_layers": 20})


def test_num_layers_cannot_be_set_for_a_network_that_has_none(cars: Pipeline) -> None:
    training = cars.training.model_copy(
        update={"hyperparameters": Hyperparameters.model_validate({"network": EFFICIENTNET})}
    )
    pipeline = cars.model_copy(update={"training": training})
    made = make.training_hyperparameters(pipeline, COUNTS, {"num_layers": None})
    assert (made["network"], "num_layers" in made) == (EFFICIENTNET, False)
    with pytest.raises(ValueError, match="num_layers is for the networks torchvision and mxnet"):
        make.training_hyperparameters(pipeline, COUNTS, {"num_layers": 18})


def test_a_batch_is_not_larger_than_an_instances_share(
    cars: Pipeline, deployment: Deployment
) -> None:
    together = cars.model_copy(
        update={"training": cars.training.model_copy(update={"instance_count": 3})}
    )
    few = {"train": 30, "validation": 1, "classes": 2}
    made = make.training_hyperparameters(together, few, {})
    assert made["mini_batch_size"] == "10"
    config = make.training_request(together, deployment, "r1", made)["config"]
    assert config["ResourceConfig"]["InstanceCount"] == 3
