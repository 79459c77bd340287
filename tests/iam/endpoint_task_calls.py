"""Calls of the tasks that deploy, prune, register and reject models."""

from collections.abc import Mapping
from typing import Any

from include.decisions.endpoint.pruning import prune
from include.decisions.preflight.endpoint import check_endpoint
from include.decisions.registry.packages import reject
from include.decisions.registry.registration import register
from include.decisions.registry.serving_model import find_serving_model
from sagemaker_jobs.endpoints.updates import deploy_endpoint
from sagemaker_jobs.jobs.log_tail import last_lines_of_endpoint
from tests.iam.needed import SAGEMAKER, Call
from tests.iam.recorder import canned
from tests.iam.responses import (
    DEPLOYMENT,
    NOW,
    PIPELINE,
    PIPELINE_TAGS,
    TRAINING,
    client,
    client_error,
    list_entry,
    tags_response,
)


def prune_releases() -> list[Call]:
    """The prune task: no release uses a configuration and a model any more."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        serving = {"ProductionVariants": [{"ModelName": "stanford-cars-m2"}]}
        package = f"{SAGEMAKER}model-package/stanford-cars/2"
        return {
            "ListEndpointConfigs": {"EndpointConfigs": [list_entry("EndpointConfig", "c1")]},
            "ListModels": {"Models": [list_entry("Model", "m1")]},
            "ListTags": tags_response(PIPELINE_TAGS),
            "DescribeEndpointConfig": serving,
            "DescribeModel": {"PrimaryContainer": {"ModelPackageName": package}},
        }.get(operation, {})

    with canned(answer) as calls:
        pruned = prune(client("sagemaker"), PIPELINE, DEPLOYMENT, ["stanford-cars-c2"], NOW)
    assert pruned == {"endpoint_configs": ["stanford-cars-c1"], "models": ["stanford-cars-m1"]}
    return calls


def read_the_log_of_a_failed_endpoint() -> list[Call]:
    """The track task: the new instances did not start, and the end of their log is read."""

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        return {
            "DescribeLogStreams": {"logStreams": [{"logStreamName": "AllTraffic/i-1"}]},
            "GetLogEvents": {"events": [{"message": "no model"}]},
        }[operation]

    with canned(answer) as calls:
        assert last_lines_of_endpoint(client("logs"), "stanford-cars") == ["no model"]
    return calls


def change_endpoint() -> list[Call]:
    """The deploy task: a failed endpoint is created again, another endpoint is updated."""
    config = {"EndpointName": "stanford-cars", "EndpointConfigName": "stanford-cars-c2"}
    serving = {**config, "EndpointConfigName": "stanford-cars-c1"}
    states = [
        {**serving, "EndpointStatus": "Failed"},
        None,
        {**serving, "EndpointStatus": "InService"},
    ]

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation != "DescribeEndpoint":
            return {}
        found = states.pop(0)
        if found is None:
            raise client_error("ValidationException", "Could not find endpoint", operation)
        return found

    with canned(answer) as calls:
        sagemaker = client("sagemaker")
        assert deploy_endpoint(sagemaker, config) == "create"
        assert deploy_endpoint(sagemaker, config) == "update"
    return calls


def read_an_endpoint_made_by_hand() -> list[Call]:
    """judge, preflight and restore: a user has created the endpoint's model and configuration."""
    serving = {"EndpointName": PIPELINE.slug, "EndpointConfigName": "by-hand"}
    package = f"{SAGEMAKER}model-package/of-no-group"
    container = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}
    answers = {
        "DescribeEndpoint": {**serving, "EndpointStatus": "InService"},
        "DescribeEndpointConfig": {
            "EndpointConfigArn": f"{SAGEMAKER}endpoint-config/by-hand",
            "ProductionVariants": [{"ModelName": "made-by-hand"}],
        },
        "DescribeModel": {"PrimaryContainer": {"ModelPackageName": package}},
        "DescribeModelPackage": {
            "ModelPackageArn": package,
            "InferenceSpecification": {"Containers": [container]},
        },
    }
    with canned(lambda operation, params: answers.get(operation, {})) as calls:
        sagemaker = client("sagemaker")
        assert find_serving_model(sagemaker, PIPELINE.slug)
        check_endpoint(client, PIPELINE, DEPLOYMENT)
        answers["DescribeEndpoint"] = {
            **serving,
            "EndpointConfigName": "stanford-cars-c1",
            "EndpointStatus": "InService",
        }
        assert deploy_endpoint(sagemaker, serving) == "update"
    return calls


def register_and_reject_packages() -> list[Call]:
    """The register and reject tasks: the pipeline's first package is registered, then rejected."""
    arn = f"{SAGEMAKER}model-package/stanford-cars/1"

    def answer(operation: str, params: Mapping[str, Any]) -> Any:
        if operation == "DescribeModelPackageGroup":
            raise client_error("ValidationException", "ModelPackageGroup does not exist", operation)
        return {
            "ListModelPackages": {"ModelPackageSummaryList": []},
            "CreateModelPackage": {"ModelPackageArn": arn},
        }.get(operation, {})

    with canned(answer) as calls:
        sagemaker = client("sagemaker")
        group = {"ModelPackageGroupName": "stanford-cars", "Tags": [{"Key": "a", "Value": "b"}]}
        package = {
            "ModelPackageGroupName": "stanford-cars",
            "CustomerMetadataProperties": {"training_job": TRAINING},
        }
        assert register(sagemaker, group, package) == arn
        reject(sagemaker, arn, "too slow")
    return calls
