"""Checks of the container image: it is in ECR, in the jobs' region."""

from __future__ import annotations

import re
from typing import Any

from include.common.aws_errors import error_code
from include.config import Deployment, DeploymentError
from include.decisions.preflight.access import Aws, failed_call, tolerate_emulator
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.training.image_digest import ECR

PUSH = "build include/image_classification/Dockerfile and push it: docker push"


def check_image(aws: Aws, image_uri: str) -> Finding:
    """Check that the registry of the jobs' region has the image."""
    check = "image"
    try:
        ecr = aws("ecr")
        region = aws("sagemaker").meta.region_name
    except Exception as error:
        return failed_call(check, "boto3.client", error)
    return tolerate_emulator(ecr, _check_address(check, ecr, region, image_uri))


def check_built_in(deployment: Deployment) -> Finding:
    """Check that the region's image of the built-in algorithm is known."""
    check = "built-in image"
    try:
        return ok(check, deployment.image("built-in"))
    except DeploymentError as error:
        return failed(check, str(error), "set training.algorithm: custom, or use a known region")


def _check_address(check: str, ecr: Any, region: str, image_uri: str) -> Finding:
    parts = ECR.fullmatch(image_uri)
    if parts is None:
        example = f"<account>.dkr.ecr.{region}.amazonaws.com/<repository>:<tag>"
        return failed(
            check,
            f"{image_uri} is not in ECR, from which SageMaker pulls images",
            f"push it to ECR, and set the Variable image_uri to {example}",
        )
    if parts["region"] != region:
        return failed(
            check,
            f"{image_uri} is in {parts['region']}, but jobs run in {region}",
            f"push it to ECR in {region}, and set the Variable image_uri to that address",
        )
    return _check_existence(check, ecr, image_uri, parts)


def _check_existence(check: str, ecr: Any, image_uri: str, parts: re.Match[str]) -> Finding:
    image_id = (
        {"imageDigest": parts["digest"]}
        if parts["digest"]
        else {"imageTag": parts["tag"] or "latest"}
    )
    try:
        (details,) = ecr.describe_images(
            registryId=parts["registry"], repositoryName=parts["repository"], imageIds=[image_id]
        )["imageDetails"]
    except Exception as error:
        return _absent(check, image_uri, parts["repository"], error)
    size = details.get("imageSizeInBytes", 0) / 1e6
    return ok(check, f"{image_uri}, {size:.0f} MB, pushed {details.get('imagePushedAt')}")


def _absent(check: str, image_uri: str, repository: str, error: BaseException) -> Finding:
    if error_code(error) == "RepositoryNotFoundException":
        create = f"aws ecr create-repository --repository-name {repository}"
        return failed(
            check, f"ECR has no repository {repository}", f"{create}; then {PUSH} {image_uri}"
        )
    if error_code(error) == "ImageNotFoundException":
        return failed(check, f"repository {repository} has no {image_uri}", f"{PUSH} {image_uri}")
    return failed_call(check, "ecr:DescribeImages", error)
