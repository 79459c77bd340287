"""The operators for models and endpoints."""

from typing import Any

import pytest
from botocore.stub import Stubber

from sagemaker_jobs import (
    EndpointChanged,
    SageMakerDeployEndpointOperator,
    SageMakerEnsureEndpointConfigOperator,
    SageMakerEnsureModelOperator,
)
from tests.plugins.sagemaker_jobs.descriptions import ACCOUNT, context, endpoint
from tests.plugins.sagemaker_jobs.tasks import run, with_client

CONFIG = {"EndpointName": "cars", "EndpointConfigName": "new"}


def test_deploy_returns_the_operation_and_the_request(sagemaker: Stubber, client: Any) -> None:
    sagemaker.add_response("describe_endpoint", endpoint("InService", "new"))
    deploy = SageMakerDeployEndpointOperator(task_id="deploy", request={"config": CONFIG})
    assert run(with_client(deploy, client), context=context()) == {
        "endpoint_name": "cars",
        "endpoint_config_name": "new",
        "operation": "none",
        "request": {"config": CONFIG},
    }


def test_deploy_does_not_change_an_endpoint_that_changed_since_the_plan(
    sagemaker: Stubber, client: Any
) -> None:
    """Else a rollback that was planned before an update would undo that update."""
    sagemaker.add_response("describe_endpoint", endpoint("InService", "third"))
    request = {"config": CONFIG, "replaces": "old"}
    deploy = SageMakerDeployEndpointOperator(task_id="deploy", request=request)
    with pytest.raises(EndpointChanged, match="it serves third, but the plan was to replace old"):
        run(with_client(deploy, client), context=context())


@pytest.mark.parametrize(
    ("operator", "resource", "result"),
    [
        (SageMakerEnsureModelOperator, "Model", "model_name"),
        (SageMakerEnsureEndpointConfigOperator, "EndpointConfig", "endpoint_config_name"),
    ],
)
def test_ensure_returns_the_name_and_the_arn(
    sagemaker: Stubber, client: Any, operator: type[Any], resource: str, result: str
) -> None:
    call = {"Model": "model", "EndpointConfig": "endpoint_config"}[resource]
    role = {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/service/Jobs"}
    config: dict[str, Any] = {f"{resource}Name": "cars-1", **(role if resource == "Model" else {})}
    if resource == "EndpointConfig":
        config = {**config, "ProductionVariants": [{"VariantName": "all", "ModelName": "cars-1"}]}
    sagemaker.add_client_error(f"describe_{call}", "ValidationException", "Could not find it.")
    arn = f"{ACCOUNT}:{call.replace('_', '-')}/cars-1"
    sagemaker.add_response(f"create_{call}", {f"{resource}Arn": arn}, config)
    ensure = operator(task_id="ensure", request={"config": config})
    assert run(with_client(ensure, client), context=context()) == {result: "cars-1", "arn": arn}


def test_a_request_without_config_is_an_error() -> None:
    ensure = SageMakerEnsureModelOperator(task_id="ensure", request={})
    with pytest.raises(ValueError, match="task ensure: the request has no config"):
        run(ensure, context=context())
