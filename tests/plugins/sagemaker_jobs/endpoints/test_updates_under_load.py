"""Five updates of an endpoint under load by the project's own tasks, one of a model that is broken.

Protects what a person on call relies on: a green task means that the new model serves, a red one
that the old one does, and that nobody who asked meanwhile got no answer.
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


def test_no_request_fails_and_each_end_is_told_as_it_is(aws: LocalServer) -> None:
    endpoint = aws.endpoint(config(aws, VERSION="start"))
    with invoking(aws, endpoint) as client:
        for version in GOOD[:2]:
            bring_in(aws, client, endpoint, version)
        serving = aws.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        with pytest.raises(EndpointNotUpdated, match=f"was rolled back: it serves {serving}"):
            update(endpoint, config(aws, VERSION="bad", DIES_AT_START="1"))
        assert set(client.next(3)) == {"two"}
        for version in GOOD[2:]:
            bring_in(aws, client, endpoint, version)
    assert client.errors == []
    assert "bad" not in client.versions
    assert list(dict.fromkeys(client.versions)) == ["start", *GOOD]


def bring_in(aws: LocalServer, client: Client, endpoint: str, version: str) -> None:
    wanted = config(aws, VERSION=version)
    served = update(endpoint, wanted)
    assert (served["endpoint_config_name"], served["status"]) == (wanted, "InService")
    assert served["operation"] == "update"
    assert set(client.next(3)) == {version}
