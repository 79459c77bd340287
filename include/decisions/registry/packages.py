"""Model packages in SageMaker's model registry: list, read, approve and reject them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from include.common.aws_errors import is_missing
from include.common.errors import PermanentError
from include.sagemaker_requests.package import approval_description, read_description

PAGE = 100
"""The number of packages that one call lists, SageMaker's maximum."""


class RegistryError(PermanentError):
    """The requested model package cannot serve; the text has the reason and the fix."""


@dataclass(frozen=True)
class Package:
    """A registered model.

    Attributes:
        arn: The package's ARN.
        approval: Its approval status in the registry.
        image_uri: Its container image.
        model_uri: The S3 address of its model.tar.gz.
        metadata: Its lineage and figures as nightly training registered them, all as text:
            training_job, dataset_version, recordio_version, fingerprint, top1, verdict and others.
        card: Its ModelCard: ModelCardContent and ModelCardStatus; empty if it has none.
    """

    arn: str
    approval: str
    image_uri: str
    model_uri: str
    metadata: Mapping[str, str]
    card: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The package's number in its group."""
        return self.arn.rsplit("/", 1)[-1]


def describe_package(sagemaker: Any, arn: str) -> Package:
    """Return a package by its ARN."""
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    container = described["InferenceSpecification"]["Containers"][0]
    return Package(
        arn=described["ModelPackageArn"],
        approval=described.get("ModelApprovalStatus", ""),
        image_uri=container["Image"],
        model_uri=container["ModelDataUrl"],
        metadata=described.get("CustomerMetadataProperties", {}),
        card=described.get("ModelCard", {}),
    )


@dataclass(frozen=True)
class PackageSummary:
    """A package as a listing has it; `facts` is None if its description has no facts."""

    arn: str
    facts: Mapping[str, str] | None

    @property
    def version(self) -> int:
        """The package's number in its group."""
        return int(self.arn.rsplit("/", 1)[-1])


def list_packages(sagemaker: Any, group: str, **filters: str) -> Iterator[PackageSummary]:
    """Yield a group's packages, newest first; none if the group does not exist.

    A call lists `PAGE` packages; it is made when its first package is needed.
    """
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"PageSize": PAGE},
        **filters,
    )
    try:
        for page in pages:
            for summary in page["ModelPackageSummaryList"]:
                facts = read_description(summary.get("ModelPackageDescription", ""))
                yield PackageSummary(summary["ModelPackageArn"], facts)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise


def newest_approved(sagemaker: Any, group: str, without_job: str | None = None) -> Package | None:
    """Return the newest approved package of a group, or None.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The model package group.
        without_job: A training job whose packages are ignored.
    """
    for summary in list_packages(sagemaker, group, ModelApprovalStatus="Approved"):
        package = describe_package(sagemaker, summary.arn)
        if without_job is None or package.metadata.get("training_job") != without_job:
            return package
    return None


def approved_packages(sagemaker: Any, group: str) -> dict[int, str]:
    """Return the ARNs of a group's approved packages by their numbers, newest first."""
    packages = list_packages(sagemaker, group, ModelApprovalStatus="Approved")
    return {package.version: package.arn for package in packages}


def package_to_serve(sagemaker: Any, group: str, version: int | None) -> Package | None:
    """Return the package that should serve: the given version, or the newest approved one.

    Returns:
        None if no version is given and no package is approved yet.

    Raises:
        RegistryError: The given version does not exist or is not approved.
    """
    if version is None:
        return newest_approved(sagemaker, group)
    for summary in list_packages(sagemaker, group):
        if summary.version == version:
            return _approved(describe_package(sagemaker, summary.arn), group)
    raise RegistryError(f"model package group {group} has no version {version}")


def _approved(package: Package, group: str) -> Package:
    if package.approval != "Approved":
        raise RegistryError(
            f"version {package.version} of model package group {group} is {package.approval}: "
            "approve it in the registry first"
        )
    return package


def approve(sagemaker: Any, arn: str, reason: str) -> None:
    """Set a package's status to Approved, with the reason in its approval description."""
    _set_approval(sagemaker, arn, "Approved", reason)


def reject(sagemaker: Any, arn: str, reason: str) -> None:
    """Set a package's status to Rejected, with the reason in its approval description."""
    _set_approval(sagemaker, arn, "Rejected", reason)


def _set_approval(sagemaker: Any, arn: str, approval: str, reason: str) -> None:
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus=approval,
        ApprovalDescription=approval_description(reason),
    )
