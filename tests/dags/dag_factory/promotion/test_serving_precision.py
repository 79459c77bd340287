"""A candidate is evaluated, registered and served in the same precision."""

from __future__ import annotations

import pytest

from include.config import Pipeline, find_pipeline
from tests.dags.training_run import (
    TRAINED,
    TrainingRun,
)


def merch_on(instance_type: str) -> Pipeline:
    """Return the pipeline merch with its models on this instance type."""
    merch = find_pipeline("merch", "local")
    own = merch.training.model_copy(update={"algorithm": "custom"})
    kind = {"instance_type": instance_type}
    evaluation, batch = (
        stage.model_copy(update={"transform": stage.transform.model_copy(update=kind)})
        for stage in (merch.evaluation, merch.batch)
    )
    endpoint = merch.endpoint.model_copy(update=kind)
    stages = {"training": own, "evaluation": evaluation, "batch": batch, "endpoint": endpoint}
    return merch.model_copy(update=stages)


@pytest.mark.parametrize(
    ("instance_type", "accepted", "expected", "why"),
    [
        ("ml.c6i.xlarge", 1.0, "int8", "accepted the int8 form"),
        ("ml.c6i.xlarge", 0.0, "float32", "accepted no int8 form"),
        ("ml.c6i.xlarge", None, "float32", "accepted no int8 form"),
        ("ml.c5.xlarge", 1.0, "float32", "endpoint.instance_type ml.c5.xlarge may run on"),
    ],
)
def test_a_model_is_registered_in_the_precision_of_its_evaluation(
    run: TrainingRun, instance_type: str, accepted: float | None, expected: str, why: str
) -> None:
    """Otherwise each server's processor chooses, and another model serves than was evaluated."""
    run.push_image("first")
    run.pipeline = merch_on(instance_type)
    metrics = {} if accepted is None else {"int8:accepted": accepted}
    planned = run.call("plan")
    prepared = run.call("prepare", planned["lineage"], {**TRAINED, "metrics": metrics})
    assert why in run.pushed["reason"]
    environment = {"SERVING_PRECISION": expected}
    assert prepared["model"]["config"]["PrimaryContainer"]["Environment"] == environment
    arguments = prepared["evaluate"]["config"]["AppSpecification"]["ContainerArguments"]
    assert arguments[-2:] == ["--serving-precision", expected]
    registered = run.register(planned, prepared)
    package = run.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    (container,) = package["InferenceSpecification"]["Containers"]
    assert container["Environment"] == environment
    assert package["CustomerMetadataProperties"]["serving_precision"] == expected


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [({"calibration:temperature": 1.3120000362396240}, ["--temperature", "1.312"]), ({}, [])],
)
def test_the_evaluation_knows_the_temperature_of_the_training(
    run: TrainingRun, metrics: dict[str, float], expected: list[str]
) -> None:
    """A training of an earlier image, or of the built-in algorithm, has no such metric."""
    run.push_image("first")
    planned = run.call("plan")
    prepared = run.call("prepare", planned["lineage"], {**TRAINED, "metrics": metrics})
    arguments = prepared["evaluate"]["config"]["AppSpecification"]["ContainerArguments"]
    assert arguments[arguments.index("--serving-precision") + 2 :] == expected


def test_a_cleared_prepare_creates_another_model_and_package_if_the_precision_changed(
    run: TrainingRun,
) -> None:
    """Otherwise the first model's name is taken, and the package keeps the other container."""
    run.push_image("first")
    planned = run.call("plan")
    models, containers = [], []
    for instance_type in ("ml.c6i.xlarge", "ml.c5.xlarge", "ml.c6i.xlarge"):
        run.pipeline = merch_on(instance_type)
        prepared = run.call("prepare", planned["lineage"], TRAINED)
        model = prepared["model"]["config"]
        assert prepared["transform"]["config"]["ModelName"] == model["ModelName"]
        assert model["ModelName"].startswith("merch-")
        models.append(model["ModelName"])
        package = run.register(planned, prepared)["package"]
        described = run.sagemaker.describe_model_package(ModelPackageName=package)
        (container,) = described["InferenceSpecification"]["Containers"]
        assert container["Environment"] == model["PrimaryContainer"]["Environment"]
        facts = described["CustomerMetadataProperties"]
        assert facts["serving_precision"] == container["Environment"]["SERVING_PRECISION"]
        containers.append(package)
    assert models[0] == models[2] != models[1]
    assert containers[0] == containers[2] != containers[1]


def test_the_built_in_algorithm_has_no_serving_precision(run: TrainingRun) -> None:
    run.push_image("first")
    planned = run.call("plan")
    built_in = run.pipeline.training.model_copy(update={"algorithm": "built-in"})
    run.pipeline = run.pipeline.model_copy(update={"training": built_in})
    prepared = run.call("prepare", planned["lineage"], TRAINED)
    assert "Environment" not in prepared["model"]["config"]["PrimaryContainer"]
    registered = run.register(planned, prepared)
    package = run.sagemaker.describe_model_package(ModelPackageName=registered["package"])
    assert "serving_precision" not in package["CustomerMetadataProperties"]
