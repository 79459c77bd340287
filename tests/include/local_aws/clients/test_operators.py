"""The Amazon provider's SageMaker operators, unmodified, deferred and not deferred."""

import functools
from typing import Any

import pytest
from airflow.providers.amazon.aws.operators.sagemaker import (
    SageMakerDeleteModelOperator,
    SageMakerEndpointConfigOperator,
    SageMakerEndpointOperator,
    SageMakerModelOperator,
    SageMakerProcessingOperator,
    SageMakerRegisterModelVersionOperator,
    SageMakerTrainingOperator,
    SageMakerTransformOperator,
)
from botocore.exceptions import ClientError, WaiterError

from tests.include.local_aws.clients.airflow_tasks import run
from tests.include.local_aws.clients.configs import COMPUTE, Configs
from tests.include.local_aws.local_server import IMAGE, ROLE, LocalServer, unique_name

_OPERATORS: dict[str, Any] = {
    "training": functools.partial(SageMakerTrainingOperator, print_log=False),
    "processing": SageMakerProcessingOperator,
    "transform": SageMakerTransformOperator,
}
_WAITING_AND_DEFERRED = pytest.mark.parametrize(
    "deferrable", [False, True], ids=["waiting", "deferred"]
)
pytestmark = pytest.mark.usefixtures("airflow_connection")


def _job(kind: str, config: Any, deferrable: bool) -> Any:
    return _OPERATORS[kind](
        task_id=kind,
        config=config,
        deferrable=deferrable,
        check_interval=0.2,
        max_attempts=300,
    )


@_WAITING_AND_DEFERRED
@pytest.mark.conformance("CreateTrainingJob", "CreateProcessingJob", "CreateTransformJob")
def test_the_job_operators_return_the_completed_job(configs: Configs, deferrable: bool) -> None:
    for kind in _OPERATORS:
        done = run(_job(kind, configs.job(kind), deferrable))[kind.title()]
        assert done[f"{kind.title()}JobStatus"] == "Completed"


@_WAITING_AND_DEFERRED
@pytest.mark.conformance("DescribeTrainingJob", "DescribeProcessingJob", "DescribeTransformJob")
def test_the_job_operators_fail_with_the_jobs_reason(configs: Configs, deferrable: bool) -> None:
    reason = {"training": "no wheels", "processing": "nothing to copy", "transform": "not an image"}
    for kind in _OPERATORS:
        with pytest.raises(Exception, match=reason[kind]):
            run(_job(kind, configs.job(kind, "fail"), deferrable))


@pytest.mark.conformance("CreateProcessingJob", "DescribeProcessingJob")
def test_a_job_operator_uses_another_name_if_its_name_is_taken(configs: Configs) -> None:
    config = configs.job("processing")
    config["ProcessingJobName"] = taken = configs.create("processing")
    done = run(_job("processing", config, deferrable=True))["Processing"]
    assert done["ProcessingJobName"].startswith(f"{taken}-")


@pytest.mark.conformance("CreateModel", "DescribeModel", "DeleteModel")
def test_the_model_operators_create_and_delete(aws: LocalServer) -> None:
    name = unique_name("model")
    config = {
        "ModelName": name,
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": aws.artifact()},
    }
    created = run(SageMakerModelOperator(task_id="model", config=dict(config)))["Model"]
    assert created["ModelArn"].endswith(f":model/{name}")
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        run(SageMakerModelOperator(task_id="again", config=dict(config)))
    run(SageMakerDeleteModelOperator(task_id="delete", config={"ModelName": name}))
    with pytest.raises(ClientError, match="Could not find model"):
        run(SageMakerDeleteModelOperator(task_id="gone", config={"ModelName": name}))


@pytest.mark.conformance("CreateEndpointConfig", "DescribeEndpointConfig")
def test_the_endpoint_config_operator_creates_once(aws: LocalServer) -> None:
    config = _endpoint_config(aws.model())
    created = run(SageMakerEndpointConfigOperator(task_id="config", config=dict(config)))
    assert created["EndpointConfig"]["ProductionVariants"][0]["VariantName"] == "all"
    with pytest.raises(ClientError, match="Cannot create already existing endpoint config"):
        run(SageMakerEndpointConfigOperator(task_id="again", config=dict(config)))


@_WAITING_AND_DEFERRED
@pytest.mark.conformance("CreateEndpoint", "UpdateEndpoint", "DescribeEndpoint")
def test_the_endpoint_operator_creates_and_then_updates(aws: LocalServer, deferrable: bool) -> None:
    """The operator updates when SageMaker's message says that the endpoint exists."""
    name = unique_name("endpoint")
    for model in (aws.model(VERSION="1"), aws.model(VERSION="2")):
        config = _endpoint_config(model)
        request = {
            "EndpointConfig": config,
            "Endpoint": {
                "EndpointName": name,
                "EndpointConfigName": config["EndpointConfigName"],
            },
        }
        endpoint = run(_endpoint(request, deferrable))["Endpoint"]
        assert endpoint["EndpointStatus"] == "InService"
        assert endpoint["EndpointConfigName"] == config["EndpointConfigName"]
    assert aws.invoke(name, b"1")["version"] == "2"


@_WAITING_AND_DEFERRED
@pytest.mark.conformance("CreateEndpoint", "DescribeEndpoint")
def test_the_endpoint_operator_fails_if_no_container_starts(
    aws: LocalServer, deferrable: bool
) -> None:
    config = {"EndpointName": unique_name("endpoint")}
    config["EndpointConfigName"] = aws.config(aws.model(DIES_AT_START="1"))
    failure = Exception if deferrable else WaiterError
    with pytest.raises(failure, match=r"(?i)failed|did not pass the ping health check"):
        run(_endpoint(config, deferrable))


@pytest.mark.conformance("CreateModelPackageGroup", "CreateModelPackage", "DeleteModelPackageGroup")
def test_the_register_operator_creates_its_group_and_deletes_it_after_a_failure(
    aws: LocalServer,
) -> None:
    def register(group: str, **extras: Any) -> Any:
        task = SageMakerRegisterModelVersionOperator(
            task_id="task",
            image_uri=IMAGE,
            model_url=aws.artifact(),
            package_group_name=group,
            extras=extras or None,
        )
        return run(task)

    group = unique_name("group")
    assert [register(group).rpartition("/")[2] for _ in range(2)] == ["1", "2"]
    failing = unique_name("group")
    with pytest.raises(ClientError, match="ValidationException"):
        register(failing, ModelApprovalStatus="Perhaps")
    with pytest.raises(ClientError, match="does not exist"):
        aws.sagemaker.describe_model_package_group(ModelPackageGroupName=failing)


def _endpoint(config: Any, deferrable: bool) -> Any:
    interval: Any = 0.2
    return SageMakerEndpointOperator(
        task_id="endpoint", config=config, deferrable=deferrable, check_interval=interval
    )


def _endpoint_config(model: str) -> dict[str, Any]:
    variant = {"VariantName": "all", "ModelName": model, "InitialInstanceCount": 1}
    return {
        "EndpointConfigName": unique_name("config"),
        "ProductionVariants": [{**variant, "InstanceType": COMPUTE["InstanceType"]}],
    }
