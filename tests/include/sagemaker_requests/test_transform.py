"""Requests of batch transform jobs: averaging with mirror images."""

import pytest

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline, find_pipeline


@pytest.fixture
def averaging() -> Pipeline:
    pipeline = find_pipeline("stanford_cars", "local")
    batch = pipeline.batch.model_copy(update={"flip_average": True})
    return pipeline.model_copy(update={"batch": batch})


def test_predictions_are_not_averaged_by_default(cars: Pipeline, deployment: Deployment) -> None:
    request = make.batch_transform_request(cars, deployment, "b1", "model-1", "int8")
    assert "Environment" not in request["config"]


def test_the_evaluation_is_not_averaged(averaging: Pipeline, deployment: Deployment) -> None:
    """It measures the model as the endpoint serves it."""
    request = make.evaluation_transform_request(averaging, deployment, "j1", "d1", "model-1")
    assert "Environment" not in request["config"]
    source = request["config"]["TransformInput"]["DataSource"]["S3DataSource"]
    assert source["S3Uri"].endswith("/stanford_cars/dataset/versions/d1/test.manifest")


@pytest.mark.parametrize(
    ("precision", "expected"), [("int8", {"SERVING_PRECISION": "int8"}), (None, {})]
)
def test_a_batchs_job_averages_in_the_precision_of_its_model(
    averaging: Pipeline, deployment: Deployment, precision: str | None, expected: dict[str, str]
) -> None:
    request = make.batch_transform_request(averaging, deployment, "b1", "model-1", precision)
    assert request["config"]["Environment"] == {"FLIP_AVERAGE": "true", **expected}
