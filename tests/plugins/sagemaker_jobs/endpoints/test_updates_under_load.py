"""Five updates of an endpoint under load, one of them with a broken model.

A successful task means that the new model serves, a failed task that the former model serves, and
every request in between is answered.
"""

from typing import Any

import pytest

from sagemaker_jobs import (
    EndpointNotUpdated,
    SageMakerDeployEndpointOperator,
    SageMakerEndpointStatusSensor,
)
from tests.include.local_aws.clients.airflow_tasks import run
from tests.include.local_aws.invoking import Client, invoking
from tests.include.local_aws.local_server import LocalServer

GOOD = ("one", "two", "three", "four")


def update(endpoint: str, config: str) -> dict[str, Any]:
    """Deploy a configuration and wait, as the tasks `deploy` and `track_endpoint` do."""
    request = {"config": {"EndpointName": endpoint, "EndpointConfigName": config}}
    deployed = run(SageMakerDeployEndpointOperator(task_id="deploy", request=request))
    return dict(
        run(SageMakerEndpointStatusSensor(task_id="track", endpoint=deployed, poll_interval=0.2))
    )


def config(aws: LocalServer, **environment: str) -> str:
    return aws.config(aws.model(**environment), count=2)


def test_no_request_fails_and_a_rollback_is_reported(aws: LocalServer) -> None:
    endpoint = aws.endpoint(config(aws, VERSION="start"))
    with invoking(aws, endpoint) as client:
        for version in GOOD[:2]:
            deploy_version(aws, client, endpoint, version)
        serving = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        with pytest.raises(EndpointNotUpdated, match=f"was rolled back: it serves {serving}"):
            update(endpoint, config(aws, VERSION="bad", DIES_AT_START="1"))
        assert set(client.next(3)) == {"two"}
        for version in GOOD[2:]:
            deploy_version(aws, client, endpoint, version)
    assert client.errors == []
    assert "bad" not in client.versions
    assert list(dict.fromkeys(client.versions)) == ["start", *GOOD]


def deploy_version(aws: LocalServer, client: Client, endpoint: str, version: str) -> None:
    new_config = config(aws, VERSION=version)
    served = update(endpoint, new_config)
    assert (served["endpoint_config_name"], served["status"]) == (new_config, "InService")
    assert served["operation"] == "update"
    assert set(client.next(3)) == {version}
