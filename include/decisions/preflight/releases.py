"""Check of the releases that are kept for a rollback: what they need still exists.

An endpoint configuration keeps the name of a model, the model those of a role and of an image. None
of them keeps the role, the image or the archive from being deleted, and SageMaker notices it only
when it starts an instance (https://github.com/hashicorp/terraform-provider-aws/issues/40048).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.common.aws_errors import error_code, is_missing
from include.common.s3_uri import split_s3_uri
from include.config import Deployment, Pipeline
from include.decisions.endpoint.release import Release, list_releases
from include.decisions.preflight.access import Aws, failed_call, tolerate_emulator
from include.decisions.preflight.finding import Finding, failed, ok
from include.decisions.preflight.role import NO_ROLE
from include.decisions.registry.packages import Package, approved_packages, describe_package
from include.decisions.training.image_digest import ECR, MISSING
from include.storage.layout import Layout

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


def check_releases(aws: Aws, pipeline: Pipeline, deployment: Deployment) -> Iterator[Finding]:
    """Check role, image and archive of each release that a rollback may deploy."""
    try:
        sagemaker, s3 = aws("sagemaker"), aws("s3")
        layout = Layout(deployment.bucket, pipeline.name)
        releases = list_releases(s3, layout)
        approved = approved_packages(sagemaker, pipeline.slug) if releases else {}
    except Exception as error:
        yield failed_call("releases", "s3:ListBucket or sagemaker:ListModelPackages", error)
        return
    kept = [release for release in releases if release.version in approved]
    for release in kept[: pipeline.endpoint.keep_releases]:
        yield _check(aws, release, approved[release.version], deployment)


def _check(aws: Aws, release: Release, arn: str, deployment: Deployment) -> Finding:
    check = f"release {release.version}"
    try:
        sagemaker = aws("sagemaker")
        package = describe_package(sagemaker, arn)
        role, image = _role_and_image(sagemaker, release, package, deployment)
        problem = (
            _missing_role(aws("iam"), check, role, arn)
            or _missing_image(aws("ecr"), check, image, arn)
            or _missing_archive(aws("s3"), check, package.model_uri, arn)
        )
        if problem:
            return tolerate_emulator(sagemaker, problem)
    except Exception as error:
        return failed_call(check, getattr(error, "operation_name", "a call"), error)
    return ok(check, f"role, image and {package.model_uri} exist: a rollback can deploy it")


def _role_and_image(
    sagemaker: Any, release: Release, package: Package, deployment: Deployment
) -> tuple[str, str]:
    """Return what the release's model has, or what a rollback would create it with."""
    try:
        model = sagemaker.describe_model(ModelName=release.model)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return deployment.endpoint_role_arn or deployment.role_arn, package.image_uri
    container = model.get("PrimaryContainer") or model["Containers"][0]
    return model["ExecutionRoleArn"], container.get("Image") or package.image_uri


def _missing_role(iam: Any, check: str, role: str, package: str) -> Finding | None:
    name = role.rpartition("/")[2]
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.ClientError as error:
        if error_code(error) not in NO_ROLE:
            raise
        return failed(
            check,
            f"its model has the role {role}, which does not exist: a rollback to it fails",
            f"create the role {name} again, with the permissions in docs/iam/endpoint.json; or "
            f"{_reject(package)}",
        )
    return None


def _missing_image(ecr: Any, check: str, image: str, package: str) -> Finding | None:
    parts = ECR.fullmatch(image)
    if parts is None:
        return None
    image_id = (
        {"imageDigest": parts["digest"]}
        if parts["digest"]
        else {"imageTag": parts["tag"] or "latest"}
    )
    try:
        ecr.describe_images(
            registryId=parts["registry"], repositoryName=parts["repository"], imageIds=[image_id]
        )
    except ecr.exceptions.ClientError as error:
        if error_code(error) not in MISSING:
            raise
        return failed(
            check,
            f"its model has the image {image}, which ECR does not have: a rollback to it fails",
            f"push that image again, and exempt images in use from the lifecycle policy of "
            f"repository {parts['repository']}; or {_reject(package)}",
        )
    return None


def _missing_archive(s3: Any, check: str, uri: str, package: str) -> Finding | None:
    bucket, key = split_s3_uri(uri)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error_code(error) not in ABSENT:
            raise
        return failed(
            check,
            f"its model's archive {uri} does not exist: a rollback to it fails",
            f"restore the object; or {_reject(package)}",
        )
    return None


def _reject(package: str) -> str:
    return (
        "let a rollback choose another release: aws sagemaker update-model-package "
        f"--model-package-arn {package} --model-approval-status Rejected"
    )
