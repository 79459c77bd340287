"""The Amazon provider's SageMaker sensors and hook, unmodified."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.sensors.sagemaker import (
    SageMakerEndpointSensor,
    SageMakerProcessingSensor,
    SageMakerTrainingSensor,
    SageMakerTransformSensor,
)

from tests.include.local_aws.clients.airflow_tasks import run
from tests.include.local_aws.clients.configs import KINDS, Configs
from tests.include.local_aws.local_server import LocalServer, unique_name

_SENSORS: dict[str, Any] = {
    "training": SageMakerTrainingSensor,
    "processing": SageMakerProcessingSensor,
    "transform": SageMakerTransformSensor,
}
_ENDPOINT: Any = SageMakerEndpointSensor
_HOOK: Any = SageMakerHook
pytestmark = pytest.mark.usefixtures("airflow_connection")


def _sensor(kind: str, name: str, **fields: Any) -> Any:
    return _SENSORS[kind](task_id=kind, job_name=name, poke_interval=0.1, timeout=60, **fields)


@pytest.mark.conformance("DescribeTrainingJob", "DescribeProcessingJob", "DescribeTransformJob")
def test_a_job_sensor_passes_for_completed_and_fails_for_failed(configs: Configs) -> None:
    for kind in KINDS:
        fields = {"print_log": False} if kind == "training" else {}
        run(_sensor(kind, configs.create(kind), **fields))
        with pytest.raises(Exception, match="failed for the following reason"):
            run(_sensor(kind, configs.create(kind, "fail"), **fields))


@pytest.mark.conformance("DescribeTrainingJob", "DescribeLogStreams", "GetLogEvents")
def test_the_training_sensor_prints_the_jobs_log(
    aws: LocalServer, configs: Configs, log_lines: Callable[[Any], list[str]]
) -> None:
    name = configs.create("training")
    aws.wait_for_job("training", name)
    sensor = _sensor("training", name)
    lines = log_lines(sensor.hook)
    run(sensor)
    assert "Epoch[1] Validation-accuracy=0.6" in lines


@pytest.mark.conformance("DescribeEndpoint")
def test_the_endpoint_sensor_passes_in_service_and_fails_with_the_reason(aws: LocalServer) -> None:
    def sensor(name: str) -> Any:
        timing: dict[str, Any] = {"poke_interval": 0.1, "timeout": 60}
        return _ENDPOINT(task_id="endpoint", endpoint_name=name, **timing)

    run(sensor(aws.endpoint(aws.config(aws.model()))))
    failing = unique_name("endpoint")
    config = aws.config(aws.model(DIES_AT_START="1"))
    aws.sagemaker.create_endpoint(EndpointName=failing, EndpointConfigName=config)
    with pytest.raises(Exception, match="did not pass the ping health check"):
        run(sensor(failing))


@pytest.mark.conformance("ListTrainingJobs", "ListProcessingJobs", "ListTransformJobs")
def test_the_hook_lists_the_jobs_that_it_filters_for(aws: LocalServer, configs: Configs) -> None:
    hook = _HOOK()
    for kind in KINDS:
        name = configs.create(kind)
        aws.wait_for_job(kind, name)
        found = getattr(hook, f"list_{kind}_jobs")(NameContains=name, StatusEquals="Completed")
        assert [summary[f"{kind.title()}JobName"] for summary in found] == [name]
    assert hook.count_processing_jobs_by_name("process-of-nobody") == 0
