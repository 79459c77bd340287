"""No request causes an internal error, and no response breaks the service model."""

import functools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.local_aws.api.sagemaker import OPERATIONS, SageMaker
from include.local_aws.errors import ApiError
from include.local_aws.store import Store
from tests.include.local_aws.answers import find_faults
from tests.include.local_aws.api.odd_requests import MODEL, OddRequests, first_requests

_NAMES = sorted(OPERATIONS)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_generated_requests_are_answered_or_refused(api: SageMaker, seed: int) -> None:
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
        found = find_faults(shape, as_sent) if shape else answer
        assert not found, f"{operation} {request}: {as_sent}"


@pytest.mark.conformance("CreateTrainingJob", "CreateProcessingJob")
def test_a_request_without_instance_count_is_refused(api: SageMaker) -> None:
    """The service model does not require InstanceCount, which once caused an internal error."""
    requests = dict(first_requests("new"))
    for operation, place in [
        ("CreateTrainingJob", ("ResourceConfig",)),
        ("CreateProcessingJob", ("ProcessingResources", "ClusterConfig")),
    ]:
        inside = functools.reduce(dict.__getitem__, place, requests[operation])
        inside.pop("InstanceCount", None)
        with pytest.raises(ApiError, match="InstanceCount"):
            api.call(operation, requests[operation])


@pytest.mark.conformance("DescribeProcessingJob", "DescribeTrainingJob")
def test_describe_shows_sagemakers_defaults(api: SageMaker) -> None:
    job = api.call("DescribeProcessingJob", {"ProcessingJobName": "a"})
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    job = api.call("DescribeTrainingJob", {"TrainingJobName": "a"})
    assert job["EnableManagedSpotTraining"] is False
    assert job["OutputDataConfig"]["KmsKeyId"] == ""  # the SDK 2.x needs it to attach


@pytest.mark.conformance("ListModels")
def test_a_token_of_another_order_or_an_invalid_token_is_refused(api: SageMaker) -> None:
    page = {"MaxResults": 1, "SortBy": "Name"}
    for operation, request in first_requests("b")[:1]:
        api.call(operation, request)
    token = api.call("ListModels", page)["NextToken"]
    assert api.call("ListModels", {**page, "NextToken": token})["Models"][0]["ModelName"] == "a"
    for wrong in ({"SortBy": "CreationTime", "NextToken": token}, {"NextToken": "bnVsbA=="}):
        with pytest.raises(ApiError, match="pagination token is invalid"):
            api.call("ListModels", wrong)


@pytest.mark.conformance("ListTrainingJobs")
def test_filters_for_unsupported_features_find_no_job(api: SageMaker) -> None:
    assert api.call("ListTrainingJobs", {})["TrainingJobSummaries"]
    found = api.call("ListTrainingJobs", {"WarmPoolStatusEquals": "Available"})
    assert found == {"TrainingJobSummaries": []}


@pytest.mark.conformance("ListTags")
def test_tags_are_paged(api: SageMaker) -> None:
    arn = api.call("DescribeModel", {"ModelName": "a"})["ModelArn"]
    for start in (0, 40):
        tags = [{"Key": f"{n:03}", "Value": ""} for n in range(start, start + 40)]
        api.call("AddTags", {"ResourceArn": arn, "Tags": tags})
    first = api.call("ListTags", {"ResourceArn": arn, "MaxResults": 50})
    rest = api.call("ListTags", {"ResourceArn": arn, "NextToken": first["NextToken"]})
    assert "NextToken" not in rest
    assert [t["Key"] for t in first["Tags"] + rest["Tags"]] == [f"{n:03}" for n in range(80)]


def test_every_other_operation_is_refused_by_name(api: SageMaker) -> None:
    for operation in set(MODEL.operation_names) - set(OPERATIONS):
        with pytest.raises(
            ApiError, match=rf"local_aws does not support .* {operation}\."
        ) as refused:
            api.call(operation, {})
        assert refused.value.code == "UnknownOperationException"


@pytest.mark.conformance(
    "CreateEndpointConfig", "DescribeEndpointConfig", "DeleteEndpointConfig", "DeleteModel"
)
def test_a_deleted_configuration_is_gone_and_its_name_can_be_used_again(api: SageMaker) -> None:
    create = dict(first_requests("a"))["CreateEndpointConfig"]
    named = {"EndpointConfigName": "a"}
    with pytest.raises(ApiError, match="Cannot create already existing endpoint configuration"):
        api.call("CreateEndpointConfig", create)
    assert api.call("DescribeEndpointConfig", named)["ProductionVariants"][0]["ModelName"] == "a"
    api.call("DeleteEndpointConfig", named)
    for operation in ("DescribeEndpointConfig", "DeleteEndpointConfig"):
        with pytest.raises(ApiError, match="Could not find endpoint configuration"):
            api.call(operation, named)
    api.call("CreateEndpointConfig", create)
    api.call("DeleteModel", {"ModelName": "a"})
    api.call("DeleteEndpointConfig", named)
    with pytest.raises(ApiError, match='Could not find model "a"'):
        api.call("CreateEndpointConfig", create)


@pytest.mark.conformance("CreateModelPackageGroup", "DescribeModelPackageGroup")
def test_a_group_is_described_by_its_name_and_by_its_arn(api: SageMaker) -> None:
    by_name = api.call("DescribeModelPackageGroup", {"ModelPackageGroupName": "a"})
    arn = by_name["ModelPackageGroupArn"]
    assert api.call("DescribeModelPackageGroup", {"ModelPackageGroupName": arn}) == by_name
    with pytest.raises(ApiError, match=r"^Model Package Group already exists: "):
        api.call("CreateModelPackageGroup", {"ModelPackageGroupName": "a"})


@pytest.mark.conformance("UpdateEndpointWeightsAndCapacities", "DescribeEndpoint")
def test_new_weights_and_counts_are_described_at_once_and_an_unknown_variant_is_refused(
    api: SageMaker, store: Store
) -> None:
    def change(variant: str) -> None:
        desired = {"VariantName": variant, "DesiredWeight": 3.0, "DesiredInstanceCount": 2}
        request = {"EndpointName": "a", "DesiredWeightsAndCapacities": [desired]}
        api.call("UpdateEndpointWeightsAndCapacities", request)

    with pytest.raises(ApiError, match="Cannot update in-progress endpoint"):
        change("a")
    store.set("endpoint", "a", EndpointStatus="InService")
    with pytest.raises(ApiError, match='Could not find variant "b"'):
        change("b")
    change("a")
    described = api.call("DescribeEndpoint", {"EndpointName": "a"})
    (variant,) = described["ProductionVariants"]
    assert described["EndpointStatus"] == "Updating"
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1.0, 3.0)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 2)
