"""No request, however odd, makes the API fail itself, and no answer breaks the service model."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.local_aws.api.sagemaker import OPERATIONS, SageMaker
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.store import Store
from tests.include.local_aws.answers import faults
from tests.include.local_aws.api.odd_requests import MODEL, OddRequests, first_requests

_NAMES = sorted(OPERATIONS)


class _Idle:
    """Stands for the queue and the endpoints: what is asked of them is not done."""

    def variants(self, config: dict[str, Any]) -> list[dict[str, Any]]:
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


@pytest.fixture
def api(tmp_path: Path) -> Iterator[SageMaker]:
    store = Store(tmp_path / "state.sqlite")
    objects = SimpleNamespace(any_under=lambda uri: True)
    machine = SimpleNamespace(
        store=store, objects=objects, settings=SimpleNamespace(work=tmp_path), images=_Idle()
    )
    idle = cast(Any, _Idle())
    api = SageMaker(Services(cast(Any, machine), jobs=idle, endpoints=idle))
    for operation, request in first_requests("a"):
        api.call(operation, request)
    yield api
    store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_requests_of_any_kind_are_answered_or_refused(api: SageMaker, seed: int) -> None:
    odd = OddRequests(seed)
    for _ in range(50):
        operation = odd.pick(_NAMES)
        request = odd.request(operation)
        try:
            answer = api.call(operation, request)
        except ApiError:
            continue
        shape = MODEL.operation_model(operation).output_shape
        as_sent = json.loads(json.dumps(answer, allow_nan=False))
        found = faults(shape, as_sent) if shape else answer
        assert not found, f"{operation} {request}: {as_sent}"


def test_a_cluster_of_instance_groups_is_refused_by_name(api: SageMaker) -> None:
    """The service model no longer requires a count: it made the server fail."""
    requests = dict(first_requests("new"))
    for operation, place in [
        ("CreateTrainingJob", ("ResourceConfig",)),
        ("CreateProcessingJob", ("ProcessingResources", "ClusterConfig")),
    ]:
        inside = functools.reduce(dict.__getitem__, place, requests[operation])
        inside.pop("InstanceCount", None)
        with pytest.raises(ApiError, match="InstanceCount"):
            api.call(operation, requests[operation])


def test_what_a_request_leaves_out_is_described_as_sagemaker_fills_it_in(api: SageMaker) -> None:
    job = api.call("DescribeProcessingJob", {"ProcessingJobName": "a"})
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    job = api.call("DescribeTrainingJob", {"TrainingJobName": "a"})
    assert job["EnableManagedSpotTraining"] is False


def test_a_token_of_another_order_or_of_none_is_refused(api: SageMaker) -> None:
    page = {"MaxResults": 1, "SortBy": "Name"}
    for operation, request in first_requests("b")[:1]:
        api.call(operation, request)
    token = api.call("ListModels", page)["NextToken"]
    assert api.call("ListModels", {**page, "NextToken": token})["Models"][0]["ModelName"] == "a"
    for wrong in ({"SortBy": "CreationTime", "NextToken": token}, {"NextToken": "bnVsbA=="}):
        with pytest.raises(ApiError, match="pagination token is invalid"):
            api.call("ListModels", wrong)


def test_filters_for_what_no_job_here_has_find_none(api: SageMaker) -> None:
    assert api.call("ListTrainingJobs", {})["TrainingJobSummaries"]
    found = api.call("ListTrainingJobs", {"WarmPoolStatusEquals": "Available"})
    assert found == {"TrainingJobSummaries": []}


def test_tags_come_in_pages(api: SageMaker) -> None:
    arn = api.call("DescribeModel", {"ModelName": "a"})["ModelArn"]
    for start in (0, 40):
        tags = [{"Key": f"{n:03}", "Value": ""} for n in range(start, start + 40)]
        api.call("AddTags", {"ResourceArn": arn, "Tags": tags})
    first = api.call("ListTags", {"ResourceArn": arn, "MaxResults": 50})
    rest = api.call("ListTags", {"ResourceArn": arn, "NextToken": first["NextToken"]})
    assert "NextToken" not in rest
    assert [t["Key"] for t in first["Tags"] + rest["Tags"]] == [f"{n:03}" for n in range(80)]
