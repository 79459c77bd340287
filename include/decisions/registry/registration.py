"""Registration of a candidate as a model package, once for each training and precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.common.aws_errors import is_missing
from include.decisions.registry.model_card import renewed_card
from include.decisions.registry.packages import Package
from include.decisions.registry.search import find_package
from include.sagemaker_requests.package import SearchKey, approval_description
from include.sagemaker_requests.precision import FACT


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
    identity: dict[SearchKey, str | None] = {
        "training_job": facts["training_job"],
        "serving_precision": facts.get(FACT),
    }
    known = find_package(sagemaker, name, identity)
    if known is not None:
        is_new_verdict = known.metadata.get("verdict") != facts.get("verdict")
        if is_new_verdict and known.approval != "Approved":
            _update_verdict(sagemaker, known, package)
        return known.arn
    arn: str = sagemaker.create_model_package(**package)["ModelPackageArn"]
    return arn


def explain_verdict(sagemaker: Any, arn: str, reason: str) -> None:
    """Give a package the reason of its verdict as its description, unless it has one.

    CreateModelPackage has no such field. An approver's or an operator's words are kept.
    """
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    if described.get("ApprovalDescription") or "ModelApprovalStatus" not in described:
        return
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        # Status and metadata stay as they are. No approval was requested yet.
        ModelApprovalStatus=described["ModelApprovalStatus"],
        CustomerMetadataProperties=described.get("CustomerMetadataProperties", {}),
        ApprovalDescription=approval_description(reason),
    )


def _update_verdict(sagemaker: Any, known: Package, package: Mapping[str, Any]) -> None:
    facts = package["CustomerMetadataProperties"]
    card = renewed_card(known.card, package.get("ModelCard", {}))
    sagemaker.update_model_package(
        ModelPackageArn=known.arn,
        ModelApprovalStatus=package["ModelApprovalStatus"],
        **({"ApprovalDescription": facts["reason"]} if facts.get("reason") else {}),
        CustomerMetadataProperties=facts,
        CustomerMetadataPropertiesToRemove=sorted(known.metadata.keys() - facts.keys()),
        **({"ModelCard": card} if card else {}),
    )


def _group_exists(sagemaker: Any, group: str) -> bool:
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except sagemaker.exceptions.ClientError as error:
        if not is_missing(error):
            raise
        return False
    return True
