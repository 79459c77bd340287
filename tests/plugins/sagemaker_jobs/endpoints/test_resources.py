"""Models and endpoint configurations are created once and reused if they are equal."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from sagemaker_jobs.endpoints.resources import ENDPOINT_CONFIG, MODEL, ensure_resource
from sagemaker_jobs.errors import PermanentAwsError, ResourceConflict
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, STARTED

CONFIG = {
    "ModelName": "cars-1",
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
    "PrimaryContainer": {"ModelPackageName": "arn:package/1"},
    "Tags": [{"Key": "team", "Value": "cars"}],
}
ARN = f"{ACCOUNT}:model/cars-1"


def found(**fields: Any) -> dict[str, Any]:
    return {
        "ModelName": "cars-1",
        "ModelArn": ARN,
        "CreationTime": STARTED,
        "ExecutionRoleArn": CONFIG["ExecutionRoleArn"],
        # AWS adds default values to the request.
        "PrimaryContainer": {"ModelPackageName": "arn:package/1", "Mode": "SingleModel"},
        **fields,
    }


def missing(stubber: Stubber) -> None:
    stubber.add_client_error("describe_model", "ValidationException", 'Could not find model "x".')


def test_a_missing_model_is_created(client: Any, sagemaker: Stubber) -> None:
    missing(sagemaker)
    sagemaker.add_response("create_model", {"ModelArn": ARN}, CONFIG)
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, True)


def test_an_equal_model_is_reused(client: Any, sagemaker: Stubber) -> None:
    sagemaker.add_response("describe_model", found(), {"ModelName": "cars-1"})
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, False)


def test_other_content_is_a_conflict(client: Any, sagemaker: Stubber) -> None:
    other = found(PrimaryContainer={"ModelPackageName": "arn:package/2"})
    sagemaker.add_response("describe_model", other)
    with pytest.raises(ResourceConflict, match=r"model cars-1 .* another PrimaryContainer"):
        ensure_resource(client, MODEL, CONFIG)


def test_a_model_that_another_process_has_created_is_reused(
    client: Any, sagemaker: Stubber
) -> None:
    missing(sagemaker)
    sagemaker.add_client_error(
        "create_model", "ValidationException", 'Cannot create already existing model "cars-1".'
    )
    sagemaker.add_response("describe_model", found())
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, False)


@pytest.mark.parametrize(
    ("code", "fix"),
    [("ValidationException", "fix the request"), ("AccessDenied", "this permission")],
)
def test_a_permanent_error_names_the_call_the_code_and_the_fix(
    client: Any, sagemaker: Stubber, code: str, fix: str
) -> None:
    missing(sagemaker)
    sagemaker.add_client_error("create_model", code, "Could not access model data.")
    message = (
        rf"model cars-1: AWS refused CreateModel \({code}\): Could not access model data: .*{fix}"
    )
    with pytest.raises(PermanentAwsError, match=message):
        ensure_resource(client, MODEL, CONFIG)


def test_a_throttled_call_is_retryable(client: Any, sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_model", "ThrottlingException", "Rate exceeded")
    with pytest.raises(ClientError, match="Rate exceeded"):
        ensure_resource(client, MODEL, CONFIG)


@pytest.mark.parametrize(("weight", "equal"), [(1.0, True), (0.5, False)])
def test_each_field_of_a_variant_is_compared(
    client: Any, sagemaker: Stubber, weight: float, equal: bool
) -> None:
    variant = {"VariantName": "all", "ModelName": "cars-1", "InitialVariantWeight": 1}
    arn = f"{ACCOUNT}:endpoint-config/cars-1"
    sagemaker.add_response(
        "describe_endpoint_config",
        {
            "EndpointConfigName": "cars-1",
            "EndpointConfigArn": arn,
            "CreationTime": STARTED,
            "ProductionVariants": [{**variant, "InitialVariantWeight": weight}],
        },
    )
    config = {"EndpointConfigName": "cars-1", "ProductionVariants": [variant]}
    if equal:
        assert ensure_resource(client, ENDPOINT_CONFIG, config) == (arn, False)
    else:
        with pytest.raises(ResourceConflict, match="ProductionVariants"):
            ensure_resource(client, ENDPOINT_CONFIG, config)
