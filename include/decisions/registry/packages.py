"""Models in SageMaker's registry: which exist, which is approved, and how one is added."""

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
"""How many packages a search looks at, newest first."""


class RegistryError(PermanentError):
    """The model that was asked for cannot serve; the text says why and what would do."""


@dataclass(frozen=True)
class Package:
    """One registered model with its lineage.

    `metadata` is what the night that registered it wrote down, all as text: training_job,
    dataset_version, recordio_version, fingerprint, top1, top5, verdict, reason, ...
    """

    arn: str
    approval: str
    image_uri: str
    model_uri: str
    metadata: Mapping[str, str]

    @property
    def version(self) -> str:
        """The package's number within its group."""
        return self.arn.rsplit("/", 1)[-1]


def describe_package(sagemaker: Any, arn: str) -> Package:
    """Return a package by its ARN."""
    answer = sagemaker.describe_model_package(ModelPackageName=arn)
    container = answer["InferenceSpecification"]["Containers"][0]
    return Package(
        arn=answer["ModelPackageArn"],
        approval=answer.get("ModelApprovalStatus", ""),
        image_uri=container["Image"],
        model_uri=container["ModelDataUrl"],
        metadata=answer.get("CustomerMetadataProperties", {}),
    )


def newest_approved(sagemaker: Any, group: str, without_job: str | None = None) -> Package | None:
    """Return the newest approved package of a group, or None.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The model package group.
        without_job: A training job whose packages are left out.
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
    """Return the newest package whose metadata has this value, or None."""
    return _find_package(sagemaker, group, {key: value})


def _find_package(sagemaker: Any, group: str, facts: Mapping[str, str | None]) -> Package | None:
    """Return the newest package with all these facts, or None; a fact of None must be absent."""
    for arn in islice(_package_arns(sagemaker, group), LOOK_BACK):
        package = describe_package(sagemaker, arn)
        if all(package.metadata.get(key) == value for key, value in facts.items()):
            return package
    return None


def package_to_serve(sagemaker: Any, group: str, version: int | None) -> Package | None:
    """Return the package that should serve: the newest approved, or the one asked for.

    Returns:
        None where nothing is approved yet.

    Raises:
        RegistryError: The version asked for does not exist or is not approved.
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
    """Add a package to its group, which is made where it is missing, and return its ARN.

    A candidate is registered once: a second call for the same training job and serving precision
    returns the first call's package. A new verdict changes it, unless it is approved: then it may
    serve already, and was compared with itself. A candidate that was judged again in another
    precision gets another package, because the container of a package never changes.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The boto3 request of the group.
        package: The boto3 request of the package.
    """
    name = group["ModelPackageGroupName"]
    if not _group_exists(sagemaker, name):
        sagemaker.create_model_package_group(**group)
    facts = package["CustomerMetadataProperties"]
    identity = {"training_job": facts["training_job"], FACT: facts.get(FACT)}
    known = _find_package(sagemaker, name, identity)
    if known is not None:
        judged_anew = known.metadata.get("verdict") != facts.get("verdict")
        if judged_anew and known.approval != "Approved":
            _judge_anew(sagemaker, known, package)
        return known.arn
    arn: str = sagemaker.create_model_package(**package)["ModelPackageArn"]
    return arn


def _judge_anew(sagemaker: Any, known: Package, package: Mapping[str, Any]) -> None:
    facts = package["CustomerMetadataProperties"]
    sagemaker.update_model_package(
        ModelPackageArn=known.arn,
        ModelApprovalStatus=package["ModelApprovalStatus"],
        CustomerMetadataProperties=facts,
        CustomerMetadataPropertiesToRemove=sorted(known.metadata.keys() - facts.keys()),
    )


def approve(sagemaker: Any, arn: str, reason: str) -> None:
    """Mark a package as one that may serve; the reason stays with it."""
    _decide(sagemaker, arn, "Approved", reason)


def reject(sagemaker: Any, arn: str, reason: str) -> None:
    """Mark a package as one that must not serve; the reason stays with it."""
    _decide(sagemaker, arn, "Rejected", reason)


def _decide(sagemaker: Any, arn: str, approval: str, reason: str) -> None:
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
    """Yield a group's packages, newest first; none where there is no group."""
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
