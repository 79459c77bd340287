"""Model packages: limits of metadata, and instance types."""

from functools import cache
from typing import Any

import botocore.session

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline
from include.service_model.violations import find_violations


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def package(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return a package's request, with a verdict that is long and has odd characters."""
    lineage = {"training_job": "j", "top1": 0.5, "reason": "0.5, (50 %) « \n" + "x" * 300}
    return make.package_request(
        pipeline,
        {"Image": deployment.image_uri, "ModelDataUrl": "s3://some-bucket/x/model.tar.gz"},
        "Approved",
        "s3://some-bucket/x/evaluation.json",
        lineage,
    )


def test_a_package_is_valid_with_any_verdict(cars: Pipeline, deployment: Deployment) -> None:
    shape = service().operation_model("CreateModelPackage").input_shape
    assert list(find_violations(shape, package(cars, deployment))) == []


def test_a_package_lists_the_instance_types_of_each_use(
    cars: Pipeline, deployment: Deployment
) -> None:
    small = cars.endpoint.model_copy(update={"instance_type": "ml.c5.large"})
    request = package(cars.model_copy(update={"endpoint": small}), deployment)
    shape = service().operation_model("CreateModelPackage").input_shape
    assert list(find_violations(shape, request)) == []
    inference = request["InferenceSpecification"]
    assert inference["SupportedRealtimeInferenceInstanceTypes"] == ["ml.c5.large"]
    assert inference["SupportedTransformInstanceTypes"] == ["ml.c5.xlarge"]
