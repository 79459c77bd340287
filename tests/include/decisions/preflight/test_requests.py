"""Every request of a pipeline is held against SageMaker's own limits, before a night sends it."""

from dataclasses import replace
from typing import Any

import pytest

from include.config import Deployment, Pipeline
from include.decisions.preflight.requests import check_limits
from include.decisions.preflight.violations import find_problems
from tests.include.decisions.preflight.conftest import StubbedAws

CREATE = "CreateTrainingJob"


def test_requests_within_the_limits_are_right(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    names, requests = check_limits(aws, cars, deployment)
    assert names.found == "start with up to 24 characters, 12 digits tell jobs apart"
    assert requests.status == "ok"
    assert requests.found == "all 13 that the pipeline makes keep SageMaker's limits"


def test_a_machine_that_there_is_not_fails_with_those_like_it(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    transform = cars.batch.transform.model_copy(update={"instance_type": "ml.c5.xxlarge"})
    batch = cars.batch.model_copy(update={"transform": transform})
    findings = list(check_limits(aws, cars.model_copy(update={"batch": batch}), deployment))
    finding = next(each for each in findings if each.check == "request batch transform")
    assert finding.status == "failed"
    place = "CreateTransformJob TransformResources.InstanceType: 'ml.c5.xxlarge' is not among"
    assert finding.found.startswith(place)
    assert "ml.c5.xlarge" in finding.fix
    assert not any(each.check == "requests" for each in findings)


def test_an_owner_that_no_tag_takes_fails(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    owned = cars.model_copy(update={"owner": "data & engineering " + "x" * 250})
    found = [each.found for each in check_limits(aws, owned, deployment) if each.status == "failed"]
    assert any("Tags[2].Value: 269 characters, at most 256 allowed" in each for each in found)
    assert any("does not match" in each for each in found)


def test_a_long_name_is_cut_and_that_is_told(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    names, *_ = check_limits(aws, cars.model_copy(update={"name": "x" * 40}), deployment)
    assert (names.status, names.found.endswith(f"cut to 50: {'x' * 40}-evaluation")) == ("ok", True)


def test_an_unknown_built_in_image_is_another_checks_matter(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    assert list(check_limits(aws, cars, replace(deployment, region="mars-north-1"))) == []


def test_without_a_client_nothing_is_known(cars: Pipeline, deployment: Deployment) -> None:
    def nowhere(service: str) -> Any:
        raise ValueError("Invalid endpoint")

    (finding,) = check_limits(nowhere, cars, deployment)
    assert finding.status == "unknown"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"TrainingJobName": "under_score"}, "does not match"),
        ({"TrainingJobName": None}, "is required and missing"),
        ({"HyperParameters": {"epochs": "9" * 2501}}, "2501 characters, at most 2500 allowed"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "0, at least 1 needed"),
        ({"InputDataConfig": []}, "0 entries, at least 1 needed"),
        ({"Colour": "red"}, "is not known to this botocore"),
        ({"RoleArn": "arn:aws:iam::1:role/x"}, "does not match"),
        ({"Tags": [{"Key": "k", "Value": "Zoë 汽车 1.5/x@y"}]}, ""),
        ({"Tags": [{"Key": "k", "Value": "50 %"}]}, "does not match"),
    ],
)
def test_each_kind_of_rule_is_kept(aws: StubbedAws, change: dict[str, Any], problem: str) -> None:
    base = {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/x",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    shape = aws("sagemaker").meta.service_model.operation_model(CREATE).input_shape
    assert list(find_problems(shape, base)) == []
    request = {key: value for key, value in {**base, **change}.items() if value is not None}
    found = list(find_problems(shape, request))
    assert [problem in each.problem for each in found] == ([True] if problem else [])
    assert all(each.fix for each in found)
