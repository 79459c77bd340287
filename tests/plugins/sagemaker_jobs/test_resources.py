"""Models and endpoint configurations are created once, reused when equal, never mistaken."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from sagemaker_jobs.errors import ResourceConflict
from sagemaker_jobs.resources import ENDPOINT_CONFIG, MODEL, ensure_resource
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, STARTED

CONFIG = {
    "ModelName": "cars-1",
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/service/Jobs",
    "PrimaryContainer": {"ModelPackageName": "arn:package/1"},
    "Tags": [{"Key": "team", "Value": "cars"}],
}
ARN = f"{ACCOUNT}:model/cars-1"


def found(**more: Any) -> dict[str, Any]:
    return {
        "ModelName": "cars-1",
        "ModelArn": ARN,
        "CreationTime": STARTED,
        "ExecutionRoleArn": CONFIG["ExecutionRoleArn"],
        # AWS adds defaults of its own to what was asked for.
        "PrimaryContainer": {"ModelPackageName": "arn:package/1", "Mode": "SingleModel"},
        **more,
    }


def missing(stubber: Stubber) -> None:
    stubber.add_client_error("describe_model", "ValidationException", 'Could not find model "x".')


def test_what_is_absent_is_created(client: Any, sagemaker: Stubber) -> None:
    missing(sagemaker)
    sagemaker.add_response("create_model", {"ModelArn": ARN}, CONFIG)
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, True)


def test_what_is_equal_is_reused(client: Any, sagemaker: Stubber) -> None:
    sagemaker.add_response("describe_model", found(), {"ModelName": "cars-1"})
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, False)


def test_another_content_under_the_name_is_a_conflict(client: Any, sagemaker: Stubber) -> None:
    other = found(PrimaryContainer={"ModelPackageName": "arn:package/2"})
    sagemaker.add_response("describe_model", other)
    with pytest.raises(ResourceConflict, match=r"model cars-1 .* another PrimaryContainer"):
        ensure_resource(client, MODEL, CONFIG)


def test_a_lost_race_reuses_the_winners(client: Any, sagemaker: Stubber) -> None:
    missing(sagemaker)
    sagemaker.add_client_error(
        "create_model", "ValidationException", 'Cannot create already existing model "cars-1".'
    )
    sagemaker.add_response("describe_model", found())
    assert ensure_resource(client, MODEL, CONFIG) == (ARN, False)


def test_a_refusal_is_told_as_it_is(client: Any, sagemaker: Stubber) -> None:
    missing(sagemaker)
    sagemaker.add_client_error("create_model", "ValidationException", "Could not access model data")
    with pytest.raises(ClientError, match="Could not access model data"):
        ensure_resource(client, MODEL, CONFIG)


@pytest.mark.parametrize(("weight", "equal"), [(1.0, True), (0.5, False)])
def test_variants_are_compared_one_by_one(
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
