"""Model packages in SageMaker's model registry: find, register, approve and reject them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from include.common.aws_errors import is_missing
from include.common.errors import PermanentError
from include.sagemaker_requests.package import approval_description
from include.sagemaker_requests.precision import FACT

LOOK_BACK = 100
"""The number of newest packages that a search reads."""


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
    """

    arn: str
    approval: str
    image_uri: str
    model_uri: str
    metadata: Mapping[str, str]

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
    )


def newest_approved(sagemaker: Any, group: str, without_job: str | None = None) -> Package | None:
    """Return the newest approved package of a group, or None.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The model package group.
        without_job: A training job whose packages are ignored.
    """
    for arn in _package_arns(sagemaker, group, ModelApprovalStatus="Approved"):
        package = describe_package(sagemaker, arn)
        if without_job is None or package.metadata.get("training_job") != without_job:
            return package
    return None


def approved_packages(sagemaker: Any, group: str) -> dict[int, str]:
    """Return the ARNs of a group's approved packages by their numbers, newest first."""
    arns = _package_arns(sagemaker, group, ModelApprovalStatus="Approved")
    return {int(arn.rsplit("/", 1)[-1]): arn for arn in arns}


def find_package(sagemaker: Any, group: str, key: str, value: str) -> Package | None:
    """Return the newest package whose metadata has this value, or None.

    Only the newest `LOOK_BACK` packages are read.
    """
    return _find_package(sagemaker, group, {key: value})


def newest_packages(sagemaker: Any, group: str) -> Iterator[Package]:
    """Yield the newest `LOOK_BACK` packages, newest first; each is read when it is needed."""
    for arn in islice(_package_arns(sagemaker, group), LOOK_BACK):
        yield describe_package(sagemaker, arn)


def _find_package(sagemaker: Any, group: str, facts: Mapping[str, str | None]) -> Package | None:
    """Return the newest package whose metadata has all these values; None means no such key."""
    for package in newest_packages(sagemaker, group):
        if all(package.metadata.get(key) == value for key, value in facts.items()):
            return package
    return None


def package_to_serve(sagemaker: Any, group: str, version: int | None) -> Package | None:
    """Return the package that should serve: the given version, or the newest approved one.

    Returns:
        None if no version is given and no package is approved yet.

    Raises:
        RegistryError: The given version does not exist or is not approved.
    """
    if version is None:
        return newest_approved(sagemaker, group)
    for arn in _package_arns(sagemaker, group):
        if arn.rsplit("/", 1)[-1] == str(version):
            return _approved(describe_package(sagemaker, arn), group)
    raise RegistryError(f"model package group {group} has no version {version}")


def _approved(package: Package, group: str) -> Package:
    if package.approval != "Approved":
        raise RegistryError(
            f"version {package.version} of model package group {group} is {package.approval}: "
            "approve it in the registry first"
        )
    return package


def register(sagemaker: Any, group: Mapping[str, Any], package: Mapping[str, Any]) -> str:
    """Create a candidate's package, and its group if it is missing, and return the package's ARN.

    A second call for the same training job and serving precision returns the first call's package.
    A new verdict updates that package, unless it is approved: an approved package may serve
    already, and would have been compared with itself. A candidate that was judged again in another
    precision gets another package, because the container of a package cannot be changed.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The `create_model_package_group` request.
        package: The `create_model_package` request.
    """
    name = group["ModelPackageGroupName"]
    if not _group_exists(sagemaker, name):
        sagemaker.create_model_package_group(**group)
    facts = package["CustomerMetadataProperties"]
    identity = {"training_job": facts["training_job"], FACT: facts.get(FACT)}
    known = _find_package(sagemaker, name, identity)
    if known is not None:
        is_new_verdict = known.metadata.get("verdict") != facts.get("verdict")
        if is_new_verdict and known.approval != "Approved":
            _update_verdict(sagemaker, known, package)
        return known.arn
    arn: str = sagemaker.create_model_package(**package)["ModelPackageArn"]
    return arn


def _update_verdict(sagemaker: Any, known: Package, package: Mapping[str, Any]) -> None:
    facts = package["CustomerMetadataProperties"]
    sagemaker.update_model_package(
        ModelPackageArn=known.arn,
        ModelApprovalStatus=package["ModelApprovalStatus"],
        CustomerMetadataProperties=facts,
        CustomerMetadataPropertiesToRemove=sorted(known.metadata.keys() - facts.keys()),
    )


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


def _group_exists(sagemaker: Any, group: str) -> bool:
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return False
    return True


def _package_arns(sagemaker: Any, group: str, **filters: str) -> Iterator[str]:
    """Yield the ARNs of a group's packages, newest first; none if the group does not exist."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        **filters,
    )
    try:
        for page in pages:
            for summary in page["ModelPackageSummaryList"]:
                yield summary["ModelPackageArn"]
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
