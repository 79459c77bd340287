"""Tests of `pin_image`."""

import dataclasses
from typing import Any

import pytest

from include.config import Deployment, DeploymentError
from include.decisions.training.image_digest import pin_image

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/teams/image-classification"
DIGEST = f"sha256:{'a' * 64}"
DEPLOYMENT = Deployment(
    name="testing",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri=f"{REPOSITORY}:0.1",
    region="us-east-1",
)


def with_uri(uri: str) -> Deployment:
    return dataclasses.replace(DEPLOYMENT, image_uri=uri)


@pytest.mark.parametrize(("tag", "requested"), [(":0.1", "0.1"), ("", "latest")])
def test_a_tag_is_resolved_to_its_digest(ecr: Any, tag: str, requested: str) -> None:
    ecr.answer(
        "describe_images",
        {"imageDetails": [{"imageDigest": DIGEST}]},
        registryId="123456789012",
        repositoryName="teams/image-classification",
        imageIds=[{"imageTag": requested}],
    )
    image = pin_image(ecr.client, with_uri(f"{REPOSITORY}{tag}"), "custom")
    assert (image.uri, image.identity) == (f"{REPOSITORY}@{DIGEST}", DIGEST)
    assert image.warning is None


def test_a_uri_with_a_digest_is_returned_unchanged(ecr: Any) -> None:
    uri = f"{REPOSITORY}@{DIGEST}"
    assert pin_image(ecr.client, with_uri(uri), "custom").uri == uri


def test_the_built_in_image_keeps_its_tag(ecr: Any) -> None:
    image = pin_image(ecr.client, DEPLOYMENT, "built-in")
    assert image.uri == DEPLOYMENT.image("built-in")
    assert image.warning is None


def test_without_the_permission_the_tag_is_used_with_a_warning(ecr: Any) -> None:
    """A role of an earlier release lacks ecr:DescribeImages; its runs must not fail."""
    ecr.refuse("describe_images", "AccessDeniedException", "not authorized")
    image = pin_image(ecr.client, DEPLOYMENT, "custom")
    assert image.uri == image.identity == DEPLOYMENT.image_uri
    assert image.warning is not None
    assert "known by its tag only" in image.warning
    assert "ecr:DescribeImages is not allowed (AccessDeniedException)" in image.warning


@pytest.mark.parametrize("uri", ["image-classification:local", "registry.example.com/cars:1"])
def test_an_image_of_another_registry_keeps_its_tag(ecr: Any, uri: str) -> None:
    image = pin_image(ecr.client, with_uri(uri), "custom")
    assert image.uri == uri
    assert image.warning is not None
    assert image.warning.endswith("its registry is not ECR")


@pytest.mark.parametrize("code", ["ImageNotFoundException", "RepositoryNotFoundException"])
def test_a_missing_image_fails_before_a_job_is_created(ecr: Any, code: str) -> None:
    ecr.refuse("describe_images", code)
    with pytest.raises(DeploymentError, match=rf"image_uri is .*0\.1.* does not have \({code}\)"):
        pin_image(ecr.client, DEPLOYMENT, "custom")


def test_another_error_is_raised_unchanged_for_a_retry(ecr: Any) -> None:
    ecr.refuse("describe_images", "ServerException", "try again")
    with pytest.raises(ecr.client.exceptions.ClientError, match="try again"):
        pin_image(ecr.client, DEPLOYMENT, "custom")


def test_the_pinned_image_replaces_the_custom_image_only() -> None:
    assert DEPLOYMENT.with_image("custom", "image@sha256:1").image("custom") == "image@sha256:1"
    assert DEPLOYMENT.with_image("built-in", "algorithm:1") == DEPLOYMENT
