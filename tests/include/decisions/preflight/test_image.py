"""Tests of the checks of the container image."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from include.config import Deployment
from include.decisions.preflight.image import check_built_in, check_image
from tests.include.decisions.preflight.conftest import IMAGE, StubbedAws

REPOSITORY = {"registryId": "123456789012", "repositoryName": "image-classification"}
DIGEST = f"sha256:{'a' * 64}"
BASE = IMAGE.removesuffix(":0.1")


@pytest.mark.parametrize(
    ("uri", "image_id"),
    [
        (IMAGE, {"imageTag": "0.1"}),
        (BASE, {"imageTag": "latest"}),
        (f"{BASE}@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{IMAGE}@{DIGEST}", {"imageDigest": DIGEST}),
    ],
)
def test_an_existing_image_is_ok(aws: StubbedAws, uri: str, image_id: Any) -> None:
    pushed = datetime(2026, 1, 2, tzinfo=UTC)
    details = {"imageSizeInBytes": 812_000_000, "imagePushedAt": pushed}
    aws["ecr"].answer(
        "describe_images", {"imageDetails": [details]}, **REPOSITORY, imageIds=[image_id]
    )
    finding = check_image(aws, uri)
    assert finding.status == "ok"
    assert finding.found == f"{uri}, 812 MB, pushed 2026-01-02 00:00:00+00:00"


@pytest.mark.parametrize(
    ("code", "status", "fix"),
    [
        ("ImageNotFoundException", "failed", f"docker push {IMAGE}"),
        ("RepositoryNotFoundException", "failed", "aws ecr create-repository --repository-name"),
        ("AccessDeniedException", "unknown", "allow ecr:DescribeImages"),
        ("ServerException", "unknown", ""),
    ],
)
def test_an_error_of_ecr_fails_only_if_the_image_is_missing(
    aws: StubbedAws, code: str, status: str, fix: str
) -> None:
    aws["ecr"].refuse("describe_images", code)
    finding = check_image(aws, IMAGE)
    assert (finding.status, fix in finding.fix) == (status, True)


def test_an_image_in_another_region_fails_without_a_call(aws: StubbedAws) -> None:
    finding = check_image(aws, IMAGE.replace("us-east-1", "eu-west-1"))
    assert finding.status == "failed"
    assert "is in eu-west-1, but jobs run in us-east-1" in finding.found
    assert "push it to ECR in us-east-1" in finding.fix


def test_an_image_outside_ecr_fails_on_aws_only(aws: StubbedAws) -> None:
    assert check_image(aws, "docker.io/me/image:1").status == "failed"
    aws.use_emulator("ecr")
    finding = check_image(aws, "local/image")
    assert (finding.status, "is not AWS" in finding.found) == ("unknown", True)


def test_a_failure_reported_by_an_emulator_is_unknown(aws: StubbedAws) -> None:
    aws["ecr"].refuse("describe_images", "RepositoryNotFoundException")
    aws.use_emulator("ecr")
    assert check_image(aws, IMAGE).status == "unknown"


def test_the_built_in_image_is_ok_only_in_a_known_region(deployment: Deployment) -> None:
    assert check_built_in(deployment).found.startswith("811284229777.dkr.ecr.us-east-1")
    finding = check_built_in(replace(deployment, region="mars-north-1"))
    assert (finding.status, "mars-north-1 is not known" in finding.found) == ("failed", True)
    assert finding.fix.startswith("set training.algorithm: custom")
