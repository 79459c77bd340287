"""Tests of the check of the pipeline's requests."""

from dataclasses import replace
from typing import Any

import pytest

from include.config import Deployment, Pipeline
from include.decisions.preflight.requests import check_limits
from include.decisions.preflight.violations import find_problems
from tests.include.decisions.preflight.conftest import StubbedAws

CREATE = "CreateTrainingJob"


def test_requests_within_the_limits_are_ok(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    names, requests = check_limits(aws, cars, deployment)
    assert names.found == "prefix of up to 24 characters and a hash of 12 digits"
    assert requests.status == "ok"
    assert requests.found == "all 15 requests of the pipeline are within SageMaker's limits"


def test_an_unknown_instance_type_fails_and_names_similar_ones(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    transform = cars.batch.transform.model_copy(update={"instance_type": "ml.c5.xxlarge"})
    batch = cars.batch.model_copy(update={"transform": transform})
    findings = list(check_limits(aws, cars.model_copy(update={"batch": batch}), deployment))
    finding = next(finding for finding in findings if finding.check == "request batch transform")
    assert finding.status == "failed"
    expected = "CreateTransformJob TransformResources.InstanceType: 'ml.c5.xxlarge' is not among"
    assert finding.found.startswith(expected)
    assert "ml.c5.xlarge" in finding.fix
    assert not any(finding.check == "requests" for finding in findings)


def test_an_owner_that_is_not_a_valid_tag_fails(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    owned = cars.model_copy(update={"owner": "data & engineering " + "x" * 250})
    found = [row.found for row in check_limits(aws, owned, deployment) if row.status == "failed"]
    assert any("Tags[2].Value: 269 characters, at most 256 allowed" in text for text in found)
    assert any("does not match" in text for text in found)


def test_a_long_name_is_cut_and_reported(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    names, *_ = check_limits(aws, cars.model_copy(update={"name": "x" * 40}), deployment)
    assert (names.status, names.found.endswith(f"cut to 50: {'x' * 40}-evaluation")) == ("ok", True)


def test_an_unknown_built_in_image_is_not_reported_again(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    assert list(check_limits(aws, cars, replace(deployment, region="mars-north-1"))) == []


def test_without_a_client_the_requests_are_unknown(cars: Pipeline, deployment: Deployment) -> None:
    def fail(service: str) -> Any:
        raise ValueError("Invalid endpoint")

    (finding,) = check_limits(fail, cars, deployment)
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
def test_all_kinds_of_constraints_are_checked(
    aws: StubbedAws, change: dict[str, Any], problem: str
) -> None:
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
    assert [problem in violation.problem for violation in found] == ([True] if problem else [])
    assert all(violation.fix for violation in found)
