"""Tests of the check of the releases that are kept for a rollback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.config import Deployment, Pipeline
from include.decisions.preflight.finding import Finding
from include.decisions.preflight.releases import check_releases
from tests.include.decisions.preflight.conftest import BUCKET, IMAGE, ROLE, StubbedAws

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/stanford-cars"
ARCHIVE = f"s3://{BUCKET}/stanford_cars/models/j/output/model.tar.gz"
PINNED = f"{IMAGE.partition(':')[0]}@sha256:{'1' * 64}"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def _released(aws: StubbedAws, *versions: int, approved: tuple[int, ...] = (1, 2, 3)) -> None:
    """Prepare records of releases, the last one last, and the approved packages."""
    keys = [f"stanford_cars/releases/{version}/t/release.json" for version in versions]
    aws["s3"].answer("list_objects_v2", {"Contents": [{"Key": key} for key in keys]})
    for day, version in enumerate(versions, 1):
        record = {
            "version": version,
            "deployed": f"2026-01-0{day}T00:00:00+00:00",
            "endpoint_config": f"config-{version}",
            "model": f"model-{version}",
        }
        aws["s3"].answer("get_object", aws["s3"].json(record))
    entries = [
        {
            "ModelPackageName": "x", "ModelPackageArn": f"{ARN}/{version}", "CreationTime": THEN,
            "ModelPackageStatus": "Completed",
        }
        for version in approved
    ]  # fmt: skip
    aws["sagemaker"].answer("list_model_packages", {"ModelPackageSummaryList": entries})


def _package(aws: StubbedAws, version: int, image: str = PINNED) -> None:
    container = {"Image": image, "ModelDataUrl": ARCHIVE}
    answer: dict[str, Any] = {
        "ModelPackageName": "x",
        "ModelPackageArn": f"{ARN}/{version}",
        "CreationTime": THEN,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "InferenceSpecification": {"Containers": [container]},
    }
    aws["sagemaker"].answer("describe_model_package", answer, ModelPackageName=f"{ARN}/{version}")


def _model(aws: StubbedAws, version: int, role: str = ROLE) -> None:
    answer: dict[str, Any] = {
        "ModelName": f"model-{version}",
        "CreationTime": THEN,
        "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/x",
        "ExecutionRoleArn": role,
        "PrimaryContainer": {"ModelPackageName": f"{ARN}/{version}"},
    }
    aws["sagemaker"].answer("describe_model", answer, ModelName=f"model-{version}")


def _exists(aws: StubbedAws, *what: str) -> None:
    if "role" in what:
        role = {"Path": "/", "RoleName": "x", "RoleId": "A" * 16, "Arn": ROLE, "CreateDate": THEN}
        aws["iam"].answer("get_role", {"Role": role})
    if "image" in what:
        aws["ecr"].answer("describe_images", {"imageDetails": [{}]})
    if "archive" in what:
        aws["s3"].answer("head_object", {})


def _check(aws: StubbedAws, cars: Pipeline, deployment: Deployment) -> list[Finding]:
    return list(check_releases(aws, cars, deployment))


def test_without_a_release_nothing_is_checked(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    aws["s3"].answer("list_objects_v2", {})
    assert _check(aws, cars, deployment) == []


def test_a_release_whose_parts_exist_is_ok(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    """A package that is not approved is not checked: a rollback does not choose it."""
    _released(aws, 1, 2, approved=(2,))
    _package(aws, 2)
    _model(aws, 2)
    _exists(aws, "role", "image", "archive")
    (finding,) = _check(aws, cars, deployment)
    assert (finding.check, finding.status) == ("release 2", "ok")


@pytest.mark.parametrize(
    ("gone", "found", "fix"),
    [
        ("role", f"has the role {ROLE}, which does not exist", "create the role sagemaker again"),
        ("image", f"has the image {PINNED}, which ECR does not have", "push that image again"),
        ("archive", f"archive {ARCHIVE} does not exist", "restore the object"),
    ],
)
def test_what_a_rollback_would_miss_fails(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment, gone: str, found: str, fix: str
) -> None:
    _released(aws, 2)
    _package(aws, 2)
    _model(aws, 2)
    _exists(aws, *{"role": (), "image": ("role",), "archive": ("role", "image")}[gone])
    refusals = {
        "role": ("iam", "get_role", "NoSuchEntity"),
        "image": ("ecr", "describe_images", "ImageNotFoundException"),
        "archive": ("s3", "head_object", "404"),
    }
    service, operation, code = refusals[gone]
    aws[service].refuse(operation, code)
    (finding,) = _check(aws, cars, deployment)
    assert (finding.check, finding.status) == ("release 2", "failed")
    assert found in finding.found
    assert finding.found.endswith("a rollback to it fails")
    assert finding.fix.startswith(fix)
    assert f"--model-package-arn {ARN}/2 --model-approval-status Rejected" in finding.fix


def test_a_release_without_its_model_needs_what_a_rollback_creates_it_with(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    _released(aws, 2)
    _package(aws, 2)
    aws["sagemaker"].refuse("describe_model", "ValidationException", "Could not find model")
    aws["iam"].refuse("get_role", "NoSuchEntity")
    (finding,) = _check(aws, cars, deployment)
    assert f"has the role {deployment.role_arn}" in finding.found


def test_only_kept_releases_are_checked(
    aws: StubbedAws, cars: Pipeline, deployment: Deployment
) -> None:
    endpoint = cars.endpoint.model_copy(update={"keep_releases": 2})
    _released(aws, 1, 2, 3)
    for version in (3, 2):
        _package(aws, version, image="registry.example/image:1")
        _model(aws, version)
        _exists(aws, "role", "archive")
    keeping = cars.model_copy(update={"endpoint": endpoint})
    assert [finding.check for finding in _check(aws, keeping, deployment)] == [
        "release 3",
        "release 2",
    ]


def test_a_denied_call_is_unknown(aws: StubbedAws, cars: Pipeline, deployment: Deployment) -> None:
    _released(aws, 2)
    _package(aws, 2)
    aws["sagemaker"].refuse("describe_model", "AccessDeniedException")
    (finding,) = _check(aws, cars, deployment)
    assert (finding.check, finding.status) == ("release 2", "unknown")
