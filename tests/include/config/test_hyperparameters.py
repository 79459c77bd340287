"""Hyperparameters: the container accepts every value that a pipeline may set."""

from typing import Any

import pytest
from pydantic import ValidationError

from include.config import PipelineError, find_pipeline
from include.config.hyperparameters import Hyperparameters
from include.contracts.networks import MAX_FROZEN_STAGES
from include.image_classification.training.hyperparameters import Hyperparameters as Accepted
from include.image_classification.training.hyperparameters import parse
from include.sagemaker_requests import training_hyperparameters

WEIGHTS = {
    "use_pretrained_model": 1,
    "pretrained_model_uri": "s3://bucket/weights",
    "pretrained_model_sha256": "A" * 64,
}
FREEZING = ("fine_tune", "head_epochs", "frozen_stages")
SMALLEST, LARGEST = 5e-324, 1 - 2**-53
"""The floating-point numbers next to 0 and to 1."""

EDGES: dict[str, list[Any]] = {
    "num_layers": [18, 20, 32, 34, 44, 50, 56, 101, 110, 152, 200],
    "image_shape": ["3,8,8", "3,9999,9999", "3,8,9999"],
    "mini_batch_size": [1, 10**9],
    "epochs": [1, 10**9],
    "learning_rate": [SMALLEST, 1e-8, 1, 1.0],
    "use_pretrained_model": [0, 1],
    "pretrained_model_uri": ["s3://bucket/a", "https://a.b/c", "file:///a"],
    "pretrained_model_sha256": ["0" * 64, "F" * 64],
    "optimizer": ["sgd", "adam", "rmsprop", "nag"],
    "momentum": [0, LARGEST],
    "weight_decay": [0, 1],
    "beta_1": [0, LARGEST],
    "beta_2": [0, LARGEST],
    "eps": [SMALLEST, 1],
    "gamma": [0, LARGEST],
    "lr_scheduler_factor": [SMALLEST, 1],
    "lr_scheduler_step": ["1", "1,2,300"],
    "augmentation_type": ["crop", "crop_color", "crop_color_transform", "random_resized_crop"],
    "early_stopping": [True, False],
    "early_stopping_min_epochs": [1, 10**9],
    "early_stopping_patience": [1, 10**9],
    "early_stopping_tolerance": [0, 1],
    "checkpoint_frequency": [1, 30],
    "precision_dtype": ["float32", "float16", "bfloat16"],
    "kv_store": ["dist_sync", "dist_async"],
    "top_k": [2],
    "resize": [225, 10**9],
    "network": ["torchvision", "mxnet", "efficientnet_lite0"],
    "lr_schedule": ["step", "one_cycle"],
    "label_smoothing": [0, LARGEST],
    "int8": ["auto", "never"],
    "calibration": ["temperature", "none"],
    "fine_tune": ["all", "last_stages", "head"],
    "head_epochs": [0, 10**9],
    "head_learning_rate": [SMALLEST, 1],
    "frozen_stages": [0, MAX_FROZEN_STAGES],
    "training_size": [33, 10**9],
    "layer_decay": [SMALLEST, 1],
    "ema_decay": [0, LARGEST],
    "seed": [0, 2**31 - 1],
}
"""The smallest and the largest value of each field, or all its choices."""


def test_every_hyperparameter_has_edge_values() -> None:
    assert set(EDGES) == set(Hyperparameters.model_fields)
    counted = {"num_classes", "num_training_samples", "multi_label", "use_weighted_loss"}
    assert set(Accepted.model_fields) == set(EDGES) | counted


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, edges in EDGES.items() for v in edges])
def test_the_container_accepts_what_a_pipeline_may_set(name: str, value: Any) -> None:
    needs_weights = name.startswith("pretrained") or name in FREEZING
    others = WEIGHTS if needs_weights else {}
    values = Hyperparameters.model_validate({**others, name: value}).as_request()
    assert name in values
    parse({**values, "num_classes": "3", "num_training_samples": "3"})


NUMBERS = [name for name, edges in EDGES.items() if type(edges[0]) in (int, float)]


@pytest.mark.parametrize("value", [True, False, float("nan"), float("inf"), -1, "1", "", " ", []])
@pytest.mark.parametrize("name", NUMBERS)
def test_other_types_are_rejected_for_a_number(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Hyperparameters.model_validate({name: value})
    assert [error["loc"][0] for error in caught.value.errors()] == [name]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("name", ["learning_rate", "eps", "label_smoothing"])
def test_the_container_rejects_nan_and_infinity(name: str, value: str) -> None:
    with pytest.raises(Exception, match=f"hyperparameter {name} is {value}"):
        parse({name: value, "num_classes": "3", "num_training_samples": "3"})


@pytest.mark.parametrize("layers", [{}, {"num_layers": None}])
def test_a_network_without_num_layers_is_requested_without_it(layers: dict[str, Any]) -> None:
    """Null is how overrides remove what the base of the pipeline sets."""
    values = Hyperparameters.model_validate({"network": "efficientnet_lite0", **layers})
    request = values.as_request()
    assert "num_layers" not in request
    assert request["network"] == "efficientnet_lite0"
    parse({**request, "num_classes": "3", "num_training_samples": "3"})


def test_fine_tuning_is_requested_only_if_it_is_set() -> None:
    """Otherwise, requests and fingerprints would differ from those of earlier versions."""
    names = {"fine_tune", "head_epochs", "head_learning_rate", "frozen_stages", "training_size"}
    names |= {"layer_decay", "ema_decay"}
    request = Hyperparameters.model_validate({"use_pretrained_model": 1}).as_request()
    assert not names & request.keys()
    values = {"use_pretrained_model": 1, "fine_tune": "last_stages", "head_epochs": 3}
    request = Hyperparameters.model_validate(values).as_request()
    assert (request["fine_tune"], request["head_epochs"]) == ("last_stages", "3")


def test_a_resnet_is_always_requested_with_num_layers() -> None:
    """The built-in algorithm's own default is another one."""
    for values in ({}, {"num_layers": None}, {"network": "mxnet"}):
        assert Hyperparameters.model_validate(values).as_request()["num_layers"] == "18"


def test_top_k_is_checked_before_a_job_starts() -> None:
    pipeline = find_pipeline("merch")
    assert pipeline.training.hyperparameters.top_k == 2
    with pytest.raises(PipelineError, match=r"hyperparameters\.top_k: 2 must be below .* has 2"):
        training_hyperparameters(pipeline, {"train": 100, "classes": 2}, {})
    values = training_hyperparameters(pipeline, {"train": 100, "classes": 3}, {"epochs": 3})
    assert (values["top_k"], values["epochs"]) == ("2", "3")
