"""A tag is asked for the code that it stands for, and where it cannot be, the night says so."""

import dataclasses
from typing import Any

import pytest

from include.config import Deployment, DeploymentError
from include.decisions.training.image_digest import pin_image

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/teams/image-classification"
DIGEST = f"sha256:{'a' * 64}"
HERE = Deployment(
    name="testing",
    bucket="some-bucket",
    role_arn="arn:aws:iam::123456789012:role/sagemaker",
    image_uri=f"{REPOSITORY}:0.1",
    region="us-east-1",
)


def with_uri(uri: str) -> Deployment:
    return dataclasses.replace(HERE, image_uri=uri)


@pytest.mark.parametrize(("tag", "asked"), [(":0.1", "0.1"), ("", "latest")])
def test_a_tag_becomes_the_digest_that_it_stands_for(ecr: Any, tag: str, asked: str) -> None:
    ecr.answer(
        "describe_images",
        {"imageDetails": [{"imageDigest": DIGEST}]},
        registryId="123456789012",
        repositoryName="teams/image-classification",
        imageIds=[{"imageTag": asked}],
    )
    image = pin_image(ecr.client, with_uri(f"{REPOSITORY}{tag}"), "own")
    assert (image.uri, image.identity) == (f"{REPOSITORY}@{DIGEST}", DIGEST)
    assert image.doubt is None


def test_a_digest_is_not_asked_for(ecr: Any) -> None:
    uri = f"{REPOSITORY}@{DIGEST}"
    assert pin_image(ecr.client, with_uri(uri), "own").uri == uri


def test_the_built_in_algorithms_tag_is_left_to_aws(ecr: Any) -> None:
    image = pin_image(ecr.client, HERE, "built-in")
    assert image.uri == HERE.image("built-in")
    assert image.doubt is None


def test_without_the_permission_the_tag_itself_must_do_and_the_night_says_so(ecr: Any) -> None:
    """A role that worked yesterday must not fail tonight for a call that is new."""
    ecr.refuse("describe_images", "AccessDeniedException", "not authorized")
    image = pin_image(ecr.client, HERE, "own")
    assert image.uri == image.identity == HERE.image_uri
    assert image.doubt is not None
    assert "known by its tag only" in image.doubt
    assert "ecr:DescribeImages is not allowed (AccessDeniedException)" in image.doubt


@pytest.mark.parametrize("uri", ["image-classification:local", "registry.example.com/cars:1"])
def test_another_registry_is_not_asked(ecr: Any, uri: str) -> None:
    image = pin_image(ecr.client, with_uri(uri), "own")
    assert image.uri == uri
    assert image.doubt is not None
    assert image.doubt.endswith("its registry is not ECR")


@pytest.mark.parametrize("code", ["ImageNotFoundException", "RepositoryNotFoundException"])
def test_an_image_that_is_not_there_is_told_before_a_job_fails_for_it(ecr: Any, code: str) -> None:
    ecr.refuse("describe_images", code)
    with pytest.raises(DeploymentError, match=rf"image_uri is .*0\.1.* does not have \({code}\)"):
        pin_image(ecr.client, HERE, "own")


def test_another_error_is_tried_again(ecr: Any) -> None:
    ecr.refuse("describe_images", "ServerException", "try again")
    with pytest.raises(ecr.client.exceptions.ClientError, match="try again"):
        pin_image(ecr.client, HERE, "own")


def test_what_follows_a_training_runs_its_very_image() -> None:
    assert HERE.with_image("own", "image@sha256:1").image("own") == "image@sha256:1"
    assert HERE.with_image("built-in", "algorithm:1") == HERE
