"""boto3's waiters succeed and fail as with SageMaker."""

import pytest
from botocore.exceptions import WaiterError

from tests.include.local_aws.clients.configs import KINDS, Configs
from tests.include.local_aws.local_server import LocalServer, unique_name
from tests.waiting import LONG

_QUICK = {"Delay": 0.1, "MaxAttempts": int(10 * LONG)}


def _wait(aws: LocalServer, kind: str, name: str) -> str:
    """Wait for a job and return its status."""
    named = {f"{kind.capitalize()}JobName": name}
    waiter = aws.sagemaker.get_waiter(f"{kind}_job_completed_or_stopped")
    waiter.wait(**named, WaiterConfig=_QUICK)
    described = getattr(aws.sagemaker, f"describe_{kind}_job")(**named)
    return str(described[f"{kind.capitalize()}JobStatus"])


@pytest.mark.conformance("DescribeTrainingJob", "DescribeProcessingJob", "DescribeTransformJob")
def test_a_jobs_waiter_passes_for_completed_and_stopped_and_fails_for_failed_and_missing(
    aws: LocalServer, configs: Configs
) -> None:
    ends = ("done", "fail", "stop")
    names = {(kind, end): configs.create(kind, end) for kind in KINDS for end in ends}
    for kind in KINDS:
        configs.stop(kind, names[kind, "stop"])
        assert _wait(aws, kind, names[kind, "done"]) == "Completed"
        assert _wait(aws, kind, names[kind, "stop"]) == "Stopped"
        with pytest.raises(WaiterError, match='we matched expected path: "Failed"'):
            _wait(aws, kind, names[kind, "fail"])
        with pytest.raises(WaiterError, match="ValidationException"):
            _wait(aws, kind, "no-such-job")


@pytest.mark.conformance("DescribeEndpoint", "CreateEndpoint", "DeleteEndpoint")
def test_the_endpoint_waiters_pass_when_it_serves_and_when_it_is_gone(aws: LocalServer) -> None:
    name = unique_name("endpoint")
    config = aws.config(aws.model())
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    named = {"EndpointName": name, "WaiterConfig": _QUICK}
    aws.sagemaker.get_waiter("endpoint_in_service").wait(**named)
    assert aws.invoke(name, b"1")["length"] == 1
    aws.sagemaker.delete_endpoint(EndpointName=name)
    aws.sagemaker.get_waiter("endpoint_deleted").wait(**named)
    with pytest.raises(WaiterError, match="ValidationException"):
        aws.sagemaker.get_waiter("endpoint_in_service").wait(**named)


@pytest.mark.conformance("DescribeEndpoint", "CreateEndpoint")
def test_the_endpoint_waiters_fail_for_an_endpoint_that_cannot_start(aws: LocalServer) -> None:
    name = unique_name("endpoint")
    config = aws.config(aws.model(DIES_AT_START="1"))
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    named = {"EndpointName": name, "WaiterConfig": _QUICK}
    for waiter in ("endpoint_in_service", "endpoint_deleted"):
        with pytest.raises(WaiterError, match='we matched expected path: "Failed"') as failed:
            aws.sagemaker.get_waiter(waiter).wait(**named)
        assert "did not pass the ping health check" in failed.value.last_response["FailureReason"]
