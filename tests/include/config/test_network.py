"""Network isolation of containers."""

from collections.abc import Mapping
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from include import sagemaker_requests as make
from include.config import Deployment, Pipeline, find_pipeline
from include.config.network import Network

CUSTOM = find_pipeline("stanford_cars", "local")
BUILT_IN = find_pipeline("stanford_cars")
WEB = {"use_pretrained_model": "1", "pretrained_model_uri": "https://a.b/resnet"}
S3 = {"use_pretrained_model": "1", "pretrained_model_uri": "s3://b/resnet.safetensors"}

Isolation = Literal["auto", "always", "never"]


def isolated(pipeline: Pipeline, isolation: Isolation) -> Pipeline:
    return pipeline.model_copy(update={"network": Network(isolation=isolation)})


def isolation_of(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return whether each request that starts a container isolates it."""
    found = {}
    for request in make.dry_run_requests(pipeline, deployment):
        if request.operation == "CreateProcessingJob":
            config = request.request.get("NetworkConfig", {})
            found[request.title] = config.get("EnableNetworkIsolation", False)
        elif request.operation in ("CreateTrainingJob", "CreateModel"):
            found[request.title] = request.request.get("EnableNetworkIsolation", False)
    return found


@pytest.mark.parametrize(("isolation", "expected"), [("auto", True), ("never", False)])
def test_every_container_is_isolated_unless_the_pipeline_forbids_it(
    isolation: Isolation, expected: bool, deployment: Deployment
) -> None:
    found = isolation_of(isolated(CUSTOM, isolation), deployment)
    for name in ("fetch", "select"):
        del found[name]
    assert found == dict.fromkeys(
        [
            *("refresh", "im2rec", "evaluate", "report", "train"),
            *("candidate's model", "package's model"),
        ],
        expected,
    )


@pytest.mark.parametrize("isolation", ["auto", "always", "never"])
def test_jobs_that_call_s3_or_the_web_themselves_are_never_isolated(
    isolation: Isolation, deployment: Deployment
) -> None:
    """They would have no credentials and no network."""
    found = isolation_of(isolated(CUSTOM, isolation), deployment)
    assert (found["fetch"], found["select"]) == (False, False)


@pytest.mark.parametrize(
    ("pipeline", "hyperparameters", "model_uri", "expected"),
    [
        (CUSTOM, {}, None, True),
        (CUSTOM, S3, None, True),
        (CUSTOM, WEB, None, False),
        (CUSTOM, {**WEB, "use_pretrained_model": "0"}, None, True),
        (CUSTOM, {"use_pretrained_model": "1", "num_layers": "18"}, None, False),
        (CUSTOM, {"use_pretrained_model": "1", "network": "efficientnet_lite0"}, None, True),
        (CUSTOM, WEB, "s3://b/model.tar.gz", True),  # its weights are a channel
        (CUSTOM, {**WEB, "pretrained_model_uri": "file:///opt/w.params"}, None, True),
        (BUILT_IN, {}, None, True),
        (BUILT_IN, {"use_pretrained_model": "1"}, None, False),
    ],
)
def test_a_training_has_network_access_only_for_initial_weights(
    pipeline: Pipeline,
    hyperparameters: Mapping[str, str],
    model_uri: str | None,
    expected: bool,
    deployment: Deployment,
) -> None:
    request = make.training_request(
        isolated(pipeline, "auto"), deployment, "r1", hyperparameters, model_uri=model_uri
    )
    assert request["config"]["EnableNetworkIsolation"] is expected


def test_always_isolates_the_built_in_algorithms_training_too(deployment: Deployment) -> None:
    request = make.training_request(
        isolated(BUILT_IN, "always"), deployment, "r1", {"use_pretrained_model": "1"}
    )
    assert request["config"]["EnableNetworkIsolation"] is True


def test_always_rejects_weights_from_the_web() -> None:
    content = CUSTOM.model_dump(exclude_unset=True)
    content["training"]["hyperparameters"] |= {
        "use_pretrained_model": 1,
        "pretrained_model_uri": "https://a.b/resnet.safetensors",
        "pretrained_model_sha256": "0" * 64,
    }
    Pipeline.model_validate({**content, "network": {"isolation": "auto"}})
    with pytest.raises(ValidationError, match=r"isolation: always forbids .*a\.b/resnet"):
        Pipeline.model_validate({**content, "network": {"isolation": "always"}})


def test_a_model_of_another_role_or_isolation_has_another_name(deployment: Deployment) -> None:
    """A model cannot be changed, so its name must differ if role or isolation do."""

    def name(pipeline: Pipeline, role: str) -> str:
        request = make.packaged_model_request(pipeline, deployment, "arn:package", role)
        return str(request["config"]["ModelName"])

    def candidate(pipeline: Pipeline) -> str:
        request = make.candidate_model_request(pipeline, deployment, "s3://b/m.tar.gz", "int8")
        return str(request["config"]["ModelName"])

    auto, never = isolated(CUSTOM, "auto"), isolated(CUSTOM, "never")
    assert candidate(auto) != candidate(never)
    roles = ("arn:aws:iam::123456789012:role/jobs", "arn:aws:iam::123456789012:role/endpoint")
    assert len({name(p, r) for p in (auto, never) for r in roles}) == 4


def test_batch_and_endpoint_run_a_package_under_separate_roles(
    deployment: Deployment,
) -> None:
    from dataclasses import replace

    other = "arn:aws:iam::123456789012:role/endpoint"
    both = replace(deployment, endpoint_role_arn=other)
    roles = {
        request.title: request.request["ExecutionRoleArn"]
        for request in make.dry_run_requests(CUSTOM, both)
        if request.operation == "CreateModel"
    }
    assert roles == {"candidate's model": deployment.role_arn, "package's model": other}
    assert deployment.endpoint_role == deployment.role_arn
